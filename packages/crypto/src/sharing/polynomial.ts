/** Shamir's scheme over a curve's scalars: polynomials, shares, and their recombination at a point. */
import { bigIntToBytes } from '../bytes.ts';
import type { Curve, Point, Scalar } from '../curves/types.ts';
import { check } from '../errors.ts';

/** Coefficients from the constant upwards. Secret. */
export type Polynomial = readonly Scalar[];

/** Largest evaluation point; small, so that multiples of points stay cheap. */
const POINT_MAX = 0xffff;
/** Most coefficients or shares; keys have at most 32 parties, and zero-sharings twice the degree. */
const COUNT_MAX = 64;
/** Sets of evaluation points whose coefficients are kept: every 3-subset of 5 parties on three curves, and more. */
const CACHE_MAX = 512;

/**
 * A polynomial of exactly this degree: every coefficient but a given constant is drawn from 1…q−1, so that the
 * leading one is never zero. The distribution differs from the uniform one by about degree values in q.
 */
export function randomPolynomial(
  curve: Curve,
  o: { readonly degree: number; readonly constant?: Scalar },
  random: (n: number) => Uint8Array,
): Polynomial {
  check(Number.isInteger(o.degree) && o.degree >= 1 && o.degree < COUNT_MAX, 'E_SHARING', 'A degree is 1 to 63.');
  const constant = o.constant === undefined ? curve.scalar.random(random) : (new Uint8Array(o.constant) as Scalar);
  return [constant, ...Array.from({ length: o.degree }, () => curve.scalar.random(random))];
}

/** f(x) for an evaluation point x. Zero is refused: f(0) is the secret and nobody's share. */
export function evaluate(curve: Curve, polynomial: Polynomial, x: number): Scalar {
  checkPoint(x);
  check(polynomial.length >= 1, 'E_SHARING', 'A polynomial has a coefficient.');
  const { scalar } = curve;
  const at = scalar.fromBigInt(BigInt(x));
  // Horner's rule.
  let value: Scalar = scalar.zero;
  for (let k = polynomial.length - 1; k >= 0; k--) {
    const next = scalar.add(scalar.mul(value, at), polynomial[k] as Scalar);
    value.fill(0);
    value = next;
  }
  return value;
}

/** λ_i = ∏_{m≠i} (at − x_m)/(x_i − x_m): what to weigh shares at `xs` with for the value at `at`. */
export function lagrange(curve: Curve, xs: readonly number[], at = 0): Scalar[] {
  checkPoints(xs);
  check(Number.isInteger(at) && at >= 0 && at <= POINT_MAX, 'E_SHARING', 'Not a point to interpolate at.');
  const key = `${curve.name}:${at}:${xs.join(',')}`;
  let weights = cache.get(key);
  if (weights === undefined) {
    weights = xs.map((x_i) => {
      let numerator = 1n;
      let denominator = 1n;
      for (const x_m of xs) {
        if (x_m === x_i) continue;
        numerator *= BigInt(at - x_m);
        denominator *= BigInt(x_i - x_m);
      }
      const { scalar } = curve;
      // Where the weight is an integer, as at consecutive points, no inversion is needed.
      if (numerator % denominator === 0n) return bytesOf(curve, numerator / denominator);
      return scalar.mul(scalar.fromBigInt(numerator), scalar.invert(scalar.fromBigInt(denominator)));
    });
    if (cache.size >= CACHE_MAX) cache.clear();
    cache.set(key, weights);
  }
  return weights.map((weight) => new Uint8Array(weight) as Scalar);
}

/** f(at) from shares; as many as are given, so f must have a degree below their number. */
export function interpolate(
  curve: Curve,
  shares: readonly { readonly x: number; readonly y: Scalar }[],
  at = 0,
): Scalar {
  const { scalar } = curve;
  const weights = lagrange(
    curve,
    shares.map((share) => share.x),
    at,
  );
  let value: Scalar = scalar.zero;
  shares.forEach((share, k) => {
    value = scalar.add(value, scalar.mul(weights[k] as Scalar, share.y));
  });
  return value;
}

/** C_k = a_k·G. */
export function commitments(curve: Curve, polynomial: Polynomial): Point[] {
  return polynomial.map((a_k) => curve.mulBase(a_k));
}

/** Σ_k x^k·C_k: what x's share times G has to be. */
export function feldmanExpected(curve: Curve, C: readonly Point[], x: number): Point {
  checkPoint(x);
  check(C.length >= 1, 'E_SHARING', 'A polynomial has a coefficient.');
  let value = C[C.length - 1] as Point;
  for (let k = C.length - 2; k >= 0; k--) {
    value = curve.sumSmall([
      { k: x, p: value },
      { k: 1, p: C[k] as Point },
    ]);
  }
  return value;
}

/** feldmanExpected at 1…n, the public shares of the polynomial behind C. */
export function feldmanShares(curve: Curve, C: readonly Point[], n: number): Point[] {
  check(Number.isInteger(n) && n >= 1 && n <= COUNT_MAX, 'E_SHARING', 'Needs 1 to 64 evaluation points.');
  const [C_0, C_1, C_2] = C;
  if (C.length !== 3 || C_0 === undefined || C_1 === undefined || C_2 === undefined)
    return Array.from({ length: n }, (_, at) => feldmanExpected(curve, C, at + 1));
  // Of degree two, by differences: f(x+1) = f(x) + Δ(x), Δ(x+1) = Δ(x) + 2·C_2, Δ(0) = C_1 + C_2.
  const second = curve.add(C_2, C_2);
  let difference = curve.add(C_1, C_2);
  let value = C_0;
  return Array.from({ length: n }, (_, at) => {
    if (at > 0) difference = curve.add(difference, second);
    value = curve.add(value, difference);
    return value;
  });
}

/** Integers from 1 to 65535, pairwise distinct; anything else would hand out f(0) or break interpolation. */
export function checkPoints(xs: readonly number[]): void {
  check(xs.length >= 1 && xs.length <= COUNT_MAX, 'E_SHARING', 'Needs 1 to 64 evaluation points.');
  for (const x of xs) checkPoint(x);
  check(new Set(xs).size === xs.length, 'E_SHARING', 'Evaluation points are distinct.');
}

const cache = new Map<string, Scalar[]>();

function checkPoint(x: number): void {
  check(
    Number.isInteger(x) && x >= 1 && x <= POINT_MAX,
    'E_SHARING',
    'An evaluation point is an integer from 1 to 65535.',
  );
}

function bytesOf(curve: Curve, value: bigint): Scalar {
  return value >= 0n && value < curve.order ? (bigIntToBytes(value, 32) as Scalar) : curve.scalar.fromBigInt(value);
}
