/** Replaces a transaction that is not confirmed by one that does nothing. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { TransactionRequest } from './orders.ts';

export const cancelTransaction = operation({
  name: 'cancelTransaction',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets/:walletId/transactions/:transactionId/cancel',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Transactions:Create'],
  effect: 'sign',
  request: Empty,
  bodyOptional: true,
  response: TransactionRequest,
  summary: 'Replaces a transaction that is not confirmed by one that does nothing',
});
