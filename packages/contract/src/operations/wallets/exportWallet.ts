/** Takes a wallet's key out; every wallet of that key stops signing here. */

import { ExportedShares, ExportRequest } from '../keys/shapes.ts';
import { operation } from '../operation.ts';

export const exportWallet = operation({
  name: 'exportWallet',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets/:walletId/export',
  auth: 'bearer',
  userAction: true,
  permissions: ['Keys:Export'],
  effect: 'exportKey',
  request: ExportRequest,
  response: ExportedShares,
  summary: "Takes a wallet's key out; every wallet of that key stops signing here",
});
