/** Reads one transfer of a wallet. */
import { operation } from '../operation.ts';
import { TransferRequest } from './orders.ts';

export const getTransfer = operation({
  name: 'getTransfer',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/:walletId/transfers/:transferId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Transfers:Read'],
  effect: 'none',
  response: TransferRequest,
  summary: 'Reads one transfer of a wallet',
});
