/** Exchanges a registration code for the challenge that new credentials answer. */
import { operation } from '../operation.ts';
import { Closed, Id, Text } from '../shapes.ts';
import { RegistrationChallenge } from './shapes.ts';

export const createRegistrationChallenge = operation({
  name: 'createRegistrationChallenge',
  domain: 'auth',
  method: 'POST',
  path: '/auth/registration/init',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({ orgId: Id('or'), username: Text(256, 1), registrationCode: Text(100, 1) }),
  response: RegistrationChallenge,
  summary: 'Exchanges a registration code for the challenge that new credentials answer',
});
