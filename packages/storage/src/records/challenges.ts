/**
 * Challenges handed out: for user actions, logins, registrations and new credentials. Open → Signed → Used, each
 * step one atomic update that exactly one caller wins.
 */
import type { Selectable } from 'kysely';
import { prepared } from '../database/prepared.ts';
import type { Executor } from '../database/transaction.ts';
import type { Schema } from './schema.ts';

export type ChallengeRow = Selectable<Schema['challenges']>;
export type ChallengeUse = 'UserAction' | 'Login' | 'Registration' | 'Credential';

export interface NewChallenge {
  id: string;
  kind: ChallengeUse;
  orgId: string;
  userId: string | null;
  tokenId: string | null;
  challenge: string;
  nullifier: string;
  dateExpires: string;
  dateCreated: string;
  request?: { method: string; path: string; query: string | null; payload: string };
  tokens?: readonly unknown[];
  credentialKind?: string;
}

export async function insertChallenge(
  db: Executor,
  { request, tokens, credentialKind, ...row }: NewChallenge,
): Promise<void> {
  await db
    .insertInto('challenges')
    .values({
      ...row,
      ...request,
      tokens: tokens === undefined ? null : JSON.stringify(tokens),
      credentialKind: credentialKind ?? null,
      status: 'Open',
    })
    .execute();
}

const byId = prepared((db, id) => db.selectFrom('challenges').selectAll().where('id', '=', id), 1);

export async function findChallenge(db: Executor, id: string): Promise<ChallengeRow | undefined> {
  const [row] = await byId(db, id);
  return row;
}

/** Stores the verified assertion; true for the one caller that signed it. */
export async function signChallenge(db: Executor, id: string, assertion: unknown): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('challenges')
    .set({ status: 'Signed', assertion: JSON.stringify(assertion) })
    .where('id', '=', id)
    .where('status', '=', 'Open')
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Spends a challenge; true for the one caller that got it, however many try at once. */
export async function useChallenge(db: Executor, id: string, from: 'Open' | 'Signed'): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('challenges')
    .set({ status: 'Used' })
    .where('id', '=', id)
    .where('status', '=', from)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function deleteExpiredChallenges(db: Executor, before: string): Promise<void> {
  await db.deleteFrom('challenges').where('dateExpires', '<', before).execute();
}
