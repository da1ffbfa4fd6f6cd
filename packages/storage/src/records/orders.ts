/** Transfers and broadcast transactions, from the request to the depth at which they are final (docs/specs/orders.md). */
import type { Selectable } from 'kysely';
import { type Executor, inTransaction } from '../database/transaction.ts';
import { finishAct, type NewAct, startAct } from './acts.ts';
import { type EventKind, recordEvent } from './events.ts';
import { type Page, type Paging, readPage } from './paging.ts';
import type { Schema } from './schema.ts';

export type OrderRow = Selectable<Schema['orders']>;
export type OrderKind = 'transfer' | 'transaction';

export interface NewOrder {
  id: string;
  orgId: string;
  walletId: string;
  keyId: string;
  network: string;
  address: string;
  kind: OrderKind;
  requesterUserId: string;
  requesterTokenId: string | null;
  requestBody: unknown;
  requestPath: string;
  externalId: string | null;
  nullifier: string;
  tokens: readonly unknown[];
  completion: unknown;
  exclusion: unknown;
  /** What no other unfinished order of this network may hold, as one text; null where nothing is to be held. */
  holds: string | null;
  replacesId: string | null;
  dateRequested: string;
}

/**
 * Notes an act and the order it asks for, both or none; false when the act was noted before. Conflicts are those of
 * `orders_external_id` and `orders_holds`.
 */
export function beginOrder(db: Executor, act: NewAct, order: NewOrder): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    if (!(await startAct(tx, act))) return false;
    const { requestBody, tokens, completion, exclusion, ...row } = order;
    await tx
      .insertInto('orders')
      .values({
        ...row,
        requestBody: JSON.stringify(requestBody),
        tokens: JSON.stringify(tokens),
        completion: JSON.stringify(completion),
        exclusion: JSON.stringify(exclusion),
        status: 'Executing',
        isWatched: true,
      })
      .execute();
    if (order.replacesId !== null)
      await tx.updateTable('orders').set({ replacementId: order.id }).where('id', '=', order.replacesId).execute();
    await recordEvent(tx, {
      orgId: order.orgId,
      kind: eventOf(order, 'requested'),
      recordId: order.id,
      date: order.dateRequested,
    });
    return true;
  });
}

export const eventOf = (
  { kind }: { kind: string },
  what: 'requested' | 'broadcasted' | 'confirmed' | 'failed',
): EventKind => `wallet.${kind as OrderKind}.${what}`;

/** Signed, and on the disk before anybody hears of it; undefined where the order has ended meanwhile. */
export function orderSigned(
  db: Executor,
  id: string,
  o: { nullifier: string; signedData: string; signatures: readonly unknown[]; txHash: string; date: string },
): Promise<OrderRow | undefined> {
  return inTransaction(db, async (tx) => {
    await finishAct(tx, o.nullifier, { status: 'Done', recordId: id, dateResolved: o.date });
    return markSigned(tx, id, o);
  });
}

function markSigned(
  tx: Executor,
  id: string,
  o: { signedData: string; signatures: readonly unknown[]; txHash: string; date: string },
): Promise<OrderRow | undefined> {
  return tx
    .updateTable('orders')
    .set({
      signedData: o.signedData,
      signatures: JSON.stringify(o.signatures),
      txHash: o.txHash,
      dateSigned: o.date,
    })
    .where('id', '=', id)
    .where('status', '=', 'Executing')
    .returningAll()
    .executeTakeFirst();
}

/** In the hands of a node, for the first time or again after a reorganisation. */
export function orderBroadcasted(db: Executor, id: string, date: string): Promise<OrderRow | undefined> {
  return change(db, id, ['Executing', 'Confirmed'], 'broadcasted', date, (row) => ({
    status: 'Broadcasted',
    dateBroadcasted: row.dateBroadcasted ?? date,
    dateConfirmed: null,
    block: null,
    fee: null,
    reason: null,
  }));
}

/** Deep enough in the chain. `isFinal`: so deep that nobody looks again. */
export function orderConfirmed(
  db: Executor,
  id: string,
  o: { block: string | undefined; fee: string | undefined; isFinal: boolean; date: string },
): Promise<OrderRow | undefined> {
  return change(db, id, ['Executing', 'Broadcasted', 'Confirmed'], 'confirmed', o.date, (row) => ({
    status: 'Confirmed',
    block: o.block ?? null,
    fee: o.fee ?? null,
    reason: null,
    holds: o.isFinal ? null : row.holds,
    isWatched: !o.isFinal,
    dateBroadcasted: row.dateBroadcasted ?? o.date,
    dateConfirmed: row.dateConfirmed ?? o.date,
  }));
}

/** The end of an order that moved nothing; undefined where it had ended, or where it was signed and must not be. */
export function orderFailed(
  db: Executor,
  id: string,
  o: { reason: string; unlessSigned?: boolean; fee?: string | undefined; block?: string | undefined; date: string },
): Promise<OrderRow | undefined> {
  return inTransaction(db, async (tx) => {
    const row = await tx
      .updateTable('orders')
      .set({
        status: 'Failed',
        reason: o.reason,
        fee: o.fee ?? null,
        block: o.block ?? null,
        holds: null,
        isWatched: false,
      })
      .where('id', '=', id)
      .where('status', '!=', 'Failed')
      .$if(o.unlessSigned === true, (query) => query.where('signedData', 'is', null))
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    if (row.signedData === null)
      await finishAct(tx, row.nullifier, {
        status: 'Failed',
        recordId: id,
        reason: o.reason.slice(0, 64),
        dateResolved: o.date,
      });
    await recordEvent(tx, { orgId: row.orgId, kind: eventOf(row, 'failed'), recordId: id, date: o.date });
    return row;
  });
}

function change(
  db: Executor,
  id: string,
  from: readonly string[],
  event: 'broadcasted' | 'confirmed',
  date: string,
  set: (row: OrderRow) => Record<string, unknown>,
): Promise<OrderRow | undefined> {
  return inTransaction(db, async (tx) => {
    const before = await tx.selectFrom('orders').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
    if (before === undefined || !from.includes(before.status)) return undefined;
    const row = await tx.updateTable('orders').set(set(before)).where('id', '=', id).returningAll().executeTakeFirst();
    await recordEvent(tx, { orgId: before.orgId, kind: eventOf(before, event), recordId: id, date });
    return row;
  });
}

export function findOrder(db: Executor, orgId: string, id: string): Promise<OrderRow | undefined> {
  return db.selectFrom('orders').selectAll().where('orgId', '=', orgId).where('id', '=', id).executeTakeFirst();
}

export function findOrderByExternalId(db: Executor, orgId: string, externalId: string): Promise<OrderRow | undefined> {
  return db
    .selectFrom('orders')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('externalId', '=', externalId)
    .executeTakeFirst();
}

export function listOrders(
  db: Executor,
  filter: { orgId: string; walletId: string; kind: OrderKind },
  paging: Paging,
): Promise<Page<OrderRow>> {
  const { orgId, walletId, kind } = filter;
  return readPage(['orders', orgId, walletId, kind], paging, (before, limit) =>
    db
      .selectFrom('orders')
      .selectAll()
      .where('orgId', '=', orgId)
      .where('walletId', '=', walletId)
      .where('kind', '=', kind)
      .where('seq', '<', before)
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute(),
  );
}

/** What an organisation has signed, or has replaced by something else, whichever wallet it was. */
export function listOrdersOf(db: Executor, orgId: string, paging: Paging): Promise<Page<OrderRow>> {
  return readPage(['ordered', orgId], paging, (before, limit) =>
    db
      .selectFrom('orders')
      .selectAll()
      .where('orgId', '=', orgId)
      .where((eb) => eb.or([eb('signatures', 'is not', null), eb('replacementId', 'is not', null)]))
      .where('seq', '<', before)
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute(),
  );
}

/** What the unfinished orders of a wallet's account exclude, failed ones left out. */
export async function exclusionsOf(db: Executor, walletId: string): Promise<unknown[]> {
  const rows = await db
    .selectFrom('orders')
    .select('exclusion')
    .where('walletId', '=', walletId)
    .where('isWatched', '=', true)
    .execute();
  return rows.map(({ exclusion }) => exclusion);
}

/** The unfinished order that holds this, if there is one. */
export function findHolder(db: Executor, network: string, holds: string): Promise<OrderRow | undefined> {
  return db
    .selectFrom('orders')
    .selectAll()
    .where('network', '=', network)
    .where('holds', '=', holds)
    .executeTakeFirst();
}

/** Everything that has not come to rest, in the order in which it was asked for. */
export function listWatchedOrders(db: Executor, after: number, limit: number): Promise<OrderRow[]> {
  return db
    .selectFrom('orders')
    .selectAll()
    .where('isWatched', '=', true)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute();
}

/** A replacement that never left: what it was to replace stands again. */
export async function forgetReplacement(db: Executor, { id, replacesId }: OrderRow): Promise<void> {
  if (replacesId === null) return;
  await db
    .updateTable('orders')
    .set({ replacementId: null })
    .where('id', '=', replacesId)
    .where('replacementId', '=', id)
    .execute();
}
