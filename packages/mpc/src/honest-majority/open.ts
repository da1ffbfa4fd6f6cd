/** Opening values that n = 2t'+1 parties hold shares of, at the points 1…n, with small-integer arithmetic. */
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';

/**
 * The value at zero of the polynomial of degree at most t' through the points, in order of 1…n; undefined when no such
 * polynomial exists. Where d = t'+1, the d-th differences Σ_k (−1)^(d−k) C(d, k)·P_{x+k} vanish for x = 1…n−d, which is
 * to say that each of the later points is a sum of the d before it; and f(0) = Σ_k (−1)^k C(d, k+1)·P_{1+k}. For five
 * points that is X_4 = 3·X_3 − 3·X_2 + X_1, the same for X_5, and 3·X_1 − 3·X_2 + X_3.
 */
export function openPoint(curve: Curve, points: readonly Point[]): Point | undefined {
  const d = (points.length + 1) / 2;
  const binomials = binomialsOf(d);
  for (let x = 0; x + d < points.length; x += 1) {
    const terms = binomials
      .slice(0, d)
      .map((k, at) => ({ k: (d - at) % 2 === 1 ? k : -k, p: points[x + at] as Point }));
    if (!curve.equals(curve.sumSmall(terms), points[x + d] as Point)) return undefined;
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
  const n = ys.length;
  let binomial = 1;
  const terms = ys.map((v, at) => {
    binomial = (binomial * (n - at)) / (at + 1);
    return { k: at % 2 === 0 ? binomial : -binomial, v };
  });
  return curve.scalar.sumSmall(terms);
}

/** Everybody's scalars, one column of 32-byte cells each, in order of 1…n: as openScalar and openPoint, cell by cell. */
export function columnsOpener(curve: Curve, columns: readonly Uint8Array[]) {
  const { scalar } = curve;
  const n = columns.length;
  const d = (n + 1) / 2;
  const streams = columns.map(({ buffer, byteOffset, length }) => new DataView(buffer, byteOffset, length));
  /** One weight for each party. */
  const weighted = (weights: readonly (readonly number[])[], at: number): Scalar =>
    scalar.sumBlocks({ streams, width: 32, at: 32 * at, weights });
  const alternating = (binomials: readonly number[]) => binomials.map((k, at) => (at % 2 === 0 ? k : -k));
  const beside = (x: number, weights: readonly number[]) =>
    Array.from({ length: n }, (_, at) => [weights[at - x] ?? 0]);
  const high = beside(0, alternating(binomialsOf(n).slice(1)));
  const low = beside(0, alternating(binomialsOf(d).slice(1)));
  const differences = Array.from({ length: n - d }, (_, x) => beside(x, alternating(binomialsOf(d))));
  return {
    /** Of degree 2t'. */
    high: (at: number): Scalar => weighted(high, at),
    /** Of degree t'; undefined where the scalars lie on no such polynomial. */
    low: (at: number): Scalar | undefined =>
      differences.every((weights) => scalar.isZero(weighted(weights, at))) ? weighted(low, at) : undefined,
  };
}
