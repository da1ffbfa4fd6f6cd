/** Subscriptions. */
import type { ClusterEnv } from './env.ts';

/** Subscribers of one kind of event; a subscriber that throws does not silence the next one. */
export function createListeners<A extends readonly unknown[]>(env: ClusterEnv, name: string) {
  const listeners = new Set<(...args: A) => void>();
  return {
    add(listener: (...args: A) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    call(...args: A): void {
      for (const listener of listeners) {
        try {
          listener(...args);
        } catch (error) {
          // A fault of the subscriber: it must not end a connection that others use.
          env.log('cluster.listener-failed', {
            listener: name,
            error: error instanceof Error ? error.message : 'unknown',
          });
        }
      }
    },
    get size(): number {
      return listeners.size;
    },
  };
}
