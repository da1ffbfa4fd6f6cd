/** Reads the balances of a wallet from the chain. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed } from '../shapes.ts';
import { WalletAssets } from './shapes.ts';

export const getWalletAssets = operation({
  name: 'getWalletAssets',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/:walletId/assets',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Read'],
  effect: 'none',
  // Prices are not known here: `netWorth` is read and answers nothing.
  query: Closed({ netWorth: Type.Optional(Type.Enum(['true'])) }),
  response: WalletAssets,
  summary: 'Reads the balances of a wallet from the chain',
});
