/**
 * Π^mod: N is the product of two primes ≡ 3 mod 4, and has no factor in common with φ(N): mpc-protocols §2.3 (CGGMP24
 * Fig. 16). For 128 values y_i from the hash the prover shows an N-th root and, of one of ±y_i, ±w·y_i, a fourth root.
 */
import {
  crtModulus,
  fromBytes,
  inverse,
  isProbablePrime,
  jacobi,
  mod,
  modulus,
  type RandomBytes,
  randomUnit,
  secretModulus,
} from '@holdfast/crypto/bigmod';
import { challengeRng, type Field, f, type Item, i } from '@holdfast/crypto/transcript';
import { check } from '../runtime/index.ts';
import { modulusBytes, repetitions } from './parameters.ts';
import { type Place, placeItem } from './place.ts';
import { residueField } from './ring-pedersen.ts';

export interface ModProof {
  readonly w: bigint;
  readonly roots: readonly ModRoots[];
}

/** For one y: x⁴ = (−1)^a·w^b·y and z^N = y. */
export interface ModRoots {
  readonly x: bigint;
  readonly a: boolean;
  readonly b: boolean;
  readonly z: bigint;
}

export function proveMod(
  random: RandomBytes,
  { place, witness: { p, q } }: { place: Place; witness: { readonly p: bigint; readonly q: bigint } },
): ModProof {
  const own = crtModulus(p, q, 1);
  const N = own.m;
  let w = randomUnit(random, N);
  while (jacobi(w, N) !== -1) w = randomUnit(random, N);
  const nthRoot = inverse(N, (p - 1n) * (q - 1n));
  const [byP, byQ] = [squareRoots(p, w), squareRoots(q, w)];

  const roots = modChallenge(place, { N, w }).map((y): ModRoots => {
    const [rootP, rootQ] = [byP.of(y), byQ.of(y)];
    // −1 is a square modulo neither prime, w modulo exactly one: one choice of (a, b) makes a square modulo both.
    const b = rootP.isSquare !== rootQ.isSquare;
    const a = rootP.isSquare === (b && !byP.wIsSquare);
    return {
      x: own.combine(byP.fourthRoot(rootP, { a, b }), byQ.fourthRoot(rootQ, { a, b })),
      a,
      b,
      z: own.pow(y, nthRoot),
    };
  });
  return { w, roots };
}

/** Throws AbortError E_AUX_MOD. The length of N has been checked. */
export function verifyMod({ place, N, proof }: { place: Place; N: bigint; proof: ModProof }): void {
  const code = 'E_AUX_MOD';
  const { w, roots } = proof;
  check(N > 1n && (N & 1n) === 1n, code);
  check(!isProbablePrime(N), code);
  // With w = 0 and every x = 0 the fourth roots prove nothing, and N may have many small factors (CVE-2025-66016).
  const { isUnit, areUnits, mul, pow } = modulus(N);
  check(isUnit(w), code);
  check(jacobi(w, N) === -1, code);
  check(roots.length === repetitions, code);
  check(areUnits(roots.map(({ x }) => x)), code);
  check(areUnits(roots.map(({ z }) => z)), code);
  const y = modChallenge(place, { N, w });
  for (const [k, { x, a, b, z }] of roots.entries()) {
    const y_k = y[k] as bigint;
    const square = mul(x, x);
    const shifted = b ? mul(w, y_k) : y_k;
    check(mul(square, square) === (a ? N - shifted : shifted), code);
    check(pow(z, N) === y_k, code);
  }
}

/** y_1 … y_128 in Z_N: 128 bits more than N has, so that the reduction shows no bias. */
export function modChallenge(place: Place, { N, w }: { N: bigint; w: bigint }): bigint[] {
  const rng = challengeRng('mpc/aux/mod/challenge/v1', placeItem(place), i.uint(N), i.uint(w));
  return Array.from({ length: repetitions }, () => fromBytes(rng.bytes(modulusBytes + 16)) % N);
}

interface Root {
  /** y^((p+1)/4): a square root of y or of −y, whichever is a square. */
  readonly root: bigint;
  readonly isSquare: boolean;
}

/** Roots modulo one prime p ≡ 3 mod 4. Legendre symbols come from the square root: no variable-time Jacobi of p. */
function squareRoots(p: bigint, w: bigint) {
  const { pow, mul } = secretModulus(p);
  const quarter = (p + 1n) / 4n;
  const of = (y: bigint): Root => {
    const root = pow(y, quarter);
    return { root, isSquare: mul(root, root) === mod(y, p) };
  };
  const ofW = of(w);
  const ofMinusOne = pow(p - 1n, quarter);
  return {
    of,
    wIsSquare: ofW.isSquare,
    /** The fourth root of (−1)^a·w^b·y that is a square itself. */
    fourthRoot(y: Root, { a, b }: { a: boolean; b: boolean }): bigint {
      const withW = b ? mul(y.root, ofW.root) : y.root;
      return pow(a ? mul(withW, ofMinusOne) : withW, quarter);
    },
  };
}

export const modField: Field<[bigint, [bigint, number, number, bigint][]]> = f.tuple(
  residueField,
  f.list(f.tuple(residueField, f.uint(1), f.uint(1), residueField), { max: repetitions }),
);

export function modItem({ w, roots }: ModProof): Item {
  const rows = roots.map(({ x, a, b, z }) => i.list([i.uint(x), i.uint(Number(a)), i.uint(Number(b)), i.uint(z)]));
  return i.list([i.uint(w), i.list(rows)]);
}

export function modOf([w, rows]: readonly [bigint, readonly (readonly [bigint, number, number, bigint])[]]): ModProof {
  return { w, roots: rows.map(([x, a, b, z]) => ({ x, a: a === 1, b: b === 1, z })) };
}
