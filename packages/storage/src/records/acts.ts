/**
 * What users signed and the api set in motion at the signers: noted before the first command leaves, so that a
 * crash leaves a trace to finish from, and kept as the evidence an absent signer is brought up with.
 */
import type { Selectable } from 'kysely';
import type { Executor } from '../database/transaction.ts';
import { type Page, type Paging, readPage } from './paging.ts';
import type { Schema } from './schema.ts';

export type ActRow = Selectable<Schema['acts']>;

export interface NewAct {
  nullifier: string;
  orgId: string;
  userId: string;
  tokenId: string | null;
  operation: string;
  method: string;
  path: string;
  payload: string;
  assertion: unknown;
  dateCreated: string;
}

/** False when this act was noted before. */
export async function startAct(db: Executor, { assertion, ...row }: NewAct): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('acts')
    .values({ ...row, assertion: JSON.stringify(assertion), status: 'Started' })
    .onConflict((conflict) => conflict.column('nullifier').doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export async function finishAct(
  db: Executor,
  nullifier: string,
  outcome: { status: 'Done' | 'Failed'; recordId?: string; reason?: string; dateResolved: string },
): Promise<void> {
  await db
    .updateTable('acts')
    .set({
      status: outcome.status,
      recordId: outcome.recordId ?? null,
      reason: outcome.reason ?? null,
      dateResolved: outcome.dateResolved,
    })
    .where('nullifier', '=', nullifier)
    .execute();
}

export function findAct(db: Executor, nullifier: string): Promise<ActRow | undefined> {
  return db.selectFrom('acts').selectAll().where('nullifier', '=', nullifier).executeTakeFirst();
}

export async function findActs(db: Executor, nullifiers: readonly string[]): Promise<ActRow[]> {
  if (nullifiers.length === 0) return [];
  return db.selectFrom('acts').selectAll().where('nullifier', 'in', nullifiers).execute();
}

/** What was done by some operations, newest first. */
export function listActs(
  db: Executor,
  { orgId, operations }: { orgId: string; operations: readonly string[] },
  paging: Paging,
): Promise<Page<ActRow>> {
  return readPage(['acts', orgId, ...operations], paging, (before, limit) =>
    db
      .selectFrom('acts')
      .selectAll()
      .where('orgId', '=', orgId)
      .where('operation', 'in', operations)
      .where('status', '=', 'Done')
      .where('seq', '<', before)
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute(),
  );
}

/** Acts a crash left in the middle, oldest first. */
export function listStartedActs(db: Executor, limit = 1000): Promise<ActRow[]> {
  return db.selectFrom('acts').selectAll().where('status', '=', 'Started').orderBy('seq').limit(limit).execute();
}

export function listActsOf(db: Executor, recordId: string): Promise<ActRow[]> {
  return db.selectFrom('acts').selectAll().where('recordId', '=', recordId).orderBy('seq').execute();
}
