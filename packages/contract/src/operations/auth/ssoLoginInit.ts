/** Asks where a single sign-on begins. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Id, Reply, Text } from '../shapes.ts';

export const ssoLoginInit = operation({
  name: 'ssoLoginInit',
  domain: 'auth',
  method: 'POST',
  path: '/auth/login/sso/init',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({ orgId: Id('or'), clientId: Text(2000, 1), redirectUri: Text(2000, 1) }),
  response: Reply({ ssoRedirectUrl: Type.String() }),
  summary: 'Asks where a single sign-on begins',
});
