/** What an order asks the chain for, and how soon: as the family builds it, so that a node prices what will be signed. */
import { type Call, callOf } from '../../families/evm/construct.ts';
import type { Order } from '../../families/types.ts';

export interface Wanted extends Call {
  readonly priority?: 'Slow' | 'Standard' | 'Fast';
}

export function wantedOf(order: Order, from: string): Wanted {
  const priority = order.body['priority'];
  const wanted = callOf(order, from);
  return priority === 'Slow' || priority === 'Standard' || priority === 'Fast' ? { ...wanted, priority } : wanted;
}
