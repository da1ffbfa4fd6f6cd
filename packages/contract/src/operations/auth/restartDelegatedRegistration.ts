/** Gives a service account a new challenge for a user who has not registered yet. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, ExternalId, Text } from '../shapes.ts';
import { RegistrationChallenge } from './shapes.ts';

export const restartDelegatedRegistration = operation({
  name: 'restartDelegatedRegistration',
  domain: 'auth',
  method: 'POST',
  path: '/auth/registration/delegated/restart',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Register:Delegated'],
  effect: 'none',
  request: Closed({
    email: Text(256, 1),
    kind: Type.Enum(['EndUser', 'CustomerEmployee']),
    externalId: Type.Optional(ExternalId),
  }),
  response: RegistrationChallenge,
  summary: 'Gives a service account a new challenge for a user who has not registered yet',
});
