/** Reads one signature request of a key. */
import { operation } from '../operation.ts';
import { SignatureRequest } from './shapes.ts';

export const getSignature = operation({
  name: 'getSignature',
  domain: 'keys',
  method: 'GET',
  path: '/keys/:keyId/signatures/:signatureId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Keys:Signatures:Read'],
  effect: 'none',
  response: SignatureRequest,
  summary: 'Reads one signature request of a key',
});
