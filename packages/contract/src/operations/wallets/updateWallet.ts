/** Changes the name or the external id; null clears. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, ExternalId, Name } from '../shapes.ts';
import { Wallet } from './shapes.ts';

export const updateWallet = operation({
  name: 'updateWallet',
  domain: 'wallets',
  method: 'PUT',
  path: '/wallets/:walletId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Update'],
  effect: 'none',
  request: Closed({
    name: Type.Optional(Type.Union([Name, Type.Null()])),
    externalId: Type.Optional(Type.Union([ExternalId, Type.Null()])),
  }),
  response: Wallet,
  summary: 'Changes the name or the external id; null clears',
});
