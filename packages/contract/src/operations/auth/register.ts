/** Completes a registration with new credentials. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed } from '../shapes.ts';
import { RegistrationCredential, RegistrationResult } from './shapes.ts';

export const register = operation({
  name: 'register',
  domain: 'auth',
  method: 'POST',
  path: '/auth/registration',
  auth: 'temp',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({
    firstFactorCredential: RegistrationCredential,
    secondFactorCredential: Type.Optional(RegistrationCredential),
    recoveryCredential: Type.Optional(RegistrationCredential),
  }),
  response: RegistrationResult,
  summary: 'Completes a registration with new credentials',
});
