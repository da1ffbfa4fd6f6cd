/** Replaces all credentials of a user by a set that the recovery key signed. */
import { operation } from '../operation.ts';
import { Recovery, RegistrationResult } from './shapes.ts';

export const recover = operation({
  name: 'recover',
  domain: 'auth',
  method: 'POST',
  path: '/auth/recover/user',
  auth: 'temp',
  userAction: false,
  permissions: [],
  effect: 'governance',
  request: Recovery,
  response: RegistrationResult,
  summary: 'Replaces all credentials of a user by a set that the recovery key signed',
});
