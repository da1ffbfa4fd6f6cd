/** Lists the signature requests of a wallet. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Page, Reply } from '../shapes.ts';
import { WalletSignatureRequest } from './shapes.ts';

export const listSignatures = operation({
  name: 'listSignatures',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/:walletId/signatures',
  auth: 'bearer',
  userAction: false,
  permissions: ['Keys:Signatures:Read'],
  effect: 'none',
  query: Page,
  response: Reply({
    items: Type.Array(WalletSignatureRequest),
    nextPageToken: Type.Optional(Type.String()),
    keyId: Type.String(),
    walletId: Type.String(),
  }),
  summary: 'Lists the signature requests of a wallet',
});
