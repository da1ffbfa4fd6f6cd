/**
 * What one party contributes to a joint sharing: a random polynomial, committed to in the exponent. Key
 * generation differs from import and refresh in one thing only: the constant term is random there and zero in these.
 */
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { commitments, evaluate, feldmanExpected, randomPolynomial } from '@holdfast/crypto/sharing';
import { enc, equalBytes, hashCommit, i } from '@holdfast/crypto/transcript';
import { attempt, type Index } from '../runtime/index.ts';
import type { SharingRunName } from './messages.ts';

/** `random`: a_0 is random and C_0 is transmitted. `zero`: f(0) = 0, C_0 is the identity and not transmitted. */
export type Constant = 'random' | 'zero';

/** Frame of every dealing of one run; all of it is bound into the commitment. */
export interface DealingFrame {
  readonly run: SharingRunName;
  readonly curve: Curve;
  readonly execId: Uint8Array;
  readonly n: number;
  readonly t: number;
  readonly constant: Constant;
  /** The key becomes the master of an HD tree: every party contributes to a chain code, or none does. */
  readonly hd?: boolean;
}

/** What a commitment V opens to, as sent: points encoded. */
export interface Opening {
  readonly rid: Uint8Array;
  /** C_k = a_k·G for k = 0…t−1, or 1…t−1 where the constant is zero. */
  readonly C: readonly Uint8Array[];
  /** First move of the Schnorr proof: A = r·G. */
  readonly A: Uint8Array;
  /** This party's part of the chain code, 32 bytes; absent where the key is no master. */
  readonly chainCode: Uint8Array | undefined;
  readonly u: Uint8Array;
}

/** The points of an opening, decoded. */
export interface DealtPoints {
  /** All t commitments, C_0 included. */
  readonly C: readonly Point[];
  readonly A: Point;
}

/** Secret until it is opened; `f` and `r` for good. */
export interface Dealing {
  readonly f: readonly Scalar[];
  readonly r: Scalar;
  readonly points: DealtPoints;
  readonly opening: Opening;
}

const CHAIN_CODE_BYTES = 32;

/** mpc-protocols §1.1, round 1, steps 1 and 2. */
export function deal({ curve, t, constant, hd }: DealingFrame, random: (n: number) => Uint8Array): Dealing {
  const degree = t - 1;
  const f = randomPolynomial(curve, constant === 'zero' ? { degree, constant: curve.scalar.zero } : { degree }, random);
  const r = curve.scalar.random(random);
  const points = { C: commitments(curve, f), A: curve.mulBase(r) };
  const transmitted = constant === 'zero' ? points.C.slice(1) : points.C;
  const [A, ...C] = curve.encodePoints([points.A, ...transmitted]) as [Uint8Array, ...Uint8Array[]];
  const chainCode = hd === true ? random(CHAIN_CODE_BYTES) : undefined;
  return { f, r, points, opening: { rid: random(32), C, A, chainCode, u: random(32) } };
}

/** V_i of step 3. */
export function commitTo(frame: DealingFrame, index: Index, { rid, C, A, chainCode, u }: Opening): Uint8Array {
  const payload = enc(
    `mpc/${frame.run}/opening/v1`,
    i.uint(frame.n),
    i.uint(frame.t),
    i.text(frame.curve.name),
    i.bytes(rid),
    i.list(C.map((C_k) => i.point(C_k))),
    i.point(A),
    chainCode === undefined ? i.absent : i.bytes(chainCode),
  );
  return hashCommit(`mpc/${frame.run}/commit`, frame.execId, index, payload, u);
}

export function opens(frame: DealingFrame, index: Index, { V, opening }: { V: Uint8Array; opening: Opening }): boolean {
  return equalBytes(V, commitTo(frame, index, opening));
}

/** Exactly this many, or the threshold would silently be another one (attack row 15). */
export function commitmentCount({ t, constant }: Pick<DealingFrame, 't' | 'constant'>): number {
  return constant === 'zero' ? t - 1 : t;
}

/** All or none (§1.1, check 3): one party without a part would leave the chain code to those who know the others. */
export function hasChainCode({ hd }: Pick<DealingFrame, 'hd'>, { chainCode }: Opening): boolean {
  return hd === true ? chainCode?.length === CHAIN_CODE_BYTES : chainCode === undefined;
}

/** Undefined unless every point is canonical, in the group and not the identity: so C_0 ≠ O and C_{t−1} ≠ O. */
export function decodePoints({ curve, constant }: DealingFrame, opening: Opening): DealtPoints | undefined {
  return attempt(() => {
    const C = opening.C.map((C_k) => curve.decodePoint(C_k));
    return { C: constant === 'zero' ? [curve.identity, ...C] : C, A: curve.decodePoint(opening.A) };
  });
}

/** f(j): what party j receives in private. */
export function subshare({ curve }: DealingFrame, dealing: Dealing, j: Index): Scalar {
  return evaluate(curve, dealing.f, j);
}

/** Check 4 of §1.1: 0 ≤ σ < q and σ·G = Σ_k j^k·C_k. Gives σ, or undefined where it does not hold. */
export function checkedSubshare(
  { curve }: Pick<DealingFrame, 'curve'>,
  C: readonly Point[],
  j: Index,
  bytes: Uint8Array,
): Scalar | undefined {
  const sigma = attempt(() => curve.scalar.decode(bytes));
  if (sigma === undefined || !curve.equals(curve.mulBase(sigma), feldmanExpected(curve, C, j))) return undefined;
  return sigma;
}

export function eraseDealing({ f, r, opening }: Dealing): void {
  for (const a_k of f) a_k.fill(0);
  r.fill(0);
  opening.chainCode?.fill(0);
}
