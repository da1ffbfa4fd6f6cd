/** Who takes part: how many are needed, who is there, who is left out this time. */
import { WalletError } from '@holdfast/contract/errors';
import type { Env } from '@holdfast/contract/types';

export const SIGNERS = 5;
export const THRESHOLD = 3;

/** All five, or a refusal that says how many there are (rulings 22). */
export function requireAll(online: readonly number[]): number[] {
  if (online.length >= SIGNERS) return [...online];
  if (online.length < THRESHOLD) throw tooFew(online.length);
  throw new WalletError(
    'E_SIGNERS_UNAVAILABLE',
    `${online.length} of ${SIGNERS} signers available, ${SIGNERS} needed`,
    {
      details: { available: online.length, needed: SIGNERS },
    },
  );
}

export function requireThree(online: readonly number[]): number[] {
  if (online.length < THRESHOLD) throw tooFew(online.length);
  return [...online];
}

export function tooFew(available: number): WalletError {
  return new WalletError(
    'E_SIGNERS_UNAVAILABLE',
    `not enough signers: ${available} of ${SIGNERS} available, ${THRESHOLD} needed`,
    { details: { available, needed: THRESHOLD } },
  );
}

/** Exactly three, drawn so that the load spreads; those in `avoid` only when there are not three others. */
export function chooseThree(
  online: readonly number[],
  o: { readonly avoid: ReadonlySet<number>; readonly env: Pick<Env, 'random'> },
): number[] {
  const shuffled = shuffle(requireThree(online), o.env);
  const preferred = [
    ...shuffled.filter((index) => !o.avoid.has(index)),
    ...shuffled.filter((index) => o.avoid.has(index)),
  ];
  return preferred.slice(0, THRESHOLD).sort((a, b) => a - b);
}

/** Two signers of whom one has named the other, lower index first: `1-4`. Honest signers never name each other. */
export const pairOf = (a: number, b: number): string => `${Math.min(a, b)}-${Math.max(a, b)}`;

/**
 * Exactly three of whom none has named another: the three honest ones are always such a set, whoever lies about whom. Where
 * there is no such set among those who are there, any three. Of several sets, one with as few as can be of `avoid`.
 */
export function chooseThreeApart(
  online: readonly number[],
  o: {
    readonly avoid: ReadonlySet<number>;
    readonly apart: ReadonlySet<string>;
    readonly env: Pick<Env, 'random'>;
  },
): number[] {
  const shuffled = shuffle(requireThree(online), o.env);
  const sets = triplesOf(shuffled);
  const cost = (set: readonly number[]): number =>
    10 * pairsOf(set).filter((pair) => o.apart.has(pair)).length + set.filter((index) => o.avoid.has(index)).length;
  const best = Math.min(...sets.map(cost));
  return (sets.find((set) => cost(set) === best) as number[]).sort((a, b) => a - b);
}

function triplesOf(indices: readonly number[]): number[][] {
  return indices.flatMap((a, i) =>
    indices.slice(i + 1).flatMap((b, j) => indices.slice(i + j + 2).map((c) => [a, b, c])),
  );
}

const pairsOf = ([a = 0, b = 0, c = 0]: readonly number[]): string[] => [pairOf(a, b), pairOf(a, c), pairOf(b, c)];

/** By one random byte each; only fairness depends on it. */
function shuffle(indices: readonly number[], env: Pick<Env, 'random'>): number[] {
  const keys = env.random(indices.length);
  return indices
    .map((index, k) => ({ index, key: keys[k] ?? 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ index }) => index);
}
