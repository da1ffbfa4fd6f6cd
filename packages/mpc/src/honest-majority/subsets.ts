/** The sets that hold the PRSS keys: every t'+1 of n = 2t'+1 parties, so that any t' corrupt ones miss exactly one. */
import type { Index } from '../runtime/index.ts';

/** All subsets of that size in lexicographic order; the order is part of the message formats. */
export function subsets(parties: readonly Index[], size: number): Index[][] {
  if (size === 0) return [[]];
  return parties.flatMap((first, at) => subsets(parties.slice(at + 1), size - 1).map((rest) => [first, ...rest]));
}

/** g_A(z) = ∏_{x∉A} (x − z) at z = `at`: degree t', not 0 at zero, zero at the parties outside A. A small integer. */
export function maskPolynomial(o: { parties: readonly Index[]; A: readonly Index[]; at: Index }): number {
  return o.parties.filter((x) => !o.A.includes(x)).reduce((product, x) => product * (x - o.at), 1);
}
