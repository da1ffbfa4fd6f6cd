/** How often somebody may try what could be guessed. In memory, for each api process by itself. */
import type { Env } from '@holdfast/contract/types';
import { createRateLimit, type RateLimit } from '../pipeline/rate-limit.ts';

const DAY_MS = 86_400_000;
/** Wrong ones in a row: of a million codes three are right at any time, and a password has twelve characters. */
const GUESSES = { most: 10, windowMs: DAY_MS };

export interface Limits {
  /** Passwords and one-time codes, for each account. */
  readonly guesses: RateLimit;
}

export function createLimits(env: Pick<Env, 'now'>): Limits {
  return { guesses: createRateLimit(env, GUESSES.most, GUESSES.windowMs) };
}
