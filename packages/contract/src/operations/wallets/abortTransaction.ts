/** Gives up a transaction that is not signed yet. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { TransactionRequest } from './orders.ts';

export const abortTransaction = operation({
  name: 'abortTransaction',
  domain: 'wallets',
  method: 'PUT',
  path: '/wallets/:walletId/transactions/:transactionId/abort',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Transactions:Abort'],
  effect: 'none',
  request: Empty,
  bodyOptional: true,
  response: TransactionRequest,
  summary: 'Gives up a transaction that is not signed yet',
});
