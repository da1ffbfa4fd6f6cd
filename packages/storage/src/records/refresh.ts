/** Rounds of refresh (docs/specs/refresh.md §4): which keys still have their turn to come, and what became of the others. */
import type { Selectable } from 'kysely';
import type { Executor } from '../database/transaction.ts';
import type { KeyRow } from './keys.ts';
import type { Schema } from './schema.ts';

export type RefreshRoundRow = Selectable<Schema['refreshRound']>;

const ONLY = 1;

export function findRefreshRound(db: Executor): Promise<RefreshRoundRow | undefined> {
  return db.selectFrom('refreshRound').selectAll().where('id', '=', ONLY).executeTakeFirst();
}

/** Begins a round in place of the last one. */
export async function beginRefreshRound(tx: Executor, round: { cause: string; dateStarted: string }): Promise<void> {
  const values = { ...round, state: 'Running', dateEnded: null };
  await tx
    .insertInto('refreshRound')
    .values({ id: ONLY, ...values })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
    .execute();
}

export async function endRefreshRound(tx: Executor, end: { state: string; dateEnded: string }): Promise<void> {
  await tx.updateTable('refreshRound').set(end).where('id', '=', ONLY).where('state', '=', 'Running').execute();
}

/** When the oldest key that is not exported was made; undefined where there is none. */
export async function oldestKeyDate(db: Executor): Promise<string | undefined> {
  const row = await db
    .selectFrom('keys')
    .select('dateCreated')
    .where('isExported', '=', false)
    .where('derivedFrom', 'is', null)
    .orderBy('dateCreated')
    .limit(1)
    .executeTakeFirst();
  return row?.dateCreated;
}

/** Of the keys that were there when the round began, are not exported, and have shares of their own: a child has its master's. */
export interface RefreshCounts {
  readonly keys: number;
  readonly refreshed: number;
  /** Tried in this round without success so far. */
  readonly failed: number;
}

export async function countRefreshes(db: Executor, dateStarted: string): Promise<RefreshCounts> {
  const row = await db
    .selectFrom('keys')
    .leftJoin('keyRefreshes', 'keyRefreshes.keyId', 'keys.id')
    .where('keys.isExported', '=', false)
    .where('keys.derivedFrom', 'is', null)
    .where('keys.dateCreated', '<', dateStarted)
    .select((eb) => [
      eb.fn.countAll<number>().as('keys'),
      eb.fn.countAll<number>().filterWhere('keyRefreshes.dateRefreshed', '>=', dateStarted).as('refreshed'),
      eb.fn
        .countAll<number>()
        .filterWhere((where) =>
          where.and([
            where('keyRefreshes.dateTried', '>=', dateStarted),
            where.or([
              where('keyRefreshes.dateRefreshed', 'is', null),
              where('keyRefreshes.dateRefreshed', '<', dateStarted),
            ]),
          ]),
        )
        .as('failed'),
    ])
    .executeTakeFirstOrThrow();
  return { keys: Number(row.keys), refreshed: Number(row.refreshed), failed: Number(row.failed) };
}

/** The keys whose turn it is, at most `limit`: never tried ones first; one that failed again after `triedBefore`. */
export function nextToRefresh(
  db: Executor,
  o: { readonly dateStarted: string; readonly triedBefore: string; readonly limit: number },
): Promise<KeyRow[]> {
  return db
    .selectFrom('keys')
    .leftJoin('keyRefreshes', 'keyRefreshes.keyId', 'keys.id')
    .selectAll('keys')
    .where('keys.isExported', '=', false)
    .where('keys.derivedFrom', 'is', null)
    .where('keys.dateCreated', '<', o.dateStarted)
    .where((where) =>
      where.and([
        where.or([
          where('keyRefreshes.dateRefreshed', 'is', null),
          where('keyRefreshes.dateRefreshed', '<', o.dateStarted),
        ]),
        where.or([
          where('keyRefreshes.dateTried', 'is', null),
          where('keyRefreshes.dateTried', '<', o.dateStarted),
          where('keyRefreshes.dateTried', '<', o.triedBefore),
        ]),
      ]),
    )
    .orderBy((order) => order.fn.coalesce('keyRefreshes.dateTried', 'keys.dateCreated'))
    .orderBy('keys.seq')
    .limit(o.limit)
    .execute();
}

/** One turn of a key. `reason`: why it did not succeed. */
export async function noteRefresh(
  tx: Executor,
  turn: { readonly keyId: string; readonly time: string; readonly reason: string | null },
): Promise<void> {
  const { keyId, time, reason } = turn;
  const values = { dateTried: time, reason, ...(reason === null ? { dateRefreshed: time } : {}) };
  await tx
    .insertInto('keyRefreshes')
    .values({ keyId, ...values })
    .onConflict((conflict) => conflict.column('keyId').doUpdateSet(values))
    .execute();
}

/** The newest reasons why keys of this round have not had new shares. */
export function listRefreshFailures(
  db: Executor,
  o: { readonly dateStarted: string; readonly limit: number },
): Promise<{ keyId: string; reason: string | null; dateTried: string }[]> {
  return db
    .selectFrom('keyRefreshes')
    .select(['keyId', 'reason', 'dateTried'])
    .where('reason', 'is not', null)
    .where('dateTried', '>=', o.dateStarted)
    .orderBy('dateTried', 'desc')
    .limit(o.limit)
    .execute();
}
