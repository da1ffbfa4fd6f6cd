/** How often somebody may try what could be guessed, or ask for mail. In memory, for each api process by itself. */
import type { Env } from '@holdfast/contract/types';
import { createRateLimit, type RateLimit } from '../pipeline/rate-limit.ts';
import type { Settings } from '../settings.ts';

const HOUR_MS = 3_600_000;
/** Wrong ones in a row: of a million codes three are right at any time, and a password has twelve characters. */
const GUESSES = { most: 10, windowMs: 24 * HOUR_MS };
/** Somebody who mistypes needs a few; a mailbox shall not be filled. */
const MAILS = { most: 10, windowMs: HOUR_MS };
/** Logins, codes and recoveries as a part of all that one address may ask for. */
const PUBLIC_PART = 20;
const NAMES_MAX = 20_000;

export interface Limits {
  /** Passwords and one-time codes, for each account that has such a secret. */
  readonly guesses: RateLimit;
  /** The same for every other name, apart: of names that are nobody's there is no end, and a flood forgets the oldest. */
  readonly idleGuesses: RateLimit;
  /** Mails, for each account and purpose, there or not. */
  readonly mails: RateLimit;
  /** What needs no token, for each network address. */
  readonly addresses: RateLimit;
  /** Tries at codes that were never made, counted as tries at codes are. */
  readonly phantoms: Phantoms;
}

export interface Phantoms {
  /** Another code is on its way, or would be. */
  ask(name: string): void;
  /** How many tries there were since, this one included. */
  try(name: string): number;
}

/** Whoever guesses where nothing is to be guessed is held up alike, and frees nobody else's count by it. */
export const guessesAt = (limits: Limits, hasSecret: boolean): RateLimit =>
  hasSecret ? limits.guesses : limits.idleGuesses;

export function createLimits(
  env: Pick<Env, 'now'>,
  { requestsPerMinuteMax }: Pick<Settings, 'requestsPerMinuteMax'>,
): Limits {
  return {
    guesses: createRateLimit(env, GUESSES.most, GUESSES.windowMs),
    idleGuesses: createRateLimit(env, GUESSES.most, GUESSES.windowMs),
    mails: createRateLimit(env, MAILS.most, MAILS.windowMs),
    addresses: createRateLimit(env, Math.ceil(requestsPerMinuteMax / PUBLIC_PART)),
    phantoms: createPhantoms(),
  };
}

function createPhantoms(): Phantoms {
  const tries = new Map<string, number>();
  return {
    ask(name) {
      tries.delete(name);
    },
    try(name) {
      const count = (tries.get(name) ?? 0) + 1;
      tries.delete(name);
      tries.set(name, count);
      const oldest = tries.keys().next();
      if (tries.size > NAMES_MAX && !oldest.done) tries.delete(oldest.value);
      return count;
    },
  };
}
