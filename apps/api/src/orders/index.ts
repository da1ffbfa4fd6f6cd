/** Transfers and broadcast transactions: from the request to the depth at which they are final (docs/specs/orders.md). */
import type { OrderRow } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { createCarrier } from './carry.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { createWatcher, type Watcher } from './watch.ts';

export { abortOrder, replaceOrder, requireOrder } from './replace.ts';
export { orderReply, transactionReply, transferReply } from './reply.ts';
export { requestOrder } from './request.ts';

export interface Orders {
  readonly lanes: Lanes;
  readonly watcher: Watcher;
  carry(row: OrderRow): Promise<OrderRow>;
}

/** `ctx` is asked for when it is needed: it holds what is made here. */
export function createOrders(ctx: () => Context): Orders {
  const carrier = createCarrier(ctx, () => watcher.wake());
  const watcher = createWatcher(ctx, carrier);
  return { lanes: createLanes(), watcher, carry: (row) => carrier.carry(row) };
}
