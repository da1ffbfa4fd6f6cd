/** Completes a single sign-on. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Reply, Text } from '../shapes.ts';

export const ssoLogin = operation({
  name: 'ssoLogin',
  domain: 'auth',
  method: 'POST',
  path: '/auth/login/sso',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({ code: Text(4000, 1), state: Text(200, 1) }),
  response: Reply({ token: Type.String() }),
  summary: 'Completes a single sign-on',
});
