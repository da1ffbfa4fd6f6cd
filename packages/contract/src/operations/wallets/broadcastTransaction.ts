/** Signs a transaction and broadcasts it. */
import { operation } from '../operation.ts';
import { broadcastPermissions } from '../requirements.ts';
import { BroadcastBody, TransactionRequest } from './orders.ts';

export const broadcastTransaction = operation({
  name: 'broadcastTransaction',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets/:walletId/transactions',
  auth: 'bearer',
  userAction: true,
  permissions: broadcastPermissions,
  effect: 'sign',
  request: BroadcastBody,
  response: TransactionRequest,
  summary: 'Signs a transaction and broadcasts it',
});
