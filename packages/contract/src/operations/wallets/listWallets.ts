/** Lists wallets. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, listOf, pageMembers, Text } from '../shapes.ts';
import { Wallet } from './shapes.ts';

export const listWallets = operation({
  name: 'listWallets',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Read'],
  effect: 'none',
  query: Closed({
    ...pageMembers,
    owner: Type.Optional(Text(256)),
    ownerId: Type.Optional(Text(256)),
    ownerUsername: Type.Optional(Text(256)),
  }),
  response: listOf(Wallet),
  summary: 'Lists wallets',
});
