/** Lists the tokens of the caller. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';
import { AccessToken } from './shapes.ts';

export const listPersonalAccessTokens = operation({
  name: 'listPersonalAccessTokens',
  domain: 'auth',
  method: 'GET',
  path: '/auth/pats',
  auth: 'bearer',
  userAction: false,
  permissions: [],
  effect: 'none',
  response: Reply({ items: Type.Array(AccessToken) }),
  summary: 'Lists the tokens of the caller',
});
