/**
 * Heads of an organisation's chain and the texts that signers sign about it: docs/specs/authority-log.md. Every text
 * has its own tag, so that a signature for one purpose is noise for any other.
 */

import { canonicalJson, fromBase64Url, utf8, WireError } from '@holdfast/contract/wire';
import { enc, i, sha256 } from '@holdfast/crypto/transcript';
import { pemOfEd25519, type VerifyPort } from '../assertion/index.ts';
import { refuse } from '../errors/index.ts';
import { genesisHash } from '../genesis/index.ts';
import { orgIdOf } from '../ids/index.ts';
import type { Ack, Base64Url, Disregard, LogEntry, Withdrawal } from '../types/index.ts';
import { type EntryAfterGenesis, type GenesisEntry, orderedEntry } from './order.ts';

export type { EntryAfterGenesis, GenesisEntry } from './order.ts';
export { acknowledge, NO_VOTES, release, type Votes, WITHDRAWALS_MAX, withdraw } from './votes.ts';

export const QUORUM = 3;

/**
 * Head after an entry, 32 bytes. The genesis counts without its proof: every proof of one genesis is as good as
 * another, and the operator pinned the text only.
 */
export function headOf(entry: LogEntry, prevHead: Uint8Array | undefined): Uint8Array {
  if (entry.height === 0) {
    const hash = genesisHash((entry as GenesisEntry).genesis);
    return headHash(
      orgIdOf(hash),
      0,
      undefined,
      sha256(utf8(canonicalJson({ v: 1, height: 0, genesis: (entry as GenesisEntry).genesis }))),
    );
  }
  if (prevHead === undefined) throw new TypeError('an entry after the genesis has a head before it');
  const { org, height } = entry as EntryAfterGenesis;
  return headHash(org, height, prevHead, sha256(utf8(encodeEntry(entry))));
}

/** Canonical text of an entry: members in the order of the types, absent ones left out. */
export function encodeEntry(entry: LogEntry): string {
  return canonicalJson(orderedEntry(entry));
}

/** What an acknowledgement signs. */
export function ackBytes(org: string, height: number, head: Uint8Array): Uint8Array {
  return enc('holdfast/ack/v1', i.text(org), i.uint(height), i.bytes(head));
}

/** What the promise never to acknowledge a head signs: another tag, so that it can never pass for an acknowledgement. */
export function withdrawBytes(org: string, height: number, head: Uint8Array): Uint8Array {
  return enc('holdfast/withdraw/v1', i.text(org), i.uint(height), i.bytes(head));
}

/**
 * What a signer signs about another, or about itself, that has forgotten its votes at one height (docs/specs/authority-log.md §7):
 * that it has committed nothing there and counts no acknowledgement by that signer.
 */
export function disregardBytes(org: string, height: number, about: Uint8Array): Uint8Array {
  return enc('holdfast/disregard/v1', i.text(org), i.uint(height), i.bytes(about));
}

/** What ends key generation or import: this signer holds a share of X under that id (rulings 7). */
export function keyStatementBytes(
  org: string,
  keyId: string,
  curve: string,
  publicKey: Uint8Array,
  epoch: Uint8Array,
): Uint8Array {
  return enc('holdfast/key/v1', i.text(org), i.text(keyId), i.text(curve), i.point(publicKey), i.bytes(epoch));
}

/**
 * A signer's promise about a new epoch of a key: it holds its share and the certificate, and erases that share only once
 * all five promised the same of a later epoch (docs/specs/refresh.md §3).
 */
export function confirmationBytes(org: string, keyId: string, epoch: Uint8Array): Uint8Array {
  return enc('holdfast/epoch/v1', i.text(org), i.text(keyId), i.bytes(epoch));
}

/** A signer's word that it marked a record, and because of which request. */
export function markBytes(
  org: string,
  recordId: string,
  mark: 'wallet' | 'exported' | 'archived' | 'delegated',
  nullifier: Uint8Array,
): Uint8Array {
  return enc('holdfast/mark/v1', i.text(org), i.text(recordId), i.text(mark), i.bytes(nullifier));
}

/** What makes an import key a signer's own; `expires` is the ISO text that travels beside it. */
export function importKeyBytes(
  fingerprint: Uint8Array,
  signerId: Uint8Array,
  encryptionKey: Uint8Array,
  expires: string,
): Uint8Array {
  return enc(
    'holdfast/import-key/v1',
    i.bytes(fingerprint),
    i.bytes(signerId),
    i.bytes(encryptionKey),
    i.text(expires),
  );
}

/** Says whether a signer signed a text; the signature is base64url. */
export function verifyStatement(o: {
  readonly identityKey: Uint8Array;
  readonly bytes: Uint8Array;
  readonly signature: Base64Url;
  readonly verify: VerifyPort;
}): boolean {
  let signature: Uint8Array;
  try {
    signature = fromBase64Url(o.signature, { bytes: 64 });
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
  return o.verify.verifySignature({
    publicKey: pemOfEd25519(o.identityKey),
    algorithm: 'Ed25519',
    message: o.bytes,
    signature,
  });
}

interface VotesToVerify<V> {
  readonly org: string;
  readonly height: number;
  readonly head: Base64Url;
  /** By roster index: identityKeys[0] is signer 1. */
  readonly identityKeys: readonly Uint8Array[];
  readonly verify: VerifyPort;
  readonly votes: readonly V[];
}

/**
 * Refuses unless every acknowledgement is for exactly this height and head, by distinct signers, with a valid
 * signature, and there are `quorum` of them or more. One wrong among them spoils the lot: whoever collects them can
 * leave it out.
 */
export function verifyAcks(
  o: Omit<VotesToVerify<Ack>, 'votes'> & { readonly acks: readonly Ack[]; readonly quorum?: number },
): void {
  const { acks: votes, quorum = QUORUM, ...rest } = o;
  verifyVotes(
    { ...rest, votes },
    { quorum, bytes: ackBytes(o.org, o.height, readHead(o.head, 'E_ACKS')), code: 'E_ACKS', one: 'an acknowledgement' },
  );
}

/**
 * The same for promises never to acknowledge a head. Three of five leave two that can acknowledge it, and two are no
 * certificate: a signer that holds the head may drop it. `self` is that signer; its own word about its own vote, which
 * it has given, counts for nothing. A signer that all five disregard counts like one that promised.
 */
export function verifyWithdrawals(
  o: Omit<VotesToVerify<Withdrawal>, 'votes'> & {
    readonly withdrawals: readonly Withdrawal[];
    readonly disregards?: readonly Disregard[];
    readonly self?: number;
  },
): void {
  const { withdrawals: votes, disregards = [], self, ...rest } = o;
  const bytes = withdrawBytes(o.org, o.height, readHead(o.head, 'E_WITHDRAWALS'));
  const silent = [...new Set(disregards.map(({ about }) => about))];
  for (const about of silent)
    verifyDisregards({ ...rest, about, disregards: disregards.filter((each) => each.about === about) });
  if ([...votes.map(({ index }) => index), ...silent].some((index) => index === self))
    refuse('E_WITHDRAWALS', 'a promise is by the signer that acknowledged the change');
  const more = silent.filter((about) => votes.every(({ index }) => index !== about)).length;
  const quorum = Math.max(0, QUORUM - more);
  verifyVotes({ ...rest, votes }, { quorum, bytes, code: 'E_WITHDRAWALS', one: 'a promise' });
}

/** Refuses unless all five signed, each once, that `about` is not counted at this height. */
export function verifyDisregards(o: {
  readonly org: string;
  readonly height: number;
  readonly about: number;
  readonly disregards: readonly Disregard[];
  readonly identityKeys: readonly Uint8Array[];
  readonly verify: VerifyPort;
}): void {
  const { disregards, identityKeys } = o;
  const signers = new Set(disregards.map(({ index }) => index));
  if (disregards.length !== identityKeys.length || signers.size !== identityKeys.length)
    refuse('E_WITHDRAWALS', 'every signer has to say that it disregards another, once', {
      needed: identityKeys.length,
      reached: signers.size,
    });
  for (const disregard of disregards)
    if (!isDisregard({ ...o, disregard }))
      refuse('E_WITHDRAWALS', 'a statement is not by its signer, or about another signer or height', {
        index: disregard.index,
      });
}

/** Whether it says exactly this and its signer signed it. */
export function isDisregard(o: {
  readonly org: string;
  readonly height: number;
  readonly about: number;
  readonly disregard: Disregard;
  readonly identityKeys: readonly Uint8Array[];
  readonly verify: VerifyPort;
}): boolean {
  const { disregard, identityKeys, verify } = o;
  const [identityKey, about] = [identityKeys[disregard.index - 1], identityKeys[o.about - 1]];
  if (identityKey === undefined || about === undefined) return false;
  if (disregard.org !== o.org || disregard.height !== o.height || disregard.about !== o.about) return false;
  // A signer's id is the hash of its identity key (docs/specs/roster.md §1).
  const bytes = disregardBytes(o.org, o.height, sha256(about));
  return verifyStatement({ identityKey, bytes, signature: disregard.signature, verify });
}

function verifyVotes(
  o: VotesToVerify<Ack | Withdrawal>,
  as: {
    readonly quorum: number;
    readonly bytes: Uint8Array;
    readonly code: 'E_ACKS' | 'E_WITHDRAWALS';
    readonly one: string;
  },
): void {
  const { votes, identityKeys, verify } = o;
  const { quorum, bytes, code, one } = as;
  if (votes.length < quorum || votes.length > identityKeys.length) {
    refuse(code, `${quorum} signers are needed`, { needed: quorum, reached: votes.length });
  }
  const seen = new Set<number>();
  for (const vote of votes) {
    const { index, signature } = vote;
    const identityKey = identityKeys[index - 1];
    if (identityKey === undefined || seen.has(index))
      refuse(code, `${one} is by nobody or by a signer twice`, { index });
    seen.add(index);
    if (vote.org !== o.org || vote.height !== o.height || vote.head !== o.head) {
      refuse(code, `${one} is for another head`, { index });
    }
    if (!verifyStatement({ identityKey, bytes, signature, verify })) {
      refuse(code, `${one} is not signed by its signer`, { index });
    }
  }
}

function readHead(text: string, code: 'E_ACKS' | 'E_WITHDRAWALS'): Uint8Array {
  try {
    return fromBase64Url(text, { bytes: 32 });
  } catch (error) {
    if (error instanceof WireError) refuse(code, 'a head is 32 bytes in base64url');
    throw error;
  }
}

function headHash(org: string, height: number, prev: Uint8Array | undefined, entryHash: Uint8Array): Uint8Array {
  const previous = prev === undefined ? i.absent : i.bytes(prev);
  return sha256(enc('holdfast/log/v1', i.text(org), i.uint(height), previous, i.bytes(entryHash)));
}
