/** Replaces a transfer that is not confirmed by the same with higher fees. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { TransactionRequest } from './orders.ts';

export const speedUpTransfer = operation({
  name: 'speedUpTransfer',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets/:walletId/transfers/:transferId/speed-up',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Transactions:Create', 'Wallets:Transfers:Read'],
  effect: 'sign',
  request: Empty,
  bodyOptional: true,
  response: TransactionRequest,
  summary: 'Replaces a transfer that is not confirmed by the same with higher fees',
});
