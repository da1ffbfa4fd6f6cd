/** Lists what came to a wallet and what left it. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Network, pageMembers, Reply, Text } from '../shapes.ts';
import { HistoryItem } from './shapes.ts';

export const getWalletHistory = operation({
  name: 'getWalletHistory',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/:walletId/history',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Read'],
  effect: 'none',
  query: Closed({
    ...pageMembers,
    direction: Type.Optional(Type.Enum(['In', 'Out'])),
    kind: Type.Optional(Text(64, 1)),
    contract: Type.Optional(Text(128, 1)),
  }),
  response: Reply({
    walletId: Type.String(),
    network: Network,
    items: Type.Array(HistoryItem),
    nextPageToken: Type.Optional(Type.String()),
  }),
  summary: 'Lists what came to a wallet and what left it',
});
