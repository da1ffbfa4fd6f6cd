/** Gives a service account a login token of an end user. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Reply, Text } from '../shapes.ts';

export const delegatedLogin = operation({
  name: 'delegatedLogin',
  domain: 'auth',
  method: 'POST',
  path: '/auth/login/delegated',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Login:Delegated'],
  effect: 'none',
  request: Closed({ username: Text(256, 1) }),
  response: Reply({ token: Type.String() }),
  summary: 'Gives a service account a login token of an end user',
});
