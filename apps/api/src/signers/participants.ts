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

/** By one random byte each; only fairness depends on it. */
function shuffle(indices: readonly number[], env: Pick<Env, 'random'>): number[] {
  const keys = env.random(indices.length);
  return indices
    .map((index, k) => ({ index, key: keys[k] ?? 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ index }) => index);
}
