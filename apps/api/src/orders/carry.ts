/**
 * The steps of an order after it is written down: signed, stored, and only then broadcast. Each can be taken again after
 * a crash: the completion is fixed, so what is signed again is the same transaction, and a node takes the same bytes twice.
 */
import type { FreshToken } from '@holdfast/authority/types';
import { assembleSignature, family, planSignature, type RawSignature } from '@holdfast/chains/families';
import { NodeError } from '@holdfast/chains/rpc';
import { verifyRaw } from '@holdfast/chains/schemes';
import type { WalletError } from '@holdfast/contract/errors';
import { refuse } from '@holdfast/contract/errors';
import { toHex } from '@holdfast/contract/wire';
import {
  findOrder,
  forgetReplacement,
  type OrderRow,
  orderBroadcasted,
  orderFailed,
  orderSigned,
} from '@holdfast/storage/records';
import { type Context, timestamp } from '../context.ts';
import { protocolOf, sharedKey } from '../domain/signatures.ts';
import { publicKeyOf } from '../domain/wallets.ts';
import { toWalletError } from '../pipeline/errors.ts';
import { build, evidenceOf } from './build.ts';

export interface Carrier {
  /**
   * Takes an order as far as it goes now; who comes while it is under way waits for the same. Throws what the signers
   * refused it for, after it has failed; what may yet succeed does not throw.
   */
  carry(row: OrderRow): Promise<OrderRow>;
  isBusy(id: string): boolean;
  /** Ends when nothing is under way. */
  quiet(): Promise<void>;
}

export function createCarrier(ctx: () => Context, broadcasted: (row: OrderRow) => void): Carrier {
  const busy = new Map<string, Promise<OrderRow>>();
  return {
    carry(row) {
      const running = busy.get(row.id);
      if (running !== undefined) return running;
      const mine = carryOrder(ctx(), row)
        .then((after) => {
          if (after.status === 'Broadcasted') broadcasted(after);
          return after;
        })
        .finally(() => busy.delete(row.id));
      busy.set(row.id, mine);
      return mine;
    },
    isBusy: (id) => busy.has(id),
    async quiet() {
      await Promise.allSettled([...busy.values()]);
    },
  };
}

async function carryOrder(ctx: Context, row: OrderRow): Promise<OrderRow> {
  const signed = row.signedData === null ? await signOrder(ctx, row) : row;
  return signed.status === 'Executing' && signed.signedData !== null ? broadcastOrder(ctx, signed) : signed;
}

async function signOrder(ctx: Context, row: OrderRow): Promise<OrderRow> {
  const { db, env } = ctx;
  try {
    const { key, network, construction, act, completion, originals } = await build(ctx, row);
    const input = { key: publicKeyOf(key), network: network.name, body: construction.body };
    const { items } = planSignature(input);
    const verifies = (signatures: readonly RawSignature[]) =>
      signatures.length === items.length &&
      items.every((item, k) => {
        const raw = signatures[k];
        return raw !== undefined && verifyRaw(item, input.key, raw);
      });
    const grant = { ...evidenceOf(act), tokens: row.tokens as FreshToken[] };
    const signatures = await ctx.signers.sign(grant, {
      org: row.orgId,
      protocol: protocolOf(key),
      items: items.length,
      key: await sharedKey(ctx, key),
      verifies,
      completion,
      ...(originals.length === 0 ? {} : { originals }),
    });
    env.point('orders.signed');
    const { signedData } = assembleSignature({ ...input, signatures });
    const { transactionId } = family(network.family);
    if (signedData === undefined || transactionId === undefined) return refuse('E_INTERNAL');
    const stored = await orderSigned(db.kysely, row.id, {
      nullifier: row.nullifier,
      signedData,
      signatures: signatures.map(({ signature, recid }) => ({ signature: toHex(signature), recid })),
      txHash: transactionId(signedData, network),
      date: timestamp(ctx),
    });
    env.point('orders.stored');
    return stored ?? (await current(ctx, row));
  } catch (error) {
    const refused = toWalletError(error);
    ctx.log('order.not-signed', { order: row.id, code: refused.code });
    if (mayYet(ctx, row, refused)) return row;
    const failed = await orderFailed(db.kysely, row.id, {
      reason: `${refused.code}: ${refused.message}`,
      unlessSigned: true,
      date: timestamp(ctx),
    });
    if (failed === undefined) return current(ctx, row);
    await forgetReplacement(db.kysely, row);
    throw refused;
  }
}

/** A little longer than any challenge lives; after that signers refuse it whatever happens. */
const SIGNABLE_MS_MAX = 6 * 60_000;

/** Silence and a crowd pass; what signers refuse they will refuse again. */
function mayYet(ctx: Context, { dateRequested }: OrderRow, { code, status }: WalletError): boolean {
  const passes = (status >= 500 && code !== 'E_INTERNAL') || code === 'E_QUEUE_FULL';
  return passes && ctx.env.now() - Date.parse(dateRequested) < SIGNABLE_MS_MAX;
}

async function broadcastOrder(ctx: Context, row: OrderRow): Promise<OrderRow> {
  const refusal = await handIn(ctx, row);
  if (refusal === 'later') return row;
  const date = timestamp(ctx);
  if (refusal !== undefined) {
    await forgetReplacement(ctx.db.kysely, row);
    return (await orderFailed(ctx.db.kysely, row.id, { reason: refusal, date })) ?? (await current(ctx, row));
  }
  ctx.env.point('orders.broadcast');
  const after = (await orderBroadcasted(ctx.db.kysely, row.id, date)) ?? (await current(ctx, row));
  ctx.env.point('orders.broadcasted');
  return after;
}

/** Gives the stored bytes to a node. Undefined: taken. `later`: no node said anything. Otherwise why it never will be. */
export async function handIn(ctx: Context, row: OrderRow): Promise<string | 'later' | undefined> {
  const signedData = row.signedData ?? '';
  try {
    const { client } = await ctx.chains.connect(row.network);
    try {
      await client.broadcast(signedData);
      return undefined;
    } catch (error) {
      if (!(error instanceof NodeError) || error.code !== 'E_NODE_REFUSED') throw error;
      // An earlier answer may have been lost: what the chain has is not refused, whatever the words.
      const state = await client.state({ id: row.txHash ?? '', signedData, address: row.address });
      if (state.state === 'included' || state.state === 'pending') return undefined;
      return state.state === 'dropped' ? state.reason : `E_NODE_REFUSED: ${error.message}`;
    }
  } catch (error) {
    ctx.log('order.not-broadcast', { order: row.id, code: toWalletError(error).code });
    return 'later';
  }
}

async function current(ctx: Context, { orgId, id }: OrderRow): Promise<OrderRow> {
  return (await findOrder(ctx.db.kysely, orgId, id)) ?? refuse('E_INTERNAL');
}
