/**
 * Correlated randomness without interaction: five processes that share the PRSS keys once draw sharings of random
 * values and of zero from them, each alone (docs/specs/honest-majority-ecdsa.md §2). Keys live in memory only.
 */
import { createHash } from 'node:crypto';
import type { Curve, Scalar } from '@holdfast/crypto/curves';
import { enc, type Item, i } from '@holdfast/crypto/transcript';
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
  /** Erases the keys; open(), and what was opened and has not drawn yet, refuse from then on. */
  wipe(): void;
}

/** What a run draws, by label: `rand` is a share of a uniform value, degree t'; `zero` a share of zero, degree 2t'. */
export type DrawPlan = Readonly<Record<string, 'rand' | 'zero'>>;

export type Drawn<P extends DrawPlan> = { [Label in keyof P]: Scalar };

/** Draws of one run, once: the plan is part of what the values are a function of. */
export interface PrssRun {
  /** This party's shares of everything the run needs. */
  draw<const P extends DrawPlan>(plan: P): Drawn<P>;
  /** For a batch: what it needs `once`, and what `each` of its elements needs. */
  drawBatch<const O extends DrawPlan, const E extends DrawPlan>(plan: BatchPlan<O, E>): DrawnBatch<O, E>;
}

export interface BatchPlan<O extends DrawPlan, E extends DrawPlan> {
  readonly once: O;
  readonly each: E;
  readonly count: number;
}

export interface DrawnBatch<O extends DrawPlan, E extends DrawPlan> {
  readonly once: Drawn<O>;
  readonly each: readonly Drawn<E>[];
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
  /** Per key, of the blocks that one value takes: g_A(i), or g_A(i)·i, …, g_A(i)·i^t'. */
  const atSelf = keys.map(({ A }) => maskPolynomial({ parties, A, at: self }));
  const weights = {
    rand: atSelf.map((g) => [g]),
    zero: atSelf.map((g) => Array.from({ length: degree }, (_, l) => g * self ** (l + 1))),
  };
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
      return prssRun({ execId: execId.slice(), curve, keys, weights, isWiped: () => wiped });
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

type Weights = Readonly<Record<'rand' | 'zero', readonly (readonly number[])[]>>;

function prssRun(o: {
  execId: Uint8Array;
  curve: Curve;
  keys: readonly SubsetKey[];
  weights: Weights;
  isWiped(): boolean;
}): PrssRun {
  const { execId, curve, keys, weights } = o;
  const blocksOf = (kind: 'rand' | 'zero'): number => weights[kind][0]?.length ?? 0;
  let isDrawn = false;

  /** One stream of each key, read from the start, once. */
  function streams(
    input: Uint8Array,
    plans: readonly DrawPlan[],
  ): { read<P extends DrawPlan>(plan: P): Drawn<P>; wipe(): void } {
    if (isDrawn) refuse('E_H_PRSS_REUSE', 'This run has drawn its randomness already.');
    // Of keys that are zeros by now anybody could compute the nonces.
    if (o.isWiped()) refuse('E_H_PRSS_ENDED', 'This PRSS session has ended.');
    isDrawn = true;
    let blocks = 0;
    for (const plan of plans) for (const label in plan) blocks += blocksOf(plan[label] as 'rand' | 'zero');
    const bytes = keys.map(({ key }) => stream(key, { input, bytes: blocks * BLOCK_BYTES }));
    const views = bytes.map(({ buffer, byteOffset, length }) => new DataView(buffer, byteOffset, length));
    let at = 0;
    return {
      read<P extends DrawPlan>(plan: P) {
        const shares: Record<string, Scalar> = {};
        for (const label in plan) {
          const kind = plan[label] as 'rand' | 'zero';
          shares[label] = curve.scalar.sumBlocks({ streams: views, width: BLOCK_BYTES, at, weights: weights[kind] });
          at += blocksOf(kind) * BLOCK_BYTES;
        }
        return shares as Drawn<P>;
      },
      wipe() {
        for (const each of bytes) each.fill(0);
      },
    };
  }

  return {
    draw(plan) {
      const all = streams(enc('mpc/prss/v2', i.bytes(execId), planItem(plan)), [plan]);
      const drawn = all.read(plan);
      all.wipe();
      return drawn;
    },
    drawBatch({ once, each, count }) {
      const input = enc('mpc/prss/batch/v1', i.bytes(execId), planItem(once), planItem(each), i.uint(count));
      const all = streams(input, [once, ...Array.from({ length: count }, () => each)]);
      const drawn = { once: all.read(once), each: Array.from({ length: count }, () => all.read(each)) };
      all.wipe();
      return drawn;
    },
  };
}

/** Labels are names, so their order is that of the code. */
function planItem(plan: DrawPlan): Item {
  return i.list(Object.entries(plan).map(([label, kind]) => i.list([i.text(kind), i.text(label)])));
}

/** Ψ: SHAKE256 under a key in front, which for a sponge makes a pseudo-random function of any length. */
function stream(key: Uint8Array, o: { input: Uint8Array; bytes: number }): Uint8Array {
  const { buffer, byteOffset } = createHash('shake256', { outputLength: o.bytes }).update(key).update(o.input).digest();
  // As a plain array: views of a Buffer are slow to make.
  return new Uint8Array(buffer, byteOffset, o.bytes);
}
