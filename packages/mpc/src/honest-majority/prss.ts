/**
 * Correlated randomness without interaction: five processes that share the PRSS keys once draw sharings of random
 * values and of zero from them, each alone (docs/specs/honest-majority-ecdsa.md §2). Keys live in memory only.
 */
import { createHash } from 'node:crypto';
import type { Curve, Scalar } from '@holdfast/crypto/curves';
import { enc, i } from '@holdfast/crypto/transcript';
import { type Index, refuse } from '../runtime/index.ts';
import { maskPolynomial, subsets } from './subsets.ts';

/** What five processes have in common from set-up until one of them ends or the driver renews it. */
export interface PrssSession {
  /** 32 bytes, fresh by every party's contribution. Belongs into the execution id of every run that draws on it. */
  readonly id: Uint8Array;
  readonly self: Index;
  readonly parties: readonly Index[];
  /** The randomness of one run. An execution id is opened once: the same draws twice would be the same nonce twice. */
  open(execId: Uint8Array, curve: Curve): PrssRun;
  /** Erases the keys; open() refuses from then on. */
  wipe(): void;
}

/** What a run draws, by label: `rand` is a share of a uniform value, degree t'; `zero` a share of zero, degree 2t'. */
export type DrawPlan = Readonly<Record<string, 'rand' | 'zero'>>;

export interface PrssRun {
  /** This party's shares of everything the run needs. Once: the plan is part of what the values are a function of. */
  draw<const P extends DrawPlan>(plan: P): { [Label in keyof P]: Scalar };
}

/** Runs of one session; reached, the driver sets up another. Bounds the memory of the register of execution ids. */
export const runsMax = 1_000_000;

const PARTIES_MAX = 7;

/** A key K_A and the parties that hold it. */
export interface SubsetKey {
  readonly A: readonly Index[];
  readonly key: Uint8Array;
}

/** A session from keys that are known to be agreed upon: the end of the set-up, and tests. Takes the keys over. */
export function prssSession(o: {
  id: Uint8Array;
  self: Index;
  parties: readonly Index[];
  keys: readonly SubsetKey[];
  runs?: number;
}): PrssSession {
  const { id, self, parties, keys, runs = runsMax } = o;
  const degree = (parties.length - 1) / 2;
  const expected = subsets(parties, degree + 1).filter((A) => A.includes(self));
  const complete = keys.length === expected.length && expected.every((A, at) => `${keys[at]?.A}` === `${A}`);
  if (!complete) refuse('E_H_PRSS', 'A session holds one key for every set this party belongs to, in order.');
  if (keys.some(({ key }) => key.length !== 32)) refuse('E_H_PRSS', 'A PRSS key is 32 bytes.');

  // Larger points would make weights that do not stay exact in the sums below.
  if (parties.length > PARTIES_MAX || !parties.every((party, at) => party === at + 1))
    refuse('E_H_PRSS', `The parties of a session are the points 1 to at most ${PARTIES_MAX}.`);

  const opened = new Set<string>();
  /** Per key: g_A(i), g_A(i)·i, …, g_A(i)·i^t'. */
  const weights = keys.map(({ A }) => {
    const atSelf = maskPolynomial({ parties, A, at: self });
    return Array.from({ length: degree + 1 }, (_, l) => atSelf * self ** l);
  });
  let wiped = false;

  return {
    id,
    self,
    parties,
    open(execId, curve) {
      if (wiped) refuse('E_H_PRSS_ENDED', 'This PRSS session has ended.');
      if (opened.size >= runs) refuse('E_H_PRSS_ENDED', 'This PRSS session has served all its runs.');
      // 16 of 32 uniform bytes: a clash would refuse an innocent run, with probability 2^-88 over a full session.
      const name = Buffer.from(execId.subarray(0, 16)).toString('latin1');
      if (opened.has(name)) refuse('E_H_PRSS_REUSE', 'This execution id has drawn its randomness already.');
      opened.add(name);
      return prssRun({ execId: Uint8Array.from(execId), curve, keys, weights, degree });
    },
    wipe() {
      wiped = true;
      for (const { key } of keys) key.fill(0);
      opened.clear();
    },
  };
}

/** 384 bits over an order of 252 to 256: the bias of one value is 2^-128. */
const BLOCK_BYTES = 48;

function prssRun(o: {
  execId: Uint8Array;
  curve: Curve;
  keys: readonly SubsetKey[];
  weights: readonly (readonly number[])[];
  degree: number;
}): PrssRun {
  const { execId, curve, keys, weights, degree } = o;
  let isDrawn = false;

  return {
    draw(plan) {
      if (isDrawn) refuse('E_H_PRSS_REUSE', 'This run has drawn its randomness already.');
      isDrawn = true;
      const draws = Object.entries(plan);
      const input = enc(
        'mpc/prss/v2',
        i.bytes(execId),
        i.list(draws.map(([label, kind]) => i.list([i.text(kind), i.text(label)]))),
      );
      const powersOf = (kind: 'rand' | 'zero') => (kind === 'rand' ? { from: 0, to: 0 } : { from: 1, to: degree });
      const blocks = draws.reduce((sum, [, kind]) => sum + (kind === 'rand' ? 1 : degree), 0);
      const streams = keys.map(({ key }) => stream(key, { input, bytes: blocks * BLOCK_BYTES }));
      let block = 0;
      const shares = draws.map(([label, kind]) => {
        const terms: { k: number; v: Uint8Array }[] = [];
        const { from, to } = powersOf(kind);
        for (let l = from; l <= to; l += 1, block += 1)
          for (const [at, bytes] of streams.entries()) {
            const v = bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
            terms.push({ k: weights[at]?.[l] as number, v });
          }
        return [label, curve.scalar.sumSmall(terms)] as const;
      });
      for (const bytes of streams) bytes.fill(0);
      return Object.fromEntries(shares) as { [Label in keyof typeof plan]: Scalar };
    },
  };
}

/** Ψ: SHAKE256 under a key in front, which for a sponge makes a pseudo-random function of any length. */
function stream(key: Uint8Array, o: { input: Uint8Array; bytes: number }): Uint8Array {
  const { buffer, byteOffset } = createHash('shake256', { outputLength: o.bytes }).update(key).update(o.input).digest();
  // As a plain array: views of a Buffer are slow to make.
  return new Uint8Array(buffer, byteOffset, o.bytes);
}
