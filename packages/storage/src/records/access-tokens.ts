/** Bearer tokens: their ids, owners and hashes; never the tokens. */
import type { Insertable, Selectable, Updateable } from 'kysely';
import { prepared } from '../database/prepared.ts';
import type { Executor } from '../database/transaction.ts';
import type { Schema } from './schema.ts';

export type AccessTokenRow = Selectable<Schema['accessTokens']>;

export async function insertAccessToken(db: Executor, row: Insertable<Schema['accessTokens']>): Promise<void> {
  await db.insertInto('accessTokens').values(row).execute();
}

/** An access token together with what matters of its owner and organisation: one look-up for each request. */
export interface SessionRow extends AccessTokenRow {
  readonly username: string;
  readonly userKind: string;
  readonly isUserActive: boolean;
  readonly isServiceAccount: boolean;
  /** Head of the organisation's chain: which state its permissions are read from. */
  readonly orgHead: string;
}

const sessions = prepared(
  (db, tokenId) =>
    db
      .selectFrom('accessTokens')
      .innerJoin('users', 'users.id', 'accessTokens.userId')
      .innerJoin('organisations', 'organisations.id', 'accessTokens.orgId')
      .selectAll('accessTokens')
      .select([
        'users.username',
        'users.kind as userKind',
        'users.isActive as isUserActive',
        'users.isServiceAccount',
        'organisations.head as orgHead',
      ])
      .where('accessTokens.id', '=', tokenId),
  1,
);

export async function findSession(db: Executor, tokenId: string): Promise<SessionRow | undefined> {
  const [row] = await sessions(db, tokenId);
  return row;
}

export function findAccessToken(db: Executor, id: string): Promise<AccessTokenRow | undefined> {
  return db.selectFrom('accessTokens').selectAll().where('id', '=', id).executeTakeFirst();
}

export function listAccessTokens(db: Executor, orgId: string, userId: string, kind: string): Promise<AccessTokenRow[]> {
  return db
    .selectFrom('accessTokens')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('userId', '=', userId)
    .where('kind', '=', kind)
    .where('isArchived', '=', false)
    .orderBy('seq', 'desc')
    .execute();
}

/** Ends one token for good; true for the one caller that ended it. */
export async function endAccessToken(db: Executor, id: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('accessTokens')
    .set({ isActive: false })
    .where('id', '=', id)
    .where('isActive', '=', true)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** What the chain, or its owner, says of a token now. */
export async function updateAccessToken(
  db: Executor,
  id: string,
  change: Pick<Updateable<Schema['accessTokens']>, 'isActive' | 'isArchived' | 'name' | 'externalId'>,
): Promise<void> {
  await db.updateTable('accessTokens').set(change).where('id', '=', id).execute();
}

/** Ends every open token of a user, or those of one kind. */
export async function endAccessTokens(db: Executor, userId: string, kind?: string): Promise<void> {
  await db
    .updateTable('accessTokens')
    .set({ isActive: false })
    .where('userId', '=', userId)
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind as string))
    .execute();
}

/** Removes login tokens that could no longer be used by anybody. */
export async function deleteExpiredLogins(db: Executor, before: string): Promise<void> {
  await db
    .deleteFrom('accessTokens')
    .where('kind', 'in', ['Token', 'Temp'])
    .where('dateExpires', '<', before)
    .execute();
}
