/** Gives up a transfer that is not signed yet. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { TransferRequest } from './orders.ts';

export const abortTransfer = operation({
  name: 'abortTransfer',
  domain: 'wallets',
  method: 'PUT',
  path: '/wallets/:walletId/transfers/:transferId/abort',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Transfers:Abort'],
  effect: 'none',
  request: Empty,
  bodyOptional: true,
  response: TransferRequest,
  summary: 'Gives up a transfer that is not signed yet',
});
