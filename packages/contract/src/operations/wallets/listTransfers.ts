/** Lists the transfers of a wallet, newest first. */
import { operation } from '../operation.ts';
import { Page } from '../shapes.ts';
import { pageOf, TransferRequest } from './orders.ts';

export const listTransfers = operation({
  name: 'listTransfers',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/:walletId/transfers',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Transfers:Read'],
  effect: 'none',
  query: Page,
  response: pageOf(TransferRequest),
  summary: 'Lists the transfers of a wallet, newest first',
});
