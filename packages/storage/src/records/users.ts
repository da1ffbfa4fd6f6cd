/** Users and service accounts of an organisation: what the chain says of them, and what only the api needs. */
import type { Insertable, Selectable, Updateable } from 'kysely';
import type { Executor } from '../database/transaction.ts';
import { type Page, type Paging, readPage } from './paging.ts';
import type { Schema } from './schema.ts';

export type UserRow = Selectable<Schema['users']>;

export async function insertUser(tx: Executor, row: Insertable<Schema['users']>): Promise<void> {
  await tx.insertInto('users').values(row).execute();
}

export function findUser(db: Executor, orgId: string, id: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('orgId', '=', orgId).where('id', '=', id).executeTakeFirst();
}

/** People only: names of service accounts are labels, and two may have the same. */
export function findUserByUsername(db: Executor, orgId: string, username: string): Promise<UserRow | undefined> {
  return db
    .selectFrom('users')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('username', '=', username)
    .where('isServiceAccount', '=', false)
    .executeTakeFirst();
}

export function listUsers(
  db: Executor,
  filter: { orgId: string; kind?: string | undefined },
  paging: Paging,
): Promise<Page<UserRow>> {
  const { orgId, kind } = filter;
  return readPage(['users', orgId, kind], paging, (before, limit) =>
    db
      .selectFrom('users')
      .selectAll()
      .where('orgId', '=', orgId)
      .where('isServiceAccount', '=', false)
      .where('isArchived', '=', false)
      .$if(kind !== undefined, (query) => query.where('kind', '=', kind as string))
      .where('seq', '<', before)
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute(),
  );
}

/** All of them: the client does not page this list. */
export function listServiceAccounts(db: Executor, orgId: string): Promise<UserRow[]> {
  return db
    .selectFrom('users')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('isServiceAccount', '=', true)
    .where('isArchived', '=', false)
    .orderBy('seq', 'desc')
    .execute();
}

export async function updateUser(
  tx: Executor,
  orgId: string,
  id: string,
  change: Pick<
    Updateable<Schema['users']>,
    'isActive' | 'isArchived' | 'isRegistered' | 'isSsoRequired' | 'name' | 'username' | 'externalId'
  >,
): Promise<void> {
  await tx.updateTable('users').set(change).where('orgId', '=', orgId).where('id', '=', id).execute();
}
