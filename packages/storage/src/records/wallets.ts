/** Wallets: a key bound to a network. */
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely';
import { prepared } from '../database/prepared.ts';
import type { Executor } from '../database/transaction.ts';
import { KEY_COLUMNS, type KeyRow } from './keys.ts';
import { type Page, type Paging, readPage } from './paging.ts';
import type { Schema } from './schema.ts';

export type WalletRow = Selectable<Schema['wallets']>;

export async function insertWallet(
  tx: Executor,
  row: Omit<Insertable<Schema['wallets']>, 'tags'> & { tags: readonly string[] },
): Promise<void> {
  const { seq: _, ...values } = row;
  await tx
    .insertInto('wallets')
    .values({ ...values, tags: JSON.stringify(row.tags) })
    .execute();
}

export function findWallet(db: Executor, orgId: string, id: string): Promise<WalletRow | undefined> {
  return db.selectFrom('wallets').selectAll().where('orgId', '=', orgId).where('id', '=', id).executeTakeFirst();
}

const walletsWithKeys = prepared(
  (db, orgId, id) =>
    db
      .selectFrom('wallets')
      .innerJoin('keys', (join) =>
        join.onRef('keys.id', '=', 'wallets.keyId').onRef('keys.orgId', '=', 'wallets.orgId'),
      )
      .selectAll('wallets')
      .select(KEY_COLUMNS.map((column) => `keys.${column} as key:${column}` as const))
      .where('wallets.orgId', '=', orgId)
      .where('wallets.id', '=', id),
  2,
);

/** A wallet and its key in one look-up. */
export async function findWalletAndKey(
  db: Executor,
  orgId: string,
  id: string,
): Promise<{ wallet: WalletRow; key: KeyRow } | undefined> {
  const [row] = await walletsWithKeys(db, orgId, id);
  if (row === undefined) return undefined;
  const wallet: Record<string, unknown> = {};
  const key: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (name.startsWith('key:')) key[name.slice(4)] = value;
    else wallet[name] = value;
  }
  return { wallet: wallet as WalletRow, key: key as KeyRow };
}

export function findWalletByExternalId(
  db: Executor,
  orgId: string,
  externalId: string,
): Promise<WalletRow | undefined> {
  return db
    .selectFrom('wallets')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('externalId', '=', externalId)
    .executeTakeFirst();
}

export function listWallets(
  db: Executor,
  filter: { orgId: string; ownerId?: string | undefined; network?: string | undefined },
  paging: Paging,
): Promise<Page<WalletRow>> {
  const { orgId, ownerId, network } = filter;
  return readPage(['wallets', orgId, ownerId, network], paging, (before, limit) =>
    db
      .selectFrom('wallets')
      .selectAll('wallets')
      .where('wallets.orgId', '=', orgId)
      .$if(network !== undefined, (query) => query.where('wallets.network', '=', network as string))
      .$if(ownerId !== undefined, (query) =>
        query.where('wallets.keyId', 'in', (eb) =>
          eb
            .selectFrom('keys')
            .select('keys.id')
            .where('keys.ownerId', '=', ownerId as string),
        ),
      )
      .where('wallets.seq', '<', before)
      .orderBy('wallets.seq', 'desc')
      .limit(limit)
      .execute(),
  );
}

export function listWalletsOfKey(db: Executor, orgId: string, keyId: string): Promise<WalletRow[]> {
  return db
    .selectFrom('wallets')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('keyId', '=', keyId)
    .orderBy('seq', 'desc')
    .execute();
}

export async function updateWallet(
  tx: Executor,
  orgId: string,
  id: string,
  change: Pick<Updateable<Schema['wallets']>, 'name' | 'externalId' | 'status' | 'dateDeleted' | 'address'>,
): Promise<void> {
  await tx.updateTable('wallets').set(change).where('orgId', '=', orgId).where('id', '=', id).execute();
}

/** Every wallet of a key goes with it. */
export async function archiveWalletsOfKey(
  tx: Executor,
  orgId: string,
  keyId: string,
  dateDeleted: string,
): Promise<void> {
  await tx
    .updateTable('wallets')
    .set({ status: 'Archived', dateDeleted })
    .where('orgId', '=', orgId)
    .where('keyId', '=', keyId)
    .where('status', '!=', 'Archived')
    .execute();
}

/** Adds and removes tags in one statement, so that two callers never undo each other; the first spelling stays first. */
export async function changeTags(
  db: Executor,
  orgId: string,
  id: string,
  change: { add?: readonly string[]; remove?: readonly string[] },
): Promise<string[] | undefined> {
  const add = JSON.stringify(change.add ?? []);
  const remove = JSON.stringify(change.remove ?? []);
  const row = await db
    .updateTable('wallets')
    .set({
      tags: sql<string>`(
        select coalesce(jsonb_agg(kept.tag order by kept.place), '[]'::jsonb) from (
          select listed.tag, min(listed.place) as place
          from jsonb_array_elements_text(wallets.tags || ${add}::jsonb) with ordinality as listed(tag, place)
          where not (${remove}::jsonb ? listed.tag)
          group by listed.tag
        ) as kept
      )`,
    })
    .where('orgId', '=', orgId)
    .where('id', '=', id)
    .returning('tags')
    .executeTakeFirst();
  return row?.tags;
}
