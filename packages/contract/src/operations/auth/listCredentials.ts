/** Lists the caller's own credentials. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';
import { Credential } from './shapes.ts';

export const listCredentials = operation({
  name: 'listCredentials',
  domain: 'auth',
  method: 'GET',
  path: '/auth/credentials',
  auth: 'bearer',
  userAction: false,
  permissions: [],
  effect: 'none',
  response: Reply({ items: Type.Array(Credential) }),
  summary: "Lists the caller's own credentials",
});
