/** Logs in with the ID token of an identity provider. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Id, Reply, Text } from '../shapes.ts';

export const socialLogin = operation({
  name: 'socialLogin',
  domain: 'auth',
  method: 'POST',
  path: '/auth/login/social',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({
    orgId: Type.Optional(Id('or')),
    socialLoginProviderKind: Type.Literal('Oidc'),
    idToken: Text(16_384, 1),
  }),
  response: Reply({ token: Type.String() }),
  summary: 'Logs in with the ID token of an identity provider',
});
