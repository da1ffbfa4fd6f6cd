/**
 * Looks after every order that has not come to rest: carries on what a crash left in the middle, follows transactions to
 * the depth at which they count, and hands in again what a reorganisation threw out.
 */
import type { TransactionState } from '@holdfast/chains/rpc';
import {
  listWatchedOrders,
  type OrderRow,
  orderBroadcasted,
  orderConfirmed,
  orderFailed,
} from '@holdfast/storage/records';
import type { Connection } from '../chains/index.ts';
import { type Context, timestamp } from '../context.ts';
import { toWalletError } from '../pipeline/errors.ts';
import { type Carrier, handIn } from './carry.ts';

/** Between two looks; sooner when something has just been broadcast, which on a quick chain is in a block at once. */
const AGAIN_MS = 2_000;
const SOON_MS = 400;
const PAGE = 256;
const AT_ONCE_MAX = 8;
/** Blocks beyond the depth of confirmation at which nobody looks any more. */
const FINAL_EXTRA = 12;
/** Blocks between two looks at what is confirmed. */
const FINAL_STEP = 4;

export interface Watcher {
  /** Looks soon. */
  wake(): void;
  /** One look at everything, at once: for tests. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

export function createWatcher(ctx: () => Context, carrier: Carrier): Watcher {
  /** Height of the chain at which there is something new to learn of an order. */
  const nextAt = new Map<string, number>();
  /** By network: as it was at the last look. A chain that is shorter than it was has lost blocks. */
  const heights = new Map<string, number>();
  let isStopped = false;
  let looking: Promise<void> | undefined;
  let cancel: (() => void) | undefined;
  let isSoon = false;

  async function lookAtAll(): Promise<void> {
    const heads = new Map<string, Promise<Head | undefined>>();
    const headOf = (network: string) => {
      const known = heads.get(network);
      if (known !== undefined) return known;
      const head = readHead(ctx(), network).then((found) => {
        if (found !== undefined && found.height < (heights.get(network) ?? 0)) nextAt.clear();
        if (found !== undefined) heights.set(network, found.height);
        return found;
      });
      heads.set(network, head);
      return head;
    };
    for (let after = 0; !isStopped; ) {
      const rows = await listWatchedOrders(ctx().db.kysely, after, PAGE);
      await inParallel(rows, AT_ONCE_MAX, (row) => lookAt(row, headOf));
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) return;
      after = Number(last.seq);
    }
  }

  async function lookAt(row: OrderRow, headOf: (network: string) => Promise<Head | undefined>): Promise<void> {
    try {
      if (isStopped || carrier.isBusy(row.id)) return;
      if (row.status === 'Executing') {
        await carrier.carry(row);
        return;
      }
      const head = await headOf(row.network);
      if (head === undefined || head.height < (nextAt.get(row.id) ?? 0)) return;
      const blocks = await follow(ctx(), row, head.connection);
      if (blocks === undefined) nextAt.delete(row.id);
      else nextAt.set(row.id, head.height + blocks);
    } catch (error) {
      // Stays as it is: the next look tries again.
      ctx().log('order.not-followed', { order: row.id, code: toWalletError(error).code });
    }
  }

  function look(): Promise<void> {
    isSoon = false;
    cancel?.();
    looking ??= lookAtAll()
      .catch((error: unknown) => ctx().log('orders.not-watched', { code: toWalletError(error).code }))
      .finally(() => {
        looking = undefined;
        if (!isStopped) cancel = ctx().env.setTimer(isSoon ? SOON_MS : AGAIN_MS, () => void look());
      });
    return looking;
  }

  return {
    look,
    wake() {
      if (isStopped || isSoon) return;
      isSoon = true;
      if (looking !== undefined) return;
      cancel?.();
      cancel = ctx().env.setTimer(SOON_MS, () => void look());
    },
    async stop() {
      isStopped = true;
      cancel?.();
      await looking;
      await carrier.quiet();
    },
  };
}

interface Head {
  readonly height: number;
  readonly connection: Connection;
}

/** Undefined where no node answers: nothing is concluded from silence. */
async function readHead(ctx: Context, network: string): Promise<Head | undefined> {
  try {
    const connection = await ctx.chains.connect(network);
    return { height: (await connection.client.head()).height, connection };
  } catch (error) {
    ctx.log('orders.no-node', { network, code: toWalletError(error).code });
    return undefined;
  }
}

/** Writes down what the chain says of a transaction. In how many blocks to look again; undefined: at rest. */
async function follow(ctx: Context, row: OrderRow, { client, confirmations }: Connection): Promise<number | undefined> {
  const { db } = ctx;
  const state = await client.state({ id: row.txHash ?? '', signedData: row.signedData ?? '', address: row.address });
  const date = timestamp(ctx);
  switch (state.state) {
    case 'unknown':
      // The pool forgot it, or its block left the chain: the stored bytes go out again.
      ctx.log('order.rebroadcast', { order: row.id });
      await handIn(ctx, row);
      if (row.status === 'Confirmed') await orderBroadcasted(db.kysely, row.id, date);
      return 1;
    case 'pending':
      if (row.status === 'Confirmed') await orderBroadcasted(db.kysely, row.id, date);
      return 1;
    case 'dropped': {
      const reason = row.replacementId === null ? state.reason : `replaced by ${row.replacementId}`;
      await orderFailed(db.kysely, row.id, { reason, date });
      return undefined;
    }
    case 'included':
      return settle(ctx, row, { state, confirmations, date });
    default:
      return state satisfies never;
  }
}

async function settle(
  ctx: Context,
  row: OrderRow,
  o: {
    readonly state: Extract<TransactionState, { state: 'included' }>;
    readonly confirmations: number;
    readonly date: string;
  },
): Promise<number | undefined> {
  const { state, confirmations, date } = o;
  const { kysely } = ctx.db;
  const missing = confirmations - state.confirmations;
  if (missing > 0) {
    // In another block than before, and not deep enough there.
    if (row.status === 'Confirmed') await orderBroadcasted(kysely, row.id, date);
    return missing;
  }
  const { block, fee } = state;
  if (!state.success) {
    const reason = state.reason ?? 'the transaction failed on the chain';
    await orderFailed(kysely, row.id, { reason, fee, block: block ?? '', date });
    return undefined;
  }
  const isFinal = state.confirmations >= confirmations + FINAL_EXTRA;
  if (row.status !== 'Confirmed' || row.block !== (block ?? null) || isFinal) {
    await orderConfirmed(kysely, row.id, { block, fee, isFinal, date });
    ctx.env.point('orders.confirmed');
  }
  return isFinal ? undefined : FINAL_STEP;
}

async function inParallel<T>(items: readonly T[], most: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const runner = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, runner));
}
