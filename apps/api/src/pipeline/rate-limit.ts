/** A bucket per network address: bursts of a minute's worth, refilled evenly. Kept in memory, bounded in size. */
import type { Env } from '@holdfast/contract/types';

interface Bucket {
  left: number;
  at: number;
}

export interface RateLimit {
  /** Takes one request; milliseconds to wait when there is none left. */
  take(address: string): number;
}

/** Beyond this many addresses the oldest is forgotten: a flood of addresses must not fill the memory. */
const ADDRESSES_MAX = 20_000;

export function createRateLimit(env: Pick<Env, 'now'>, perMinuteMax: number): RateLimit {
  const buckets = new Map<string, Bucket>();
  return {
    take(address) {
      if (perMinuteMax === 0) return 0;
      const now = env.now();
      const known = buckets.get(address);
      const left = known
        ? Math.min(perMinuteMax, known.left + ((now - known.at) * perMinuteMax) / 60_000)
        : perMinuteMax;
      // Deleted and set again, so that the map stays in order of last use.
      buckets.delete(address);
      buckets.set(address, { left: Math.max(0, left - 1), at: now });
      const oldest = buckets.keys().next();
      if (buckets.size > ADDRESSES_MAX && !oldest.done) buckets.delete(oldest.value);
      return left >= 1 ? 0 : Math.ceil(((1 - left) * 60_000) / perMinuteMax);
    },
  };
}
