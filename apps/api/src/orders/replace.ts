/** Abort, cancel and speed-up: what can still be done about an order (reference/api/wallets.md §5). */
import { deriveId } from '@holdfast/authority/ids';
import { type Exclusion, family } from '@holdfast/chains/families';
import { refuse } from '@holdfast/contract/errors';
import { findHolder, findOrder, type OrderKind, type OrderRow, orderFailed } from '@holdfast/storage/records';
import { type Context, timestamp } from '../context.ts';
import type { ActCall } from '../domain/acts.ts';
import { protocolOf, refuseUnusable } from '../domain/signatures.ts';
import { publicKeyOf } from '../domain/wallets.ts';
import { build, type How, holdOf, replacementOf } from './build.ts';
import { type OrderTarget, write } from './request.ts';

/** Another wallet's order is as unknown as one that never was. */
export async function requireOrder(
  ctx: Context,
  { wallet }: Pick<OrderTarget, 'wallet'>,
  o: { readonly id: string; readonly kind: OrderKind },
): Promise<OrderRow> {
  const row = await findOrder(ctx.db.kysely, wallet.orgId, o.id);
  return row?.walletId === wallet.id && row.kind === o.kind ? row : refuse('E_NOT_FOUND', `${o.kind} not found`);
}

/** Gives up what is not signed. A signature that is being made meanwhile is thrown away. */
export async function abortOrder(ctx: Context, row: OrderRow): Promise<OrderRow> {
  const failed = await orderFailed(ctx.db.kysely, row.id, {
    reason: 'aborted by its user',
    unlessSigned: true,
    date: timestamp(ctx),
  });
  if (failed === undefined)
    refuse('E_TRANSACTION_STATE', `the ${row.kind} is signed or has ended, and cannot be aborted any more`);
  return failed;
}

/** A user's act of its own, whose path names the order: the same nonce for nothing, or for the same with higher fees. */
export async function replaceOrder(
  ctx: Context,
  call: ActCall & { readonly path: string },
  target: OrderTarget,
  o: { readonly row: OrderRow; readonly how: How },
): Promise<OrderRow> {
  const { wallet, key } = target;
  refuseUnusable(target);
  const { client } = await ctx.chains.connect(wallet.network);
  ctx.signers.requireSigners({ org: wallet.orgId, protocol: protocolOf(key) });
  const row = await ctx.orders.lanes.run(wallet.id, async () => {
    const before = (await findOrder(ctx.db.kysely, wallet.orgId, o.row.id)) ?? o.row;
    await refuseIrreplaceable(ctx, before, o.how);
    const { construction: original, network } = await build(ctx, before);
    const { outbid, replace } = family(network.family);
    if (outbid === undefined || replace === undefined)
      return refuse('E_UNSUPPORTED', `transactions of ${network.name} are not replaced`);
    const fees = await client.fees?.();
    const fast = fees?.kind === 'Eip1559' ? fees.fast : { maxFeePerGas: '0', maxPriorityFeePerGas: '0' };
    const completion = outbid({ original, network, fast });
    const order = { key: publicKeyOf(key), network };
    replacementOf({ order, original, how: o.how }, completion);
    return write(ctx, call, target, {
      id: deriveId('tx', call.grant.nullifier),
      kind: 'transaction',
      requestBody: {
        kind: o.how === 'cancel' ? 'CancelTransaction' : 'SpeedUpTransaction',
        ...(before.txHash === null ? {} : { txHash: before.txHash }),
        signedTx: before.signedData ?? '',
      },
      externalId: null,
      completion,
      exclusion: before.exclusion,
      holds: null,
      replacesId: before.id,
    });
  });
  ctx.env.point('orders.begun');
  return ctx.orders.carry(row);
}

async function refuseIrreplaceable(ctx: Context, row: OrderRow, how: How): Promise<void> {
  if (row.replacementId !== null) {
    const next = await findOrder(ctx.db.kysely, row.orgId, row.replacementId);
    if (next !== undefined && next.status !== 'Failed')
      refuse('E_TRANSACTION_STATE', `the ${row.kind} has been replaced by ${next.id}; replace that one`, {
        replacementId: next.id,
      });
  }
  // What has failed holds its nonce no more: whoever has it now is not what this user means.
  const held = row.status === 'Failed' ? holdOf(row.exclusion as Exclusion) : null;
  const holder = held === null ? undefined : await findHolder(ctx.db.kysely, row.network, held);
  if (holder !== undefined)
    refuse('E_TRANSACTION_STATE', `the nonce of the ${row.kind} has been taken by ${holder.id}`, { holder: holder.id });
  const isOffered = row.status === 'Broadcasted' || (how === 'cancel' && row.status === 'Failed' && row.block === null);
  if (!isOffered)
    refuse(
      'E_TRANSACTION_STATE',
      `the ${row.kind} is ${row.status} and cannot be ${how === 'cancel' ? 'cancelled' : 'sped up'}`,
    );
}
