/** The sets that hold the PRSS keys: every t'+1 of n = 2t'+1 parties, so that any t' corrupt ones miss exactly one. */
import type { Curve, Scalar } from '@holdfast/crypto/curves';
import type { Index } from '../runtime/index.ts';

/** All subsets of that size in lexicographic order; the order is part of the message formats. */
export function subsets(parties: readonly Index[], size: number): Index[][] {
  if (size === 0) return [[]];
  return parties.flatMap((first, at) => subsets(parties.slice(at + 1), size - 1).map((rest) => [first, ...rest]));
}

/** f_A(z) = ∏_{x∉A} (x − z)/x at z = `at`: degree t', 1 at zero, zero at the parties outside A. */
export function maskPolynomial(curve: Curve, o: { parties: readonly Index[]; A: readonly Index[]; at: Index }): Scalar {
  const { scalar } = curve;
  let [numerator, denominator] = [1n, 1n];
  for (const x of o.parties) {
    if (o.A.includes(x)) continue;
    numerator *= BigInt(x - o.at);
    denominator *= BigInt(x);
  }
  return scalar.mul(scalar.fromBigInt(numerator), scalar.invert(scalar.fromBigInt(denominator)));
}
