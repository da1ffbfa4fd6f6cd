/** Reads one wallet. */
import { operation } from '../operation.ts';
import { Wallet } from './shapes.ts';

export const getWallet = operation({
  name: 'getWallet',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/:walletId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Read'],
  effect: 'none',
  response: Wallet,
  summary: 'Reads one wallet',
});
