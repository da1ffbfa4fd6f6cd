/** Asks for the challenge of a registration with the ID token of an identity provider. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Id, Text } from '../shapes.ts';
import { RegistrationChallenge } from './shapes.ts';

export const createSocialRegistrationChallenge = operation({
  name: 'createSocialRegistrationChallenge',
  domain: 'auth',
  method: 'POST',
  path: '/auth/registration/social',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({
    orgId: Type.Optional(Id('or')),
    socialLoginProviderKind: Type.Literal('Oidc'),
    idToken: Text(16_384, 1),
  }),
  response: RegistrationChallenge,
  summary: 'Asks for the challenge of a registration with the ID token of an identity provider',
});
