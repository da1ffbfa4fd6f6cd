/** Replaces a transaction that is not confirmed by the same with higher fees. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { TransactionRequest } from './orders.ts';

export const speedUpTransaction = operation({
  name: 'speedUpTransaction',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets/:walletId/transactions/:transactionId/speed-up',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Transactions:Create'],
  effect: 'sign',
  request: Empty,
  bodyOptional: true,
  response: TransactionRequest,
  summary: 'Replaces a transaction that is not confirmed by the same with higher fees',
});
