/** Replaces a transfer that is not confirmed by one that does nothing. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { TransactionRequest } from './orders.ts';

export const cancelTransfer = operation({
  name: 'cancelTransfer',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets/:walletId/transfers/:transferId/cancel',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Transactions:Create', 'Wallets:Transfers:Read'],
  effect: 'sign',
  request: Empty,
  bodyOptional: true,
  response: TransactionRequest,
  summary: 'Replaces a transfer that is not confirmed by one that does nothing',
});
