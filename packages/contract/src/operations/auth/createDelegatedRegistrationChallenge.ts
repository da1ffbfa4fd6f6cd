/** Creates an end user for a service account, and the challenge of its registration. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, ExternalId, Text } from '../shapes.ts';
import { RegistrationChallenge } from './shapes.ts';

export const createDelegatedRegistrationChallenge = operation({
  name: 'createDelegatedRegistrationChallenge',
  domain: 'auth',
  method: 'POST',
  path: '/auth/registration/delegated',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Register:Delegated'],
  effect: 'governance',
  request: Closed({
    email: Text(256, 1),
    kind: Type.Enum(['EndUser', 'CustomerEmployee']),
    externalId: Type.Optional(ExternalId),
  }),
  response: RegistrationChallenge,
  summary: 'Creates an end user for a service account, and the challenge of its registration',
});
