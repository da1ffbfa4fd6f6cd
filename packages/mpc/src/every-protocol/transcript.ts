/** One honest run as a file: inputs, every message, results. The wire of a protocol cannot change without it changing. */
import { createHash } from 'node:crypto';
import { curve } from '@holdfast/crypto/curves';
import type { Index, Message } from '../runtime/index.ts';
import { seatParties, simulate } from '../simulator/index.ts';
import type { Facts, Subject } from './subjects.ts';

export const TRANSCRIPT_SEED = 'holdfast transcript 1';

export interface Transcript {
  readonly name: string;
  readonly seed: string;
  readonly curve: string;
  readonly execId: string;
  readonly parties: readonly Index[];
  readonly inputs: Facts;
  /** By round, kind, sender and recipient. */
  readonly messages: readonly Facts[];
  readonly results: Readonly<Record<Index, Facts>>;
}

/** Longer bodies are given by length and SHA-512; they carry proofs, whose own vectors are beside them. */
const BODY_BYTES_SHOWN = 1_024;
const KINDS = ['bcast', 'echo', 'p2p', 'ack'];

export function transcriptOf(subject: Subject, seed = TRANSCRIPT_SEED): Transcript {
  const outcome = simulate({ seed, machines: subject.machines(seed) });
  const sent = outcome.trace.flatMap(({ party, effect }) =>
    effect.t === 'send' ? [{ ...effect.message, from: party }] : [],
  );
  const results = [...outcome.status].map(([party, status]) => {
    if (status.s !== 'done') throw new Error(`${subject.name}: party ${party} is ${JSON.stringify(status)}`);
    return [party, subject.result(status.out)] as const;
  });
  return {
    name: subject.name,
    seed,
    curve: subject.curve,
    execId: hex(seatParties({ seed, n: 5, curve: curve('secp256k1') }).execId),
    parties: subject.parties,
    inputs: subject.inputs(seed),
    messages: sent.sort(inOrder).map(shown),
    results: Object.fromEntries(results),
  };
}

export function fileOf(subject: Subject): string {
  return `${subject.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.json`;
}

function inOrder(a: Message, b: Message): number {
  return a.round - b.round || KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || a.from - b.from || a.to - b.to;
}

function shown({ round, kind, from, to, body, sig }: Message): Facts {
  const said =
    body.length <= BODY_BYTES_SHOWN
      ? { body: hex(body) }
      : { bytes: body.length, sha512: createHash('sha512').update(body).digest('hex') };
  return { round, kind, from, to, ...said, ...(sig === undefined ? {} : { sig: hex(sig) }) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
