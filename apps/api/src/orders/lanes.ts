/**
 * One thing at a time for each wallet: two transactions that were completed at once would take the same nonce, or the
 * same coins. Wallets do not wait for one another.
 */
import { refuse } from '@holdfast/contract/errors';

/** Orders of one wallet that wait for their completion, a few node calls each. */
const WAITING_MAX = 1024;

export interface Lanes {
  /** Runs `work` when everything asked for this wallet before has ended. Refuses E_QUEUE_FULL. */
  run<T>(walletId: string, work: () => Promise<T>): Promise<T>;
}

export function createLanes(): Lanes {
  const lanes = new Map<string, { last: Promise<unknown>; waiting: number }>();
  return {
    async run(walletId, work) {
      const lane = lanes.get(walletId) ?? { last: Promise.resolve(), waiting: 0 };
      if (lane.waiting >= WAITING_MAX) refuse('E_QUEUE_FULL', undefined, { waiting: lane.waiting, retryAfterS: 2 });
      lanes.set(walletId, lane);
      lane.waiting += 1;
      const mine = lane.last.then(work, work);
      // The next one begins whatever became of this one, which its own caller is told.
      lane.last = mine.catch(() => undefined);
      try {
        return await mine;
      } finally {
        lane.waiting -= 1;
        if (lane.waiting === 0) lanes.delete(walletId);
      }
    },
  };
}
