/** Makes a wallet, on a new key or on one that is there. */
import { Type } from '../../schema/type.ts';
import { DeriveFrom } from '../keys/shapes.ts';
import { operation } from '../operation.ts';
import { createWalletPermissions } from '../requirements.ts';
import { Closed, Curve, ExternalId, Id, Name, Network, Scheme, Tags, Text } from '../shapes.ts';
import { Wallet } from './shapes.ts';

export const createWallet = operation({
  name: 'createWallet',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets',
  auth: 'bearer',
  userAction: true,
  permissions: createWalletPermissions,
  effect: 'createKey',
  request: Closed({
    network: Network,
    name: Type.Optional(Name),
    signingKey: Type.Optional(
      Closed({
        id: Type.Optional(Id('key')),
        scheme: Type.Optional(Scheme),
        curve: Type.Optional(Curve),
        storeId: Type.Optional(Text(64)),
        deriveFrom: Type.Optional(DeriveFrom),
      }),
    ),
    delegateTo: Type.Optional(Text(64)),
    delayDelegation: Type.Optional(Type.Boolean()),
    externalId: Type.Optional(ExternalId),
    tags: Type.Optional(Tags),
  }),
  response: Wallet,
  summary: 'Makes a wallet, on a new key or on one that is there',
});
