/** Opening values that n = 2t'+1 parties hold shares of, at the points 1…n, with small-integer arithmetic. */
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';

/**
 * The value at zero of the polynomial of degree at most t' through the points, in order of 1…n; undefined when no such
 * polynomial exists: where d = t'+1, the d-th differences Σ_k (−1)^(d−k) C(d, k)·P_{x+k} vanish for x = 1…n−d, and
 * then f(0) = Σ_k (−1)^k C(d, k+1)·P_{1+k}. For five points that is two times X_4 + 3·X_2 = X_1 + 3·X_3, and
 * 3·X_1 − 3·X_2 + X_3.
 */
export function openPoint(curve: Curve, points: readonly Point[]): Point | undefined {
  const d = (points.length + 1) / 2;
  const binomials = binomialsOf(d);
  const termsFrom = (x: number) => binomials.map((k, at) => ({ k, p: points[x + at] as Point }));
  for (let x = 0; x + d < points.length; x += 1) {
    const [added, subtracted] = [0, 1].map((parity) =>
      curve.sumSmall(termsFrom(x).filter((_, at) => at % 2 === parity)),
    ) as [Point, Point];
    if (!curve.equals(added, subtracted)) return undefined;
  }
  return curve.sumSmall(binomials.slice(1).map((k, at) => ({ k: at % 2 === 0 ? k : -k, p: points[at] as Point })));
}

/** C(d, 0) … C(d, d). */
function binomialsOf(d: number): number[] {
  const row = [1];
  for (let k = 0; k < d; k += 1) row.push(((row[k] as number) * (d - k)) / (k + 1));
  return row;
}

/**
 * The value at zero of the one polynomial of degree n−1 = 2t' through the scalars, in order of 1…n:
 * Σ_j (−1)^(j+1) C(n, j)·y_j. All n are needed, so nothing can be checked here.
 */
export function openScalar(curve: Curve, ys: readonly Scalar[]): Scalar {
  const { scalar } = curve;
  const n = ys.length;
  let sum = scalar.zero;
  let binomial = 1;
  for (let j = 1; j <= n; j += 1) {
    binomial = (binomial * (n - j + 1)) / j;
    const weight = scalar.fromBigInt(BigInt(j % 2 === 1 ? binomial : -binomial));
    sum = scalar.add(sum, scalar.mul(weight, ys[j - 1] as Scalar));
  }
  return sum;
}
