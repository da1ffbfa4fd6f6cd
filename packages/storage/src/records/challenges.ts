/**
 * Challenges handed out: for user actions, logins, registrations and new credentials. Open → Signed → Used, each
 * step one atomic update that exactly one caller wins.
 */
import { type Selectable, sql } from 'kysely';
import { gathered } from '../database/gathered.ts';
import type { Executor } from '../database/transaction.ts';
import type { Schema } from './schema.ts';

export type ChallengeRow = Selectable<Schema['challenges']>;
export type ChallengeUse = 'UserAction' | 'Login' | 'Registration' | 'Credential' | 'Recovery';

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
  secret?: string;
  payloadMac?: string;
}

export const insertChallenge = gathered(async (db: Executor, rows: readonly NewChallenge[]): Promise<undefined[]> => {
  await db
    .insertInto('challenges')
    .values(
      rows.map(({ request, tokens, credentialKind, secret, payloadMac, ...row }) => ({
        ...row,
        method: request?.method ?? null,
        path: request?.path ?? null,
        query: request?.query ?? null,
        payload: request?.payload ?? null,
        tokens: tokens === undefined ? null : JSON.stringify(tokens),
        credentialKind: credentialKind ?? null,
        secret: secret ?? null,
        payloadMac: payloadMac ?? null,
        status: 'Open' as const,
      })),
    )
    .execute();
  return rows.map(() => undefined);
});

export const findChallenge: (db: Executor, id: string) => Promise<ChallengeRow | undefined> = gathered(
  async (db, ids: readonly string[]) => {
    const rows = await db
      .selectFrom('challenges')
      .selectAll()
      .where('id', '=', sql<string>`any(${[...new Set(ids)]}::text[])`)
      .execute();
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id));
  },
);

/** The first of several callers with one id; what a statement answers for an id is the first one's. */
const firstOf = (ids: readonly string[]): boolean[] => ids.map((id, at) => ids.indexOf(id) === at);

const signAll = gathered(
  async (db, items: readonly { readonly id: string; readonly assertion: unknown }[]): Promise<boolean[]> => {
    const isFirst = firstOf(items.map(({ id }) => id));
    const given = JSON.stringify(items.filter((_, at) => isFirst[at]));
    const { rows } = await sql<{ id: string }>`
      update challenges set status = 'Signed', assertion = given.assertion
      from jsonb_to_recordset(${given}::jsonb) as given (id text, assertion jsonb)
      where challenges.id = given.id and challenges.status = 'Open'
      returning challenges.id`.execute(db);
    const done = new Set(rows.map(({ id }) => id));
    return items.map(({ id }, at) => isFirst[at] === true && done.has(id));
  },
);

/** Stores the verified assertion; true for the one caller that signed it. */
export function signChallenge(db: Executor, id: string, assertion: unknown): Promise<boolean> {
  return signAll(db, { id, assertion });
}

const useAll = (from: 'Open' | 'Signed') =>
  gathered(async (db, items: readonly { readonly id: string; readonly date: string | null }[]): Promise<boolean[]> => {
    const ids = items.map(({ id }) => id);
    const rows = await db
      .updateTable('challenges')
      // Gathered within moments, so one time is everybody's.
      .set({ status: 'Used', dateUsed: items[0]?.date ?? null })
      .where('id', '=', sql<string>`any(${[...new Set(ids)]}::text[])`)
      .where('status', '=', from)
      .returning('id')
      .execute();
    const done = new Set(rows.map(({ id }) => id));
    const isFirst = firstOf(ids);
    return ids.map((id, at) => isFirst[at] === true && done.has(id));
  });
const uses = { Open: useAll('Open'), Signed: useAll('Signed') };

/** Spends a challenge; true for the one caller that got it, however many try at once. */
export function useChallenge(db: Executor, id: string): Promise<boolean> {
  return uses.Open(db, { id, date: null });
}

/** Spends a signed user action, which stays as a line of the audit log; true for the one caller that got it. */
export function spendUserAction(db: Executor, id: string, date: string): Promise<boolean> {
  return uses.Signed(db, { id, date });
}

const spent = (db: Executor, orgId: string) =>
  db
    .selectFrom('challenges')
    .where('challenges.orgId', '=', orgId)
    .where('challenges.kind', '=', 'UserAction')
    .where('challenges.status', '=', 'Used');

/** The audit log of an organisation: spent user actions, oldest first, both times included. */
export function listSpentActions(
  db: Executor,
  o: { orgId: string; from: string; to: string; userId?: string | undefined; limit: number },
): Promise<ChallengeRow[]> {
  const { userId } = o;
  return spent(db, o.orgId)
    .selectAll()
    .where('dateUsed', '>=', o.from)
    .where('dateUsed', '<=', o.to)
    .$if(userId !== undefined, (query) => query.where('userId', '=', userId as string))
    .orderBy('dateUsed')
    .orderBy('id')
    .limit(o.limit)
    .execute();
}

export function findSpentAction(db: Executor, orgId: string, id: string): Promise<ChallengeRow | undefined> {
  return spent(db, orgId).selectAll().where('id', '=', id).executeTakeFirst();
}

/** Voids what a user was given before: only the newest registration can be completed. */
export async function voidRegistrations(db: Executor, orgId: string, userId: string): Promise<void> {
  await db
    .updateTable('challenges')
    .set({ status: 'Used' })
    .where('orgId', '=', orgId)
    .where('userId', '=', userId)
    .where('kind', '=', 'Registration')
    .where('status', '=', 'Open')
    .execute();
}

/** All but spent user actions, which are the audit log. */
export async function deleteExpiredChallenges(db: Executor, before: string): Promise<void> {
  await db
    .deleteFrom('challenges')
    .where('dateExpires', '<', before)
    .where((eb) => eb.or([eb('kind', '!=', 'UserAction'), eb('status', '!=', 'Used')]))
    .execute();
}
