/** Archives a wallet; its key stays. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { Wallet } from './shapes.ts';

export const deleteWallet = operation({
  name: 'deleteWallet',
  domain: 'wallets',
  method: 'DELETE',
  path: '/wallets/:walletId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Update'],
  effect: 'archive',
  request: Empty,
  bodyOptional: true,
  response: Wallet,
  summary: 'Archives a wallet; its key stays',
});
