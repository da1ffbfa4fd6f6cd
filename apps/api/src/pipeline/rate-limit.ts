/** A bucket per name (a network address, an account): bursts of what is allowed, refilled evenly. Kept in memory, bounded in size. */
import type { Env } from '@holdfast/contract/types';

interface Bucket {
  left: number;
  at: number;
}

export interface RateLimit {
  /** Takes one; milliseconds to wait when there is none left. */
  take(name: string): number;
  /** As if nothing had been taken. */
  forget(name: string): void;
}

/** Beyond this many names the oldest is forgotten: a flood of addresses must not fill the memory. */
const NAMES_MAX = 20_000;

/** `most` in every `windowMs`; 0 switches the limit off. */
export function createRateLimit(env: Pick<Env, 'now'>, most: number, windowMs = 60_000): RateLimit {
  const buckets = new Map<string, Bucket>();
  return {
    take(name) {
      if (most === 0) return 0;
      const now = env.now();
      const known = buckets.get(name);
      const left = known ? Math.min(most, known.left + ((now - known.at) * most) / windowMs) : most;
      // Deleted and set again, so that the map stays in order of last use.
      buckets.delete(name);
      buckets.set(name, { left: left >= 1 ? left - 1 : left, at: now });
      const oldest = buckets.keys().next();
      if (buckets.size > NAMES_MAX && !oldest.done) buckets.delete(oldest.value);
      return left >= 1 ? 0 : Math.ceil(((1 - left) * windowMs) / most);
    },
    forget(name) {
      buckets.delete(name);
    },
  };
}
