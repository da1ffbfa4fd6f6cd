/** Brings in an existing private key as a wallet. */
import { Type } from '../../schema/type.ts';
import { importMembers } from '../keys/shapes.ts';
import { operation } from '../operation.ts';
import { Closed, ExternalId, Network } from '../shapes.ts';
import { Wallet } from './shapes.ts';

export const importWallet = operation({
  name: 'importWallet',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets/import',
  auth: 'bearer',
  userAction: true,
  permissions: ['Signers:ListSigners', 'Keys:Import', 'Wallets:Create'],
  effect: 'importKey',
  request: Closed({ ...importMembers, network: Network, externalId: Type.Optional(ExternalId) }),
  response: Wallet,
  summary: 'Brings in an existing private key as a wallet',
});
