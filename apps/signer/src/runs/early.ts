/**
 * Messages that arrive before this signer has heard of their run: the api reaches five signers at five moments. Kept
 * for a short time within bounds of count and bytes per peer, so that a peer cannot fill the memory.
 */
import type { Env } from '@holdfast/contract/types';
import type { PeerMessage } from './peers.ts';

export interface EarlyMessages {
  keep(name: string, from: number, message: PeerMessage): void;
  take(name: string): { from: number; message: PeerMessage }[];
  drop(name: string): void;
}

/** One run of five parties needs at most 4 slots per peer; 256 runs may be early at once. */
export const EARLY_COUNT_MAX = 1024;
export const EARLY_BYTES_MAX = 1024 * 1024;
/** Longer than any delay between two commands of one api; shorter than a run's deadline. */
export const EARLY_MS_MAX = 5_000;

interface Kept {
  readonly name: string;
  readonly from: number;
  readonly message: PeerMessage;
  readonly bytes: number;
  readonly since: number;
}

export function createEarlyMessages(env: Pick<Env, 'now' | 'log'>): EarlyMessages {
  const byRun = new Map<string, Kept[]>();
  const load = new Map<number, { count: number; bytes: number }>();
  // In order of arrival, so that the oldest is looked at first.
  const order = new Set<Kept>();

  const forget = (kept: Kept): void => {
    order.delete(kept);
    const used = load.get(kept.from);
    if (used !== undefined) {
      used.count -= 1;
      used.bytes -= kept.bytes;
    }
  };
  const expire = (): void => {
    const now = env.now();
    for (const kept of order) {
      // A clock that was set back must not keep what came before that until it has caught up.
      if (kept.since > now - EARLY_MS_MAX && kept.since <= now) break;
      forget(kept);
      const rest = (byRun.get(kept.name) ?? []).filter((k) => k !== kept);
      if (rest.length === 0) byRun.delete(kept.name);
      else byRun.set(kept.name, rest);
    }
  };
  const remove = (name: string): Kept[] => {
    const list = byRun.get(name) ?? [];
    byRun.delete(name);
    for (const kept of list) forget(kept);
    return list;
  };

  return {
    keep(name, from, message) {
      expire();
      const used = load.get(from) ?? { count: 0, bytes: 0 };
      load.set(from, used);
      // 128: what a message costs beside its body.
      const bytes = message.body.length + (message.sig?.length ?? 0) + 128;
      if (used.count + 1 > EARLY_COUNT_MAX || used.bytes + bytes > EARLY_BYTES_MAX) {
        env.log('peer.early.dropped', { from });
        return;
      }
      used.count += 1;
      used.bytes += bytes;
      const kept: Kept = { name, from, message, bytes, since: env.now() };
      order.add(kept);
      const list = byRun.get(name);
      if (list === undefined) byRun.set(name, [kept]);
      else list.push(kept);
    },
    take(name) {
      expire();
      return remove(name).map(({ from, message }) => ({ from, message }));
    },
    drop(name) {
      remove(name);
    },
  };
}
