/** Signs with a wallet's key for the wallet's network. */

import { SignatureBody } from '../keys/shapes.ts';
import { operation } from '../operation.ts';
import { WalletSignatureRequest } from './shapes.ts';

export const generateSignature = operation({
  name: 'generateSignature',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets/:walletId/signatures',
  auth: 'bearer',
  userAction: true,
  permissions: ['Keys:Signatures:Create'],
  effect: 'sign',
  request: SignatureBody,
  response: WalletSignatureRequest,
  summary: "Signs with a wallet's key for the wallet's network",
});
