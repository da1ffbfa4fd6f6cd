/**
 * One signer replaced by another (docs/specs/succession.md): the record that leads from one roster to the next, who has to
 * sign it, and the chain of them that leads from a cluster's founding to its present members.
 */
import { clusterFingerprint, signerId } from '@holdfast/authority/challenge';
import {
  asJsonObject,
  fromBase64,
  type JsonValue,
  parseStrictJson,
  toBase64,
  toHex,
  WireError,
} from '@holdfast/contract/wire';
import { enc, i } from '@holdfast/crypto/transcript';
import { check, refuse } from '../errors.ts';
import { KEY_BYTES, publicKeyObject, SIGNATURE_BYTES, verifyEd25519 } from '../keys.ts';
import type { Identity } from './identity.ts';
import { createRoster, parseRosterValue, type Roster, rosterValue, SIGNERS } from './roster.ts';

/** Of the four that stay. Two that lie cannot replace a third; one that is gone as well cannot stop it. */
export const SUCCESSION_QUORUM = 3;
const SUCCESSION_BYTES_MAX = 16 * 1024;
/** Of one cluster, ever; each is an act of five operators. */
const CHAIN_MAX = 256;

export interface SuccessionSignature {
  readonly identityKey: Uint8Array;
  readonly signature: Uint8Array;
}

/** A step that passed every check but the count of its signatures. */
export interface Succession {
  readonly from: { readonly epoch: number; readonly identityKeys: readonly Uint8Array[] };
  /** The next roster, whole. */
  readonly to: Roster;
  readonly fromFingerprint: Uint8Array;
  /** Identity keys. */
  readonly leaves: Uint8Array;
  readonly joins: Uint8Array;
  /** Each by another of the four that stay, and valid. */
  readonly signatures: readonly SuccessionSignature[];
}

/**
 * A step from a roster to one in which the newcomer stands in the place of another. Refuses E_SUCCESSION unless exactly
 * one leaves, one comes, the epoch is the next one, and everybody else keeps its index.
 */
export function proposeSuccession(from: Roster, to: Roster): Succession {
  const identityKeys = from.signers.map((signer) => signer.identityKey);
  return makeSuccession({ from: { epoch: from.epoch, identityKeys }, to, signatures: [] });
}

/** What those who stay sign. */
export function successionBytes(s: Omit<Succession, 'signatures'>): Uint8Array {
  return enc(
    'holdfast/succession/v1',
    i.bytes(s.fromFingerprint),
    i.bytes(s.to.fingerprint),
    i.uint(s.to.epoch),
    i.bytes(s.leaves),
    i.bytes(s.joins),
  );
}

/** The same step with this signer's signature too. Refuses a signer that does not stay. */
export function signSuccession(s: Succession, identity: Identity): Succession {
  const staying =
    s.from.identityKeys.some((key) => same(key, identity.publicKey)) && !same(identity.publicKey, s.leaves);
  check(staying, 'E_SUCCESSION', 'only signers that are in both rosters sign a succession');
  if (s.signatures.some(({ identityKey }) => same(identityKey, identity.publicKey))) return s;
  const signature = identity.sign(successionBytes(s));
  return { ...s, signatures: [...s.signatures, { identityKey: identity.publicKey, signature }] };
}

/** Refuses E_SUCCESSION unless enough of those who stay have signed. */
export function checkSuccession(s: Succession): void {
  const { length } = s.signatures;
  check(
    length >= SUCCESSION_QUORUM,
    'E_SUCCESSION',
    `${length} of the signers that stay have accepted this roster, and it takes ${SUCCESSION_QUORUM}`,
  );
}

/** The text of a file with one step; what it says encodes to the same text. */
export function encodeSuccession(s: Succession): string {
  return `${JSON.stringify(successionValue(s), null, 2)}\n`;
}

/** Reads one step, with every check but the count of its signatures. Refuses E_SUCCESSION and E_ROSTER. */
export function parseSuccession(text: string): Succession {
  return reading(() =>
    readSuccession(parseStrictJson(text, { bytesMax: SUCCESSION_BYTES_MAX, depthMax: 6, name: 'succession' })),
  );
}

/** The text of successions.json: every step since the founding. */
export function encodeChain(chain: readonly Succession[]): string {
  return `${JSON.stringify({ v: 1, successions: chain.map(successionValue) }, null, 2)}\n`;
}

export function parseChain(text: string): Succession[] {
  return reading(() => {
    const file = asJsonObject(
      parseStrictJson(text, { bytesMax: CHAIN_MAX * SUCCESSION_BYTES_MAX, depthMax: 8, name: 'successions' }),
      'successions',
    );
    check(file.v === 1 && Object.keys(file).length === 2, 'E_SUCCESSION', 'successions have another form');
    const { successions } = file;
    check(
      Array.isArray(successions) && successions.length <= CHAIN_MAX,
      'E_SUCCESSION',
      `successions must be a list of at most ${CHAIN_MAX}`,
    );
    return successions.map(readSuccession);
  });
}

/**
 * The roster of today, knowing its past. Refuses E_SUCCESSION unless every step follows from the one before, is signed by
 * enough, brings nobody back that has left, and the last one leads to this roster.
 */
export function withHistory(roster: Roster, chain: readonly Succession[]): Roster {
  const [first] = chain;
  if (first === undefined) return roster;
  const past = [first.fromFingerprint];
  const left = new Set<string>();
  for (const [at, step] of chain.entries()) {
    checkSuccession(step);
    const before = at === 0 ? first.fromFingerprint : chain[at - 1]?.to.fingerprint;
    check(
      before !== undefined && same(step.fromFingerprint, before),
      'E_SUCCESSION',
      `succession ${at + 1} does not follow from the one before`,
    );
    left.add(toHex(step.leaves));
    check(!left.has(toHex(step.joins)), 'E_SUCCESSION', `succession ${at + 1} brings back a signer that has left`);
    past.push(step.to.fingerprint);
  }
  const last = past.pop();
  check(
    last !== undefined && same(last, roster.fingerprint),
    'E_SUCCESSION',
    'the successions lead to another roster than this one',
  );
  return { ...roster, origin: first.fromFingerprint, past, successions: encodeChain(chain) };
}

function makeSuccession(o: Pick<Succession, 'from' | 'to' | 'signatures'>): Succession {
  const { from, to } = o;
  const fromKeys = sortedKeys(from.identityKeys);
  const toKeys = to.signers.map((signer) => signer.identityKey);
  check(to.epoch === from.epoch + 1, 'E_SUCCESSION', `the next roster has epoch ${from.epoch + 1}, not ${to.epoch}`);
  const places = fromKeys.flatMap((key, at) => (same(key, toKeys[at] ?? key) ? [] : [at]));
  const [place] = places;
  // Places are what acknowledgements, statements and evaluation points of new keys name: nobody else may move.
  check(
    place !== undefined && places.length === 1,
    'E_SUCCESSION',
    'a succession replaces exactly one signer, and the new one has its place: make it with "init --replace"',
  );
  const made = {
    from: { epoch: from.epoch, identityKeys: fromKeys },
    to,
    fromFingerprint: clusterFingerprint(from.epoch, fromKeys),
    leaves: fromKeys[place] ?? new Uint8Array(),
    joins: toKeys[place] ?? new Uint8Array(),
  };
  const bytes = successionBytes(made);
  const seen = new Set<string>();
  for (const { identityKey, signature } of o.signatures) {
    const stays = fromKeys.some((key) => same(key, identityKey)) && !same(identityKey, made.leaves);
    const valid = stays && verifyEd25519(publicKeyObject('ed25519', identityKey), bytes, signature);
    check(valid, 'E_SUCCESSION', 'a signature is not by a signer that stays, over this step');
    check(!seen.has(toHex(identityKey)), 'E_SUCCESSION', 'one signer has signed twice');
    seen.add(toHex(identityKey));
  }
  return { ...made, signatures: o.signatures };
}

function successionValue(s: Succession) {
  return {
    v: 1,
    from: { epoch: s.from.epoch, identityKeys: s.from.identityKeys.map(toBase64) },
    to: rosterValue(s.to),
    signatures: s.signatures.map(({ identityKey, signature }) => ({
      identityKey: toBase64(identityKey),
      signature: toBase64(signature),
    })),
  };
}

function readSuccession(value: JsonValue): Succession {
  const file = asJsonObject(value, 'succession');
  exactly(file, 'succession', ['v', 'from', 'to', 'signatures']);
  check(file.v === 1, 'E_SUCCESSION', `the succession has version ${String(file.v)}, which this release does not know`);
  const from = asJsonObject(file.from as JsonValue, 'succession.from');
  exactly(from, 'succession.from', ['epoch', 'identityKeys']);
  const { epoch, identityKeys } = from;
  const isEpoch = typeof epoch === 'number' && Number.isSafeInteger(epoch) && epoch >= 0;
  check(isEpoch, 'E_SUCCESSION', 'succession.from.epoch must be a whole number');
  check(
    Array.isArray(identityKeys) && identityKeys.length === SIGNERS,
    'E_SUCCESSION',
    `succession.from.identityKeys must have ${SIGNERS} entries`,
  );
  const { signatures } = file;
  check(
    Array.isArray(signatures) && signatures.length < SIGNERS,
    'E_SUCCESSION',
    'succession.signatures must be a list of at most four',
  );
  return makeSuccession({
    from: { epoch, identityKeys: identityKeys.map((key) => fromBase64(key as string, { bytes: KEY_BYTES })) },
    to: parseRosterValue(file.to as JsonValue),
    signatures: signatures.map((each: JsonValue) => {
      const one = asJsonObject(each, 'succession.signatures');
      exactly(one, 'succession.signatures', ['identityKey', 'signature']);
      return {
        identityKey: fromBase64(one.identityKey as string, { bytes: KEY_BYTES }),
        signature: fromBase64(one.signature as string, { bytes: SIGNATURE_BYTES }),
      };
    }),
  });
}

function exactly(value: object, name: string, wanted: readonly string[]): void {
  const names = Object.keys(value);
  const fits = names.length === wanted.length && wanted.every((member) => names.includes(member));
  check(fits, 'E_SUCCESSION', `${name} must have exactly ${wanted.join(', ')}`);
}

function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof WireError || cause instanceof RangeError)
      refuse('E_SUCCESSION', `the succession cannot be read: ${cause.message}`, {}, cause);
    throw cause;
  }
}

function sortedKeys(keys: readonly Uint8Array[]): Uint8Array[] {
  return [...keys].sort((a, b) => Buffer.compare(signerId(a), signerId(b)));
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The roster with one signer replaced by another; its relay and everybody else stay. */
export function replaceSigner(
  from: Roster,
  o: {
    readonly index: number;
    readonly by:
      | Roster['signers'][number]
      | Pick<Roster['signers'][number], 'identityKey' | 'transportKey' | 'transportSignature'>;
  },
): Roster {
  const { identityKey, transportKey, transportSignature } = o.by;
  const signers = from.signers.map((signer) =>
    signer.index === o.index ? { identityKey, transportKey, transportSignature } : signer,
  );
  return createRoster({ epoch: from.epoch + 1, relay: from.relay, signers });
}

/** Whether an identity key stands at this place beside the four others: what "init --replace" draws keys for. */
export function fitsPlace(roster: Roster, o: { readonly index: number; readonly identityKey: Uint8Array }): boolean {
  const id = signerId(o.identityKey);
  return roster.signers.every(
    (signer) =>
      signer.index === o.index || Math.sign(Buffer.compare(signer.signerId, id)) === Math.sign(signer.index - o.index),
  );
}
