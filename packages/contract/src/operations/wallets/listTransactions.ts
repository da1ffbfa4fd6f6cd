/** Lists the transactions of a wallet, newest first. */
import { operation } from '../operation.ts';
import { Page } from '../shapes.ts';
import { pageOf, TransactionRequest } from './orders.ts';

export const listTransactions = operation({
  name: 'listTransactions',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/:walletId/transactions',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Transactions:Read'],
  effect: 'none',
  query: Page,
  response: pageOf(TransactionRequest),
  summary: 'Lists the transactions of a wallet, newest first',
});
