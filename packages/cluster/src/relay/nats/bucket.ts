/** A bound on how often strangers can cause work. */
import type { ClusterEnv } from '../../env.ts';

/** Takes `perSecond` on average and as many at once; false for what is too much. */
export function createBucket(env: Pick<ClusterEnv, 'now'>, perSecond: number): () => boolean {
  let tokens = perSecond;
  let at = env.now();
  return () => {
    const now = env.now();
    tokens = Math.min(perSecond, tokens + (Math.max(0, now - at) / 1000) * perSecond);
    at = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}
