/** Applications: what only the api keeps of them beside the chain, and the nonces of requests that they signed. */
import type { Insertable, Selectable, Updateable } from 'kysely';
import type { Executor } from '../database/transaction.ts';
import type { Schema } from './schema.ts';

export type ApplicationRow = Selectable<Schema['applications']>;

export async function insertApplication(db: Executor, row: Insertable<Schema['applications']>): Promise<void> {
  await db.insertInto('applications').values(row).execute();
}

/** Of any organisation: whoever names it may not have said yet who they are. */
export function findApplication(db: Executor, id: string): Promise<ApplicationRow | undefined> {
  return db.selectFrom('applications').selectAll().where('id', '=', id).executeTakeFirst();
}

/** All of them, the newest first: the client does not page this list. */
export function listApplications(db: Executor, orgId: string): Promise<ApplicationRow[]> {
  return db.selectFrom('applications').selectAll().where('orgId', '=', orgId).orderBy('seq', 'desc').execute();
}

export async function updateApplication(
  db: Executor,
  orgId: string,
  id: string,
  change: Pick<Updateable<Schema['applications']>, 'externalId' | 'tokenId' | 'tokenHash' | 'tokenExpires'>,
): Promise<void> {
  await db.updateTable('applications').set(change).where('orgId', '=', orgId).where('id', '=', id).execute();
}

/** Spends a nonce of one owner; true for the one caller, of however many processes, that spent it. */
export async function spendNonce(db: Executor, row: Insertable<Schema['requestNonces']>): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('requestNonces')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Those that are too old by their own date to be taken again. */
export async function deleteExpiredNonces(db: Executor, before: string): Promise<void> {
  await db.deleteFrom('requestNonces').where('dateExpires', '<', before).execute();
}
