/** Archives a key and its wallets; the signers stop using it. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { Key } from './shapes.ts';

export const deleteKey = operation({
  name: 'deleteKey',
  domain: 'keys',
  method: 'DELETE',
  path: '/keys/:keyId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Keys:Delete'],
  effect: 'archive',
  request: Empty,
  bodyOptional: true,
  response: Key,
  summary: 'Archives a key and its wallets; the signers stop using it',
});
