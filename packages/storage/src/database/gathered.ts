/**
 * Statements that many requests need at once. A call that finds none of its kind under way goes at once; those that come
 * meanwhile make the next statement together, and one commit is waited for by all of them. None sees less than if it had
 * asked alone: what it shares begins after it has asked.
 */
import { conflictOf } from './errors.ts';
import type { Executor } from './transaction.ts';

/** Rows of one statement: enough for every connection of a busy api, and far below what an engine takes. */
const ITEMS_MAX = 256;

interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (out: O) => void;
  readonly reject: (error: unknown) => void;
}

interface Line<I, O> {
  waiting: Waiting<I, O>[];
  isBusy: boolean;
}

/**
 * `run` does for several items what it does for each: one answer per item, in order. It is all or nothing; where a unique
 * constraint refuses it, each item is tried by itself, so that a conflict stays with its author. Inside a transaction
 * nothing is gathered.
 */
export function gathered<I, O>(
  run: (db: Executor, items: readonly I[]) => Promise<readonly O[]>,
): (db: Executor, item: I) => Promise<O> {
  const lines = new WeakMap<Executor, Line<I, O>>();

  async function depart(db: Executor, line: Line<I, O>): Promise<void> {
    line.isBusy = true;
    while (line.waiting.length > 0) await settle(db, line.waiting.splice(0, ITEMS_MAX));
    line.isBusy = false;
  }

  async function settle(db: Executor, group: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const outs = await run(
        db,
        group.map(({ item }) => item),
      );
      for (const [k, { resolve }] of group.entries()) resolve(outs[k] as O);
    } catch (error) {
      if (group.length === 1 || conflictOf(error) === undefined) {
        for (const { reject } of group) reject(error);
        return;
      }
      for (const each of group) await settle(db, [each]);
    }
  }

  return async (db, item) => {
    if (db.isTransaction) return (await run(db, [item]))[0] as O;
    const line = lines.get(db) ?? { waiting: [], isBusy: false };
    lines.set(db, line);
    return new Promise<O>((resolve, reject) => {
      line.waiting.push({ item, resolve, reject });
      if (!line.isBusy) void depart(db, line);
    });
  };
}

interface Place<T> {
  now: Promise<T>;
  next: Promise<T> | undefined;
}

/** The same for reads: calls with the same `key` share one answer, which nobody may change. */
export function shared<T>(): (db: Executor, key: string, read: () => Promise<T>) => Promise<T> {
  const lines = new WeakMap<Executor, Map<string, Place<T>>>();

  function begin(line: Map<string, Place<T>>, key: string, read: () => Promise<T>): Promise<T> {
    const now = read();
    const place = line.get(key) ?? { now, next: undefined };
    place.now = now;
    place.next = undefined;
    line.set(key, place);
    const end = () => {
      if (place.now === now && place.next === undefined) line.delete(key);
    };
    now.then(end, end);
    return now;
  }

  return (db, key, read) => {
    if (db.isTransaction) return read();
    const line = lines.get(db) ?? new Map<string, Place<T>>();
    lines.set(db, line);
    const place = line.get(key);
    if (place === undefined) return begin(line, key, read);
    // One is under way, perhaps answered already from before this call: the next one begins when it has ended.
    const again = () => begin(line, key, read);
    place.next ??= place.now.then(again, again);
    return place.next;
  };
}
