/** Signs with a key. */
import { operation } from '../operation.ts';
import { SignatureBody, SignatureRequest } from './shapes.ts';

export const generateSignature = operation({
  name: 'generateSignature',
  domain: 'keys',
  method: 'POST',
  path: '/keys/:keyId/signatures',
  auth: 'bearer',
  userAction: true,
  permissions: ['Keys:Signatures:Create'],
  effect: 'sign',
  request: SignatureBody,
  response: SignatureRequest,
  summary: 'Signs with a key',
});
