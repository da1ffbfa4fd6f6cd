/** A dealer's two acts: splitting a key that exists into shares, and putting shares of it together again. */
import type { Curve, Point, Scalar } from '../curves/types.ts';
import { check, refuse } from '../errors.ts';
import { evaluate, interpolate, randomPolynomial } from './polynomial.ts';

/** Subsets tried at most; 5 shares have 10 of 3. */
const SUBSETS_MAX = 1000;

export interface Split {
  /** f(1)…f(n). Secret. */
  readonly shares: Scalar[];
  /** f(1)·G…f(n)·G. */
  readonly publicShares: Point[];
  readonly publicKey: Point;
}

/** Splits a secret at the points 1…n so that t shares give it back. */
export function split(
  curve: Curve,
  o: { readonly secret: Scalar; readonly t: number; readonly n: number },
  random: (n: number) => Uint8Array,
): Split {
  const { secret, t, n } = o;
  check(
    Number.isInteger(t) && Number.isInteger(n) && t >= 2 && t <= n && n <= 32,
    'E_SHARING',
    'Needs 2 ≤ t ≤ n ≤ 32.',
  );
  check(!curve.scalar.isZero(secret), 'E_SHARING', 'A secret is not zero.');
  for (;;) {
    const f = randomPolynomial(curve, { degree: t - 1, constant: secret }, random);
    const shares = Array.from({ length: n }, (_, k) => evaluate(curve, f, k + 1));
    for (const coefficient of f) coefficient.fill(0);
    // Happens about once in 2^249 splittings; a zero share is invalid everywhere.
    if (shares.some((share) => curve.scalar.isZero(share))) continue;
    return { shares, publicShares: shares.map((share) => curve.mulBase(share)), publicKey: curve.mulBase(secret) };
  }
}

/**
 * The secret whose public key is given, from at least t shares. Tries subsets of t until one fits, so that n − t
 * wrong shares cannot stand in the way; throws CryptoError E_SHARING when none fits.
 */
export function recombine(
  curve: Curve,
  o: {
    readonly shares: readonly { readonly index: number; readonly share: Scalar }[];
    readonly t: number;
    readonly publicKey: Point;
  },
): Scalar {
  const { shares, t, publicKey } = o;
  check(Number.isInteger(t) && t >= 2, 'E_SHARING', 'Needs t ≥ 2.');
  check(shares.length >= t, 'E_SHARING', `Needs ${t} shares and has ${shares.length}.`);
  let tried = 0;
  for (const subset of subsets(shares, t)) {
    if (tried++ >= SUBSETS_MAX) break;
    const secret = interpolate(
      curve,
      subset.map((s) => ({ x: s.index, y: s.share })),
    );
    if (curve.equals(curve.mulBase(secret), publicKey)) return secret;
    secret.fill(0);
  }
  refuse('E_SHARING', 'No set of these shares gives the private key of this public key.');
}

/** Subsets of `size` with pairwise different indices, in order. */
function* subsets<T extends { readonly index: number }>(from: readonly T[], size: number, start = 0): Generator<T[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let k = start; k <= from.length - size; k++) {
    const first = from[k] as T;
    for (const rest of subsets(from, size - 1, k + 1)) {
      if (!rest.some((other) => other.index === first.index)) yield [first, ...rest];
    }
  }
}
