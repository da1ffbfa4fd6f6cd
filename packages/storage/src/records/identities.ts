/** Who somebody is at an identity provider, and single sign-ons under way. */
import type { Insertable, Selectable } from 'kysely';
import type { Executor } from '../database/transaction.ts';
import type { Schema } from './schema.ts';

export type ExternalIdentityRow = Selectable<Schema['externalIdentities']>;
export type SsoStateRow = Selectable<Schema['ssoStates']>;

export function findExternalIdentity(
  db: Executor,
  orgId: string,
  { issuer, subject }: { readonly issuer: string; readonly subject: string },
): Promise<ExternalIdentityRow | undefined> {
  return db
    .selectFrom('externalIdentities')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();
}

/**
 * The row as it then stands: whoever came first stays. Undefined where the user is another subject of this issuer already; the
 * user's row is held, so that of two at once one is first.
 */
export async function linkExternalIdentity(
  tx: Executor,
  row: Insertable<Schema['externalIdentities']>,
): Promise<ExternalIdentityRow | undefined> {
  const { orgId, issuer, subject, userId } = row;
  await tx.selectFrom('users').select('id').where('id', '=', userId).forUpdate().execute();
  const other = await tx
    .selectFrom('externalIdentities')
    .select('subject')
    .where('orgId', '=', orgId)
    .where('issuer', '=', issuer)
    .where('userId', '=', userId)
    .where('subject', '!=', subject)
    .executeTakeFirst();
  if (other !== undefined) return undefined;
  await tx
    .insertInto('externalIdentities')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const linked = await findExternalIdentity(tx, row.orgId, row);
  if (linked === undefined) throw new TypeError('an identity that was linked is not there');
  return linked;
}

/** Removes whatever has expired as well: anybody may begin, and few come back. */
export async function insertSsoState(db: Executor, row: Insertable<Schema['ssoStates']>, now: string): Promise<void> {
  await db.deleteFrom('ssoStates').where('dateExpires', '<', now).execute();
  await db.insertInto('ssoStates').values(row).execute();
}

/** Gives a state to the one caller that asks first. */
export async function takeSsoState(db: Executor, hash: string, now: string): Promise<SsoStateRow | undefined> {
  const row = await db.deleteFrom('ssoStates').where('hash', '=', hash).returningAll().executeTakeFirst();
  return row !== undefined && row.dateExpires > now ? row : undefined;
}
