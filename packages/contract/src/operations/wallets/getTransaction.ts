/** Reads one transaction of a wallet. */
import { operation } from '../operation.ts';
import { TransactionRequest } from './orders.ts';

export const getTransaction = operation({
  name: 'getTransaction',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/:walletId/transactions/:transactionId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Transactions:Read'],
  effect: 'none',
  response: TransactionRequest,
  summary: 'Reads one transaction of a wallet',
});
