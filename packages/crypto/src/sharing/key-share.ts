/** What has to hold of the public shares of a key, and of one party's share of it. Public shares stand at 1…n. */
import type { Curve, Point, Scalar } from '../curves/types.ts';
import { check } from '../errors.ts';
import { lagrange } from './polynomial.ts';

/** The room that runs the protocols has a type with these members and more. */
export interface KeyShareParts {
  readonly index: number;
  readonly t: number;
  readonly n: number;
  readonly x: Scalar;
  readonly publicShares: readonly Point[];
  readonly publicKey: Point;
}

/**
 * Whether X_1…X_n lie on one polynomial of degree exactly t − 1: neither above it, which would raise the threshold
 * without a word, nor below it, where fewer than t shares give the key.
 */
export function degreeTest(curve: Curve, publicShares: readonly Point[], t: number): boolean {
  return valueAtZero(curve, publicShares, t) !== undefined;
}

/** (t−1)!·a_{t−1}·G: the (t−1)-th difference of the first t public shares. O exactly where the degree is lower. */
export function leadingCoefficient(curve: Curve, publicShares: readonly Point[], t: number): Point {
  checkThreshold(t, publicShares.length);
  return differences(curve, publicShares.slice(0, t), t).row[0] as Point;
}

/** X = f(0)·G from the first t public shares; 3·X_1 − 3·X_2 + X_3 for t = 3. */
export function interpolatePoint(curve: Curve, publicShares: readonly Point[], t: number): Point {
  checkThreshold(t, publicShares.length);
  return extrapolate(curve, publicShares, t, 0);
}

/**
 * Everything a share must satisfy before it is used or stored: at loading, after import, after key generation.
 * Throws CryptoError E_KEY_SHARE. That the points are points of the subgroup was settled when they were decoded.
 */
export function checkKeyShare(curve: Curve, share: KeyShareParts): void {
  checkOwnShare(curve, share);
  checkSharedKey(curve, share);
}

/** The part of checkKeyShare that looks at public values alone, the same for every share of a key. */
export function checkSharedKey(curve: Curve, key: Omit<KeyShareParts, 'x' | 'index'>): void {
  const { t, publicShares, publicKey } = key;
  checkCounts(key);
  check(!publicShares.some((X_j) => curve.isIdentity(X_j)), 'E_KEY_SHARE', 'A public share is not the identity.');
  check(!curve.isIdentity(publicKey), 'E_KEY_SHARE', 'A public key is not the identity.');
  const X = valueAtZero(curve, publicShares, t);
  check(X !== undefined, 'E_KEY_SHARE', 'The public shares are not of degree t − 1.');
  check(curve.equals(X, publicKey), 'E_KEY_SHARE', 'The public shares belong to another public key.');
}

/** The part of checkKeyShare that is about x_i: i is a party of the key, and x_i·G = X_i. */
export function checkOwnShare(curve: Curve, share: Omit<KeyShareParts, 'publicKey'>): void {
  const { index, n, x, publicShares } = share;
  checkCounts(share);
  check(Number.isInteger(index) && index >= 1 && index <= n, 'E_KEY_SHARE', 'An index is 1 to n.');
  check(!curve.scalar.isZero(x), 'E_KEY_SHARE', 'A share is not zero.');
  check(
    curve.equals(curve.mulBase(x), publicShares[index - 1] as Point),
    'E_KEY_SHARE',
    'The share has another public share.',
  );
}

function checkCounts({ t, n, publicShares }: Pick<KeyShareParts, 't' | 'n' | 'publicShares'>): void {
  const areCounts = Number.isInteger(t) && Number.isInteger(n) && t >= 2 && t <= n && n <= 32;
  check(areCounts, 'E_KEY_SHARE', 'Needs 2 ≤ t ≤ n ≤ 32.');
  check(publicShares.length === n, 'E_KEY_SHARE', 'There are n public shares.');
}

/** f(0)·G where X_1…X_n lie on one polynomial f of degree exactly t − 1; undefined where they do not. */
function valueAtZero(curve: Curve, publicShares: readonly Point[], t: number): Point | undefined {
  checkThreshold(t, publicShares.length);
  const { value, row } = differences(curve, publicShares, t);
  const leading = row[0] as Point;
  if (!row.every((each) => curve.equals(each, leading))) return undefined;
  return curve.isIdentity(leading) ? undefined : value;
}

/**
 * The table of differences down to the (t−1)-th, which are constant exactly where the degree is below t, and zero
 * where it is below t−1; and f(0) = Σ_k (−1)^k Δ^k f(1), true where they are constant. For t = 3 and five points that
 * is nine additions, of which the test alone would take seven.
 */
function differences(curve: Curve, X: readonly Point[], t: number): { row: readonly Point[]; value: Point } {
  let row = X;
  let value = X[0] as Point;
  for (let k = 1; k < t; k++) {
    row = row.slice(1).map((next, at) => curve.sub(next, row[at] as Point));
    const first = row[0] as Point;
    value = k % 2 === 1 ? curve.sub(value, first) : curve.add(value, first);
  }
  return { row, value };
}

function extrapolate(curve: Curve, X: readonly Point[], t: number, at: number): Point {
  const xs = Array.from({ length: t }, (_, k) => k + 1);
  return curve.linear(lagrange(curve, xs, at).map((k, j) => ({ k, p: X[j] as Point })));
}

function checkThreshold(t: number, n: number): void {
  check(Number.isInteger(t) && t >= 2 && t <= n && n <= 32, 'E_SHARING', 'Needs 2 ≤ t ≤ n ≤ 32.');
}
