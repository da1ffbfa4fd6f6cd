/** One-time codes that enrol credentials: an invited user's first one, or a further one on another device. Hashes only. */
import type { Insertable, Selectable } from 'kysely';
import type { Executor } from '../database/transaction.ts';
import type { Schema } from './schema.ts';

export type RegistrationCodeRow = Selectable<Schema['registrationCodes']>;

/** A new code makes the one before worthless. */
export async function putRegistrationCode(
  db: Executor,
  row: Omit<Insertable<Schema['registrationCodes']>, 'attempts'>,
): Promise<void> {
  const { userId, ...rest } = row;
  await db
    .insertInto('registrationCodes')
    .values({ ...row, attempts: 0 })
    .onConflict((conflict) => conflict.column('userId').doUpdateSet({ ...rest, attempts: 0 }))
    .execute();
}

/** Counts a try and returns the code as it then stands: the caller compares hash, count and expiry. */
export function tryRegistrationCode(db: Executor, userId: string): Promise<RegistrationCodeRow | undefined> {
  return db
    .updateTable('registrationCodes')
    .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
    .where('userId', '=', userId)
    .returningAll()
    .executeTakeFirst();
}

export async function deleteRegistrationCode(db: Executor, userId: string): Promise<void> {
  await db.deleteFrom('registrationCodes').where('userId', '=', userId).execute();
}

/** Codes that are mailed and open one challenge: for a recovery, or for a login with a protected key. */
export type MailedCodes = 'recoveryCodes' | 'loginCodes';
export type MailedCodeRow = Selectable<Schema[MailedCodes]>;

/** A new code makes the one before worthless. */
export async function putMailedCode(
  db: Executor,
  codes: MailedCodes,
  row: Omit<Insertable<Schema[MailedCodes]>, 'attempts'>,
): Promise<void> {
  const { userId, ...rest } = row;
  await db
    .insertInto(codes)
    .values({ ...row, attempts: 0 })
    .onConflict((conflict) => conflict.column('userId').doUpdateSet({ ...rest, attempts: 0 }))
    .execute();
}

/** Counts a try and returns the code as it then stands. */
export function tryMailedCode(db: Executor, codes: MailedCodes, userId: string): Promise<MailedCodeRow | undefined> {
  return db
    .updateTable(codes)
    .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
    .where('userId', '=', userId)
    .returningAll()
    .executeTakeFirst();
}

/** A code opens one challenge: true for the one caller that got it. */
export async function takeMailedCode(db: Executor, codes: MailedCodes, userId: string, hash: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom(codes)
    .where('userId', '=', userId)
    .where('hash', '=', hash)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

export type CredentialCodeRow = Selectable<Schema['credentialCodes']>;

export async function insertCredentialCode(db: Executor, row: Insertable<Schema['credentialCodes']>): Promise<void> {
  await db.insertInto('credentialCodes').values(row).execute();
}

/** Gives a code to the one caller that asks first, and removes whatever has expired. */
export async function takeCredentialCode(
  db: Executor,
  hash: string,
  now: string,
): Promise<CredentialCodeRow | undefined> {
  const row = await db.deleteFrom('credentialCodes').where('hash', '=', hash).returningAll().executeTakeFirst();
  await db.deleteFrom('credentialCodes').where('dateExpires', '<', now).execute();
  return row !== undefined && row.dateExpires > now ? row : undefined;
}
