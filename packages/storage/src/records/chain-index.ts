/** What the indexer keeps (docs/specs/indexer.md): cursors, blocks, movements, tokens and outputs, by network. */
import { type Insertable, type Selectable, sql } from 'kysely';
import type { Executor } from '../database/transaction.ts';
import { type Page, type Paging, readPage } from './paging.ts';
import type { Schema } from './schema.ts';

export type MovementRow = Selectable<Schema['chainMovements']>;
export type NewMovement = Omit<Insertable<Schema['chainMovements']>, 'seq' | 'froms' | 'tos'> & {
  readonly froms?: readonly string[] | undefined;
  readonly tos?: readonly string[] | undefined;
};

export interface Cursor {
  readonly height: number;
  readonly hash: string;
}

export interface WatchedWallet {
  readonly seq: number;
  readonly id: string;
  readonly orgId: string;
  readonly address: string;
}

/** Wallets of a network with an address, from `seq` on, oldest first. */
export async function listWatchedWallets(
  db: Executor,
  o: { readonly network: string; readonly from: number; readonly limit: number },
): Promise<WatchedWallet[]> {
  const rows = await db
    .selectFrom('wallets')
    .select(['seq', 'id', 'orgId', 'address'])
    .where('network', '=', o.network)
    .where('address', 'is not', null)
    .where('seq', '>=', o.from)
    .orderBy('seq')
    .limit(o.limit)
    .execute();
  return rows.flatMap(({ seq, address, ...row }) => (address === null ? [] : [{ ...row, seq: Number(seq), address }]));
}

export function findCursor(db: Executor, network: string): Promise<Cursor | undefined> {
  return db.selectFrom('chainCursors').select(['height', 'hash']).where('network', '=', network).executeTakeFirst();
}

/** False where the cursor is not (any more) at `from`: somebody else has moved it, and nothing may be written. */
export async function moveCursor(
  tx: Executor,
  o: { readonly network: string; readonly from: Cursor | undefined; readonly to: Cursor; readonly time: string },
): Promise<boolean> {
  const { network, from, to, time } = o;
  const values = { height: to.height, hash: to.hash, dateUpdated: time };
  if (from === undefined) {
    const made = await tx
      .insertInto('chainCursors')
      .values({ network, ...values })
      .onConflict((conflict) => conflict.column('network').doNothing())
      .returning('network')
      .executeTakeFirst();
    return made !== undefined;
  }
  const moved = await tx
    .updateTable('chainCursors')
    .set(values)
    .where('network', '=', network)
    .where('height', '=', from.height)
    .where('hash', '=', from.hash)
    .returning('network')
    .executeTakeFirst();
  return moved !== undefined;
}

/** Newest first. */
export function listBlocks(db: Executor, network: string): Promise<Cursor[]> {
  return db
    .selectFrom('chainBlocks')
    .select(['height', 'hash'])
    .where('network', '=', network)
    .orderBy('height', 'desc')
    .execute();
}

export async function insertBlocks(
  tx: Executor,
  network: string,
  blocks: readonly Cursor[],
  o: { readonly keep: number },
): Promise<void> {
  const last = blocks.at(-1);
  if (last === undefined) return;
  await tx
    .insertInto('chainBlocks')
    .values(blocks.map(({ height, hash }) => ({ network, height, hash })))
    .execute();
  await tx
    .deleteFrom('chainBlocks')
    .where('network', '=', network)
    .where('height', '<=', last.height - o.keep)
    .execute();
}

/** In the order given; one that is there already (its wallet, transaction, place and direction) is passed over. */
export async function insertMovements(tx: Executor, rows: readonly NewMovement[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const some = rows.slice(at, at + ROWS_AT_ONCE);
    await tx
      .insertInto('chainMovements')
      .values(
        some.map(({ froms, tos, ...row }) => ({
          ...row,
          froms: froms === undefined ? null : JSON.stringify(froms),
          tos: tos === undefined ? null : JSON.stringify(tos),
        })),
      )
      .onConflict((conflict) => conflict.columns(['walletId', 'tx', 'place', 'direction']).doNothing())
      .execute();
  }
}

/** Below the 65,535 parameters of one statement. */
const ROWS_AT_ONCE = 1_000;

/** Forgets everything above a height. */
export async function rollBack(tx: Executor, network: string, height: number): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('chainMovements')
    .where('network', '=', network)
    .where('height', '>', height)
    .executeTakeFirst();
  await tx.deleteFrom('chainBlocks').where('network', '=', network).where('height', '>', height).execute();
  await tx.deleteFrom('chainOutputs').where('network', '=', network).where('height', '>', height).execute();
  await tx
    .updateTable('chainOutputs')
    .set({ spentBy: null, spentHeight: null })
    .where('network', '=', network)
    .where('spentHeight', '>', height)
    .execute();
  return Number(numDeletedRows);
}

export interface TokenRow {
  readonly asset: string;
  readonly symbol: string | null;
  readonly decimals: number | null;
}

export async function findTokens(db: Executor, network: string, assets: readonly string[]): Promise<TokenRow[]> {
  if (assets.length === 0) return [];
  return db
    .selectFrom('chainTokens')
    .select(['asset', 'symbol', 'decimals'])
    .where('network', '=', network)
    .where('asset', 'in', [...assets])
    .execute();
}

export async function insertTokens(tx: Executor, network: string, tokens: readonly TokenRow[]): Promise<void> {
  if (tokens.length === 0) return;
  await tx
    .insertInto('chainTokens')
    .values(tokens.map((token) => ({ network, ...token })))
    .onConflict((conflict) => conflict.columns(['network', 'asset']).doNothing())
    .execute();
}

/** Tokens of a kind that a wallet ever had to do with, the newest first. */
export async function listTokensOfWallet(
  db: Executor,
  o: { readonly walletId: string; readonly kinds: readonly string[]; readonly limit: number },
): Promise<{ kind: string; asset: string }[]> {
  const rows = await db
    .selectFrom('chainMovements')
    .select(['kind', 'asset', (eb) => eb.fn.max('seq').as('last')])
    .where('walletId', '=', o.walletId)
    .where('kind', 'in', [...o.kinds])
    .groupBy(['kind', 'asset'])
    .orderBy('last', 'desc')
    .limit(o.limit)
    .execute();
  return rows.map(({ kind, asset }) => ({ kind, asset }));
}

/** Tokens that are one of their kind and whose last movement was to the wallet, the newest first. */
export async function listNftsOfWallet(
  db: Executor,
  o: { readonly walletId: string; readonly kinds: readonly string[]; readonly limit: number },
): Promise<{ kind: string; asset: string; tokenId: string }[]> {
  const rows = await db
    .selectFrom((from) =>
      from
        .selectFrom('chainMovements')
        .select(['kind', 'asset', 'tokenId', 'direction', 'seq'])
        .distinctOn(['asset', 'tokenId'])
        .where('walletId', '=', o.walletId)
        .where('kind', 'in', [...o.kinds])
        .orderBy('asset')
        .orderBy('tokenId')
        .orderBy('seq', 'desc')
        .as('last'),
    )
    .select(['kind', 'asset', 'tokenId'])
    .where('direction', '=', 'In')
    .orderBy('seq', 'desc')
    .limit(o.limit)
    .execute();
  return rows.map(({ kind, asset, tokenId }) => ({ kind, asset, tokenId: tokenId ?? '' }));
}

export function listMovementsOfWallet(
  db: Executor,
  filter: {
    readonly walletId: string;
    readonly direction?: string | undefined;
    readonly kind?: string | undefined;
    readonly contract?: string | undefined;
  },
  paging: Paging,
): Promise<Page<MovementRow>> {
  const { walletId, direction, kind, contract } = filter;
  return readPage(['movements', walletId, direction, kind, contract], paging, (before, limit) =>
    db
      .selectFrom('chainMovements')
      .selectAll()
      .where('walletId', '=', walletId)
      .$if(direction !== undefined, (query) => query.where('direction', '=', direction as string))
      .$if(kind !== undefined, (query) => query.where('kind', '=', kind as string))
      .$if(contract !== undefined, (query) => query.where('asset', '=', contract as string))
      .where('seq', '<', before)
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute(),
  );
}

export function listMovementsOfOrg(
  db: Executor,
  filter: {
    readonly orgId: string;
    /** ISO 8601; the second is not included. */
    readonly from: string;
    readonly to: string;
    /** Only wallets on keys of this user. */
    readonly ownerId?: string | undefined;
  },
  paging: Paging,
): Promise<Page<MovementRow>> {
  const { orgId, from, to, ownerId } = filter;
  return readPage(['movements', orgId, from, to, ownerId], paging, (before, limit) =>
    db
      .selectFrom('chainMovements')
      .selectAll('chainMovements')
      .where('chainMovements.orgId', '=', orgId)
      .where('dateBlock', '>=', from)
      .where('dateBlock', '<', to)
      .$if(ownerId !== undefined, (query) =>
        query.where('walletId', 'in', (eb) =>
          eb
            .selectFrom('wallets')
            .innerJoin('keys', 'keys.id', 'wallets.keyId')
            .select('wallets.id')
            .where('keys.ownerId', '=', ownerId as string),
        ),
      )
      .where('chainMovements.seq', '<', before)
      .orderBy('chainMovements.seq', 'desc')
      .limit(limit)
      .execute(),
  );
}

export interface OutputRow {
  readonly outpoint: string;
  readonly address: string;
  readonly value: string;
  readonly height: number;
}

/** Every output of a network that is not spent as far as blocks were read. */
export function listUnspentOutputs(db: Executor, network: string, addresses?: readonly string[]): Promise<OutputRow[]> {
  return db
    .selectFrom('chainOutputs')
    .select(['outpoint', 'address', 'value', 'height'])
    .where('network', '=', network)
    .where('spentBy', 'is', null)
    .$if(addresses !== undefined, (query) => query.where('address', 'in', [...(addresses ?? [])]))
    .orderBy('height')
    .orderBy('outpoint')
    .execute();
}

export async function insertOutputs(tx: Executor, network: string, outputs: readonly OutputRow[]): Promise<void> {
  for (let at = 0; at < outputs.length; at += ROWS_AT_ONCE)
    await tx
      .insertInto('chainOutputs')
      .values(outputs.slice(at, at + ROWS_AT_ONCE).map((output) => ({ network, ...output })))
      .onConflict((conflict) => conflict.columns(['network', 'outpoint']).doNothing())
      .execute();
}

export async function spendOutput(
  tx: Executor,
  o: { readonly network: string; readonly outpoint: string; readonly by: string; readonly height: number },
): Promise<void> {
  await tx
    .updateTable('chainOutputs')
    .set({ spentBy: o.by, spentHeight: o.height })
    .where('network', '=', o.network)
    .where('outpoint', '=', o.outpoint)
    .where('spentBy', 'is', null)
    .execute();
}

/** For tests and the operator's eyes: how many movements a network has. */
export async function countMovements(db: Executor, network: string): Promise<number> {
  const row = await db
    .selectFrom('chainMovements')
    .select(sql<string>`count(*)`.as('count'))
    .where('network', '=', network)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
