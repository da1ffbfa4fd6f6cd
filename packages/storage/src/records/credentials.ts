/** Credentials: the public halves users sign with. */
import type { Insertable, Selectable, Updateable } from 'kysely';
import { prepared } from '../database/prepared.ts';
import type { Executor } from '../database/transaction.ts';
import type { Schema } from './schema.ts';

/** In one answer; what waits beyond it shows when the first are dealt with. */
const UNCONFIRMED_MAX = 1000;

export type CredentialRow = Selectable<Schema['credentials']>;

export async function insertCredential(tx: Executor, row: Insertable<Schema['credentials']>): Promise<void> {
  await tx.insertInto('credentials').values(row).execute();
}

/**
 * What the chain says of a credential, over whatever the api knew before: one that was enrolled by code takes the
 * chain's uuid, name and key when it is confirmed. A passkey's counter stays.
 */
export async function putConfirmedCredential(
  tx: Executor,
  row: Omit<Insertable<Schema['credentials']>, 'isConfirmed' | 'counter'>,
): Promise<void> {
  const { dateCreated, ...chain } = row;
  await tx
    .insertInto('credentials')
    .values({ ...chain, dateCreated, isConfirmed: true, counter: 0 })
    .onConflict((conflict) => conflict.columns(['orgId', 'credentialId']).doUpdateSet({ ...chain, isConfirmed: true }))
    .execute();
}

const byCredentialId = prepared(
  (db, orgId, credentialId) =>
    db.selectFrom('credentials').selectAll().where('orgId', '=', orgId).where('credentialId', '=', credentialId),
  2,
);

export async function findCredential(
  db: Executor,
  orgId: string,
  credentialId: string,
): Promise<CredentialRow | undefined> {
  const [row] = await byCredentialId(db, orgId, credentialId);
  return row;
}

/** The first user of any organisation that has enrolled this id; who enrols another is told no. */
export function findCredentialAnywhere(db: Executor, credentialId: string): Promise<CredentialRow | undefined> {
  return db
    .selectFrom('credentials')
    .selectAll()
    .where('credentialId', '=', credentialId)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
}

export function findCredentialByUuid(db: Executor, orgId: string, uuid: string): Promise<CredentialRow | undefined> {
  return db
    .selectFrom('credentials')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('uuid', '=', uuid)
    .executeTakeFirst();
}

const ofUser = prepared(
  (db, orgId, userId) =>
    db
      .selectFrom('credentials')
      .selectAll()
      .where('orgId', '=', orgId)
      .where('userId', '=', userId)
      .where('tokenId', 'is', null)
      .orderBy('seq', 'desc'),
  2,
);

/** A user's own: keys of personal access tokens are not among them. */
export function listCredentials(db: Executor, orgId: string, userId: string): Promise<CredentialRow[]> {
  return ofUser(db, orgId, userId);
}

export interface UnconfirmedCredential {
  readonly userId: string;
  readonly username: string;
  readonly userKind: string;
  readonly credentialId: string;
  readonly uuid: string;
  readonly kind: string;
  readonly name: string;
  readonly publicKey: string;
  readonly dateCreated: string;
}

/** What signers do not know yet, of users who are active; the first that waits is the first told. */
export function listUnconfirmed(db: Executor, orgId: string): Promise<UnconfirmedCredential[]> {
  return (
    db
      .selectFrom('credentials')
      .innerJoin('users', 'users.id', 'credentials.userId')
      .select([
        'credentials.userId',
        'users.username',
        'users.kind as userKind',
        'credentials.credentialId',
        'credentials.uuid',
        'credentials.kind',
        'credentials.name',
        'credentials.publicKey',
        'credentials.dateCreated',
      ])
      .where('credentials.orgId', '=', orgId)
      .where('credentials.isConfirmed', '=', false)
      // What signers never hear of waits for nobody.
      .where('credentials.secret', 'is', null)
      .where('credentials.isActive', '=', true)
      .where('users.isActive', '=', true)
      .orderBy('credentials.seq')
      .limit(UNCONFIRMED_MAX)
      .execute()
  );
}

export async function updateCredential(
  tx: Executor,
  orgId: string,
  uuid: string,
  change: Pick<
    Updateable<Schema['credentials']>,
    'encryptedPrivateKey' | 'isActive' | 'isConfirmed' | 'name' | 'origin' | 'relyingPartyId' | 'secret'
  >,
): Promise<void> {
  await tx.updateTable('credentials').set(change).where('orgId', '=', orgId).where('uuid', '=', uuid).execute();
}

/** What the chain does not know of a user: passwords, one-time codes, keys that nobody confirmed. */
export async function deactivateUnconfirmed(tx: Executor, orgId: string, userId: string): Promise<void> {
  await tx
    .updateTable('credentials')
    .set({ isActive: false })
    .where('orgId', '=', orgId)
    .where('userId', '=', userId)
    .where('isConfirmed', '=', false)
    .execute();
}

/**
 * Moves a passkey's counter on, in one statement: true if `counter` is above the stored one, or both are zero
 * (synced passkeys never count).
 */
export async function raiseCounter(db: Executor, uuid: string, counter: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('credentials')
    .set({ counter })
    .where('uuid', '=', uuid)
    .where((eb) => eb.or([eb('counter', '<', counter), eb.and([eb('counter', '=', 0), eb.val(counter === 0)])]))
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
