/** What every proof of CGGMP24 binds (mpc-protocols §3.7), and the draws and encodings they have in common. */
import { abs, randomBelow, randomSigned, toBytes } from '@holdfast/crypto/bigmod';
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { challengeScalar, enc, HashRng, type Item, i, sha512 } from '@holdfast/crypto/transcript';
import { attempt, type Index } from '../../runtime/index.ts';
import type { CommitmentRing } from '../commitment-ring.ts';
import { ell, epsilon, modulusBytes } from '../parameters.ts';

/**
 * One label per statement: proofs of the same kind about different values never verify for each other. The last four
 * belong to the alert round.
 */
export type ProofLabel =
  | 'enc.k'
  | 'enc.gamma'
  | 'affg.gamma'
  | 'affg.x'
  | 'elog.gamma'
  | 'elog.k'
  | 'dec.gamma'
  | 'dec.x'
  | 'alert.gamma'
  | 'alert.x';

export interface ProofContext {
  readonly execId: Uint8Array;
  readonly curve: Curve;
  readonly label: ProofLabel;
  readonly prover: Index;
  /** 0 where the proof is the same for everybody. */
  readonly verifier: Index | 0;
}

/**
 * The challenge in ±(q−1)/2, over the label, the run, prover, verifier, every public input and the first move. Public
 * inputs and first move are separate lists, so no value can slip from one into the other.
 */
export function challenge(ctx: ProofContext, publicInputs: readonly Item[], firstMove: readonly Item[]): bigint {
  const { curve } = ctx;
  const e = challengeScalar(
    curve,
    `mpc/cggmp24/proof/${ctx.label}/v1`,
    i.bytes(ctx.execId),
    i.text(curve.name),
    i.uint(ctx.prover),
    i.uint(ctx.verifier),
    i.list(publicInputs),
    i.list(firstMove),
  );
  const unsigned = curve.scalar.toBigInt(e);
  return unsigned > curve.order / 2n ? unsigned - curve.order : unsigned;
}

/** An element of Z_N or Z_N̂ at full length, and one of Z_N². */
export const ofN = (v: bigint): Item => i.bytes(toBytes(v, modulusBytes));
export const ofN2 = (v: bigint): Item => i.bytes(toBytes(v, 2 * modulusBytes));
export const ofRing = ({ N, s, t }: CommitmentRing): Item[] => [ofN(N), ofN(s), ofN(t)];
export const pointsOf = (curve: Curve, points: readonly Point[]): Item[] =>
  points.map((p) => i.point(curve.encodePoint(p)));

/** ±2^bits, and ±2^bits·N̂: the ranges of the masks. Both ends belong to them. */
export const powerOfTwo = (bits: number): bigint => 1n << BigInt(bits);
export const isWithin = (z: bigint, bound: bigint): boolean => abs(z) <= bound;

/** Limits of the responses that stay the same for all proofs. */
export const z1Bound = powerOfTwo(ell + epsilon);
export const maskBound = (ring: CommitmentRing): bigint => powerOfTwo(ell + epsilon) * ring.N;
export const zMaskBound = (ring: CommitmentRing): bigint => powerOfTwo(ell + epsilon + 1) * ring.N;
export const hideBound = (ring: CommitmentRing): bigint => powerOfTwo(ell) * ring.N;
/** Limit of the wire for such a response: one bit more than the largest, whatever N̂ is. */
export const zMaskWire = powerOfTwo(ell + epsilon + 2 + 8 * modulusBytes) - 1n;

/** Draws for one proof, from a stream that nobody else uses. */
export interface Draw {
  signed(bound: bigint): bigint;
  /** Of Z*_N. A value that shares a factor with N would factor it: it comes up with probability below 2^−1500. */
  unit(N: bigint): bigint;
  scalar(curve: Curve): Scalar;
}

/** Independent draws for every purpose of one seed of 64 fresh bytes. */
export function drawing(seed: Uint8Array, purpose: string): Draw {
  const rng = new HashRng(sha512(enc('mpc/cggmp24/draw/v1', i.bytes(seed), i.text(purpose))));
  const random = (n: number): Uint8Array => rng.bytes(n);
  return {
    signed: (bound) => randomSigned(random, bound),
    unit: (N) => 1n + randomBelow(random, N - 1n),
    scalar: (curve) => curve.scalar.random(random),
  };
}

/** A verification that cannot be carried out has failed: a value without an inverse, a point that is none. */
export function holds(verification: () => void): boolean {
  return (
    attempt(() => {
      verification();
      return true;
    }) === true
  );
}
