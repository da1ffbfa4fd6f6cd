/** Lists the tokens of a wallet that are one of their kind. */
import { operation } from '../operation.ts';
import { WalletNfts } from './shapes.ts';

export const getWalletNfts = operation({
  name: 'getWalletNfts',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/:walletId/nfts',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Read'],
  effect: 'none',
  response: WalletNfts,
  summary: 'Lists the tokens of a wallet that are one of their kind',
});
