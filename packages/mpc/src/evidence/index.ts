/** Evidence that a party of a run deviated: its form, and its judgement by anybody (docs/specs/evidence.md). */
import { curve as curveOf } from '@holdfast/crypto/curves';
import {
  decode,
  type ExecIdParts,
  enc,
  equalBytes,
  f,
  i,
  readExecIdDocument,
  sha512_256,
} from '@holdfast/crypto/transcript';
import { convicts } from '../cggmp24/evidence.ts';
import { slotsFor } from '../cggmp24/messages.ts';
import { dkgVariant } from '../dkg/dkg.ts';
import { convictsDealer } from '../dkg/evidence.ts';
import { type SharingRunName, sharingSlots } from '../dkg/messages.ts';
import type { Variant } from '../dkg/sharing-run.ts';
import { importCodes } from '../import/import.ts';
import { convictsResharer } from '../refresh/evidence.ts';
import { reshareSlots } from '../refresh/messages.ts';
import { refreshCodes } from '../refresh/refresh.ts';
import {
  type Abort,
  attempt,
  bodyBytesMax,
  type Index,
  type Message,
  type MessageKind,
  partiesMax,
  refuse,
  type Slot,
  signedBytes,
} from '../runtime/index.ts';

export interface Evidence {
  /** What the execution id is the hash of: names run, key, request and participants with their identity keys. */
  readonly document: Uint8Array;
  /** `Machine.protocol`. */
  readonly protocol: string;
  readonly code: string;
  readonly round: number;
  readonly culprits: readonly Index[];
  readonly messages: readonly Message[];
  /** Empty where the protocol has none. */
  readonly publics: Uint8Array;
}

export interface Verdict {
  readonly run: ExecIdParts;
  readonly execId: Uint8Array;
  /** Those against whom the evidence proves what it says: never more than it names. */
  readonly proven: readonly Index[];
}

/** 4 broadcasts of each party and one addressed message from each, twice where a message is doubled. */
const messagesMax = 16 * partiesMax;
const textBytesMax = 64;
const publicsBytesMax = 65_536;
const documentBytesMax = 16_384;
const tag = 'holdfast/evidence/v1';
/** Joint sharings, by the name of their run. */
const sharings: Readonly<Record<SharingRunName, Pick<Variant, 'constant' | 'codes'>>> = {
  dkg: dkgVariant,
  import: { constant: 'zero', codes: importCodes },
  refresh: { constant: 'zero', codes: refreshCodes },
};
const kinds: readonly MessageKind[] = ['bcast', 'p2p', 'echo', 'ack'];

/** Undefined where an abort carries no evidence: nobody is named, or the proof cannot be transferred. */
export function evidenceOf(
  abort: Abort,
  o: { readonly document: Uint8Array; readonly protocol: string },
): Evidence | undefined {
  const { code, round, culprits, evidence, publics = new Uint8Array() } = abort;
  if (evidence === undefined || culprits.length === 0) return undefined;
  const messages = evidence.filter((m) => m.sig !== undefined);
  return messages.length === 0 ? undefined : { ...o, code, round, culprits, messages, publics };
}

export function encodeEvidence(e: Evidence): Uint8Array {
  return enc(
    tag,
    i.bytes(e.document),
    i.text(e.protocol),
    i.text(e.code),
    i.uint(e.round),
    i.list(e.culprits.map((p) => i.uint(p))),
    i.list(
      e.messages.map((m) =>
        i.list([
          i.uint(m.round),
          i.text(m.kind),
          i.uint(m.from),
          i.uint(m.to),
          i.bytes(m.body),
          i.bytes(m.sig ?? new Uint8Array(64)),
        ]),
      ),
    ),
    i.bytes(e.publics),
  );
}

/** Strict. Refuses E_EVIDENCE. */
export function decodeEvidence(bytes: Uint8Array): Evidence {
  const index = f.uint(0xffff);
  const row = f.tuple(f.uint(255), f.text(8), index, index, f.bytes({ max: bodyBytesMax }), f.bytes(64));
  const values = attempt(() =>
    decode(tag, bytes, [
      f.bytes({ max: documentBytesMax }),
      f.text(textBytesMax),
      f.text(textBytesMax),
      f.uint(255),
      f.list(index, { max: partiesMax }),
      f.list(row, { max: messagesMax }),
      f.bytes({ max: publicsBytesMax }),
    ]),
  );
  if (values === undefined) refuse('E_EVIDENCE', 'This is not a document of evidence.');
  const [document, protocol, code, round, culprits, rows, publics] = values;
  const messages = rows.map(([at, kind, from, to, body, sig]): Message => {
    if (!isKind(kind)) refuse('E_EVIDENCE', 'A message is of no known kind.');
    return { round: at, kind, from, to, body, sig };
  });
  return { document, protocol, code, round, culprits, messages, publics };
}

/**
 * Judges evidence from nothing but itself: `verify` is Ed25519 under a raw 32-byte key. Whether the participants named
 * in `run` are the signers of a cluster is for the caller to compare with the roster it trusts. Refuses E_EVIDENCE
 * where the document is not coherent; proves against nobody where it is and shows nothing.
 */
export function verifyEvidence(
  e: Evidence,
  verify: (identityKey: Uint8Array, bytes: Uint8Array, sig: Uint8Array) => boolean,
): Verdict {
  const run = attempt(() => readExecIdDocument(e.document));
  if (run === undefined) refuse('E_EVIDENCE', 'The run is not named in its proper form.');
  const execId = sha512_256(e.document);
  const identities = new Map(run.participants.map((p) => [p.index, p.identityKey]));
  for (const m of e.messages) {
    const identity = identities.get(m.from);
    if (identity === undefined) refuse('E_EVIDENCE', 'A message is from nobody of the run.');
    if (m.sig === undefined || !verify(identity, signedBytes(execId, m), m.sig))
      refuse('E_EVIDENCE', 'A message does not carry the signature of its sender.');
  }
  const proven = [...new Set(e.culprits)].filter(
    (culprit) => identities.has(culprit) && isProven(e, run, execId, culprit),
  );
  return { run, execId, proven };
}

function isProven(e: Evidence, run: ExecIdParts, execId: Uint8Array, culprit: Index): boolean {
  const own = e.messages.filter((m) => m.from === culprit);
  if (e.code === 'E_EQUIVOCATION') return own.some((m, at) => own.slice(at + 1).some((n) => contradict(m, n)));
  // What the machine called itself is under nobody's signature; what the execution id names is.
  if (e.protocol !== `${run.protocol}/1`) return false;
  const curve = curveOf(run.curve);
  const parties = run.participants.map((p) => p.index);
  const { protocol } = run;
  const sharing = isSharing(protocol) ? { run: protocol, ...sharings[protocol] } : undefined;
  if (e.code === 'E_MALFORMED') {
    const slots: readonly Slot<never>[] =
      protocol === 'cggmp24'
        ? Object.values(slotsFor(curve, parties.length))
        : protocol === 'reshare'
          ? Object.values(reshareSlots(curve))
          : sharing === undefined
            ? []
            : Object.values(sharingSlots({ run: sharing.run, curve }));
    return own.some((m) => {
      const slot = slots.find(({ round, kind }) => round === m.round && kind === m.kind);
      return slot !== undefined && attempt(() => slot.format.decode(m.body) ?? true) === undefined;
    });
  }
  const { code, messages, publics } = e;
  if (protocol === 'cggmp24') return convicts({ ...e, execId, curve, parties }, culprit);
  if (protocol === 'reshare') return convictsResharer({ execId, curve, code, messages, publics }, culprit);
  if (sharing === undefined) return false;
  return convictsDealer({ ...sharing, execId, curve, n: run.n, t: run.t, code, messages, publics }, culprit);
}

function isSharing(protocol: string): protocol is SharingRunName {
  return Object.hasOwn(sharings, protocol);
}

/** Two different bodies in one place. */
function contradict(a: Message, b: Message): boolean {
  return a.round === b.round && a.kind === b.kind && a.to === b.to && !equalBytes(a.body, b.body);
}

function isKind(kind: string): kind is MessageKind {
  return (kinds as readonly string[]).includes(kind);
}
