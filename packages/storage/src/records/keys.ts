/** Keys, the signers' statements on them, and the marks signers set on records. */
import type { Insertable, Selectable, Updateable } from 'kysely';
import type { Executor } from '../database/transaction.ts';
import { type Page, type Paging, readPage } from './paging.ts';
import type { Schema } from './schema.ts';

export type KeyRow = Selectable<Schema['keys']>;
export type KeyStatementRow = Selectable<Schema['keyStatements']>;
export type RecordMarkRow = Selectable<Schema['recordMarks']>;

/** Every column, for joins. */
export const KEY_COLUMNS = [
  'id',
  'seq',
  'orgId',
  'scheme',
  'curve',
  'protocol',
  'publicKey',
  'epoch',
  'name',
  'status',
  'isCustodial',
  'isImported',
  'isExported',
  'isMaster',
  'derivedFrom',
  'derivedPath',
  'ownerId',
  'nullifier',
  'dateCreated',
  'dateExported',
  'dateDeleted',
] as const satisfies readonly (keyof Schema['keys'])[];

export async function insertKey(
  tx: Executor,
  row: Insertable<Schema['keys']>,
  statements: readonly { index: number; signature: string }[],
): Promise<void> {
  // The database numbers rows itself; a row that was made to be shown carries a number that means nothing.
  const { seq: _, ...values } = row;
  await tx.insertInto('keys').values(values).execute();
  if (statements.length === 0) return;
  await tx
    .insertInto('keyStatements')
    .values(statements.map(({ index, signature }) => ({ keyId: row.id, signerIndex: index, signature })))
    .execute();
}

export function findKey(db: Executor, orgId: string, id: string): Promise<KeyRow | undefined> {
  return db.selectFrom('keys').selectAll().where('orgId', '=', orgId).where('id', '=', id).executeTakeFirst();
}

/** Whichever organisation it belongs to: for what concerns the cluster, never for a request. */
export function findKeyOfCluster(db: Executor, id: string): Promise<KeyRow | undefined> {
  return db.selectFrom('keys').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The key's shares are of another sharing now: its name and the five statements on it. */
export async function replaceKeyEpoch(
  tx: Executor,
  change: {
    readonly keyId: string;
    readonly epoch: string;
    readonly statements: readonly { readonly index: number; readonly signature: string }[];
  },
): Promise<void> {
  const { keyId, epoch, statements } = change;
  await tx.updateTable('keys').set({ epoch }).where('id', '=', keyId).execute();
  await tx.deleteFrom('keyStatements').where('keyId', '=', keyId).execute();
  await tx
    .insertInto('keyStatements')
    .values(statements.map(({ index, signature }) => ({ keyId, signerIndex: index, signature })))
    .execute();
}

/** The key if any organisation of the cluster holds it and it was not exported. */
export function findKeyByPublicKey(db: Executor, curve: string, publicKey: string): Promise<KeyRow | undefined> {
  return db
    .selectFrom('keys')
    .selectAll()
    .where('curve', '=', curve)
    .where('publicKey', '=', publicKey)
    .where('isExported', '=', false)
    .executeTakeFirst();
}

export function listKeys(
  db: Executor,
  filter: { orgId: string; ownerId?: string | undefined },
  paging: Paging,
): Promise<Page<KeyRow>> {
  const { orgId, ownerId } = filter;
  return readPage(['keys', orgId, ownerId], paging, (before, limit) =>
    db
      .selectFrom('keys')
      .selectAll()
      .where('orgId', '=', orgId)
      .$if(ownerId !== undefined, (query) => query.where('ownerId', '=', ownerId as string))
      .where('seq', '<', before)
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute(),
  );
}

/** Paths of the children of one master, archived ones included: a path is never given twice. */
export async function listChildPaths(db: Executor, orgId: string, masterId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('keys')
    .select('derivedPath')
    .where('orgId', '=', orgId)
    .where('derivedFrom', '=', masterId)
    .execute();
  return rows.flatMap(({ derivedPath }) => derivedPath ?? []);
}

/** How many children of one master are not archived. */
export async function countActiveChildren(db: Executor, orgId: string, masterId: string): Promise<number> {
  const { count } = await db
    .selectFrom('keys')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('orgId', '=', orgId)
    .where('derivedFrom', '=', masterId)
    .where('status', '=', 'Active')
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function updateKey(
  tx: Executor,
  orgId: string,
  id: string,
  change: Pick<
    Updateable<Schema['keys']>,
    'name' | 'status' | 'isExported' | 'dateExported' | 'dateDeleted' | 'ownerId' | 'isCustodial'
  >,
): Promise<void> {
  await tx.updateTable('keys').set(change).where('orgId', '=', orgId).where('id', '=', id).execute();
}

export function listKeyStatements(db: Executor, keyId: string): Promise<KeyStatementRow[]> {
  return db.selectFrom('keyStatements').selectAll().where('keyId', '=', keyId).orderBy('signerIndex').execute();
}

/** Adds marks; one that is known already stays as it is. */
export async function addRecordMarks(
  tx: Executor,
  marks: readonly {
    org: string;
    recordId: string;
    mark: string;
    index: number;
    nullifier: string;
    signature: string;
  }[],
): Promise<void> {
  if (marks.length === 0) return;
  await tx
    .insertInto('recordMarks')
    .values(marks.map(({ org, index, ...mark }) => ({ ...mark, orgId: org, signerIndex: index })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export function listRecordMarks(db: Executor, orgId: string, recordId: string): Promise<RecordMarkRow[]> {
  return db
    .selectFrom('recordMarks')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('recordId', '=', recordId)
    .orderBy('signerIndex')
    .execute();
}

/** Marks with fewer signers than the cluster has: what `RecordCatchUp` still has to deliver. */
export function listIncompleteMarks(
  db: Executor,
  signers: number,
): Promise<{ orgId: string; recordId: string; mark: string; nullifier: string }[]> {
  return db
    .selectFrom('recordMarks')
    .select(['orgId', 'recordId', 'mark', 'nullifier'])
    .groupBy(['orgId', 'recordId', 'mark', 'nullifier'])
    .having((eb) => eb.fn.countAll<number>(), '<', signers)
    .execute();
}

/** Remembers an accepted ciphertext; false when it was used before. */
export async function useCiphertext(tx: Executor, row: Insertable<Schema['usedCiphertexts']>): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('usedCiphertexts')
    .values(row)
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Several keys at once, for lists that show each wallet with its key. */
export function findKeys(db: Executor, orgId: string, ids: readonly string[]): Promise<KeyRow[]> {
  if (ids.length === 0) return Promise.resolve([]);
  return db.selectFrom('keys').selectAll().where('orgId', '=', orgId).where('id', 'in', ids).execute();
}
