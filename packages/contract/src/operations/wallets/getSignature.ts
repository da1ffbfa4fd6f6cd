/** Reads one signature request of a wallet. */
import { operation } from '../operation.ts';
import { WalletSignatureRequest } from './shapes.ts';

export const getSignature = operation({
  name: 'getSignature',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/:walletId/signatures/:signatureId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Keys:Signatures:Read'],
  effect: 'none',
  response: WalletSignatureRequest,
  summary: 'Reads one signature request of a wallet',
});
