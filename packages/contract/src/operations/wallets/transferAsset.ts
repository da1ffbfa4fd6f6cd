/** Moves an asset out of a wallet. */
import { operation } from '../operation.ts';
import { transferPermissions } from '../requirements.ts';
import { TransferBody, TransferRequest } from './orders.ts';

export const transferAsset = operation({
  name: 'transferAsset',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets/:walletId/transfers',
  auth: 'bearer',
  userAction: true,
  permissions: transferPermissions,
  effect: 'sign',
  request: TransferBody,
  response: TransferRequest,
  summary: 'Moves an asset out of a wallet',
});
