/** Lists the signature requests of a key. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Page, Reply } from '../shapes.ts';
import { SignatureRequest } from './shapes.ts';

export const listSignatures = operation({
  name: 'listSignatures',
  domain: 'keys',
  method: 'GET',
  path: '/keys/:keyId/signatures',
  auth: 'bearer',
  userAction: false,
  permissions: ['Keys:Signatures:Read'],
  effect: 'none',
  query: Page,
  response: Reply({
    items: Type.Array(SignatureRequest),
    nextPageToken: Type.Optional(Type.String()),
    keyId: Type.String(),
  }),
  summary: 'Lists the signature requests of a key',
});
