/** Gives a service account the recovery challenge of one of its organisation's end users. */
import { operation } from '../operation.ts';
import { Closed, Text } from '../shapes.ts';
import { RecoveryChallenge } from './shapes.ts';

export const createDelegatedRecoveryChallenge = operation({
  name: 'createDelegatedRecoveryChallenge',
  domain: 'auth',
  method: 'POST',
  path: '/auth/recover/user/delegated',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Recover:Delegated'],
  effect: 'none',
  request: Closed({ username: Text(256, 1), credentialId: Text(1400, 1) }),
  response: RecoveryChallenge,
  summary: "Gives a service account the recovery challenge of one of its organisation's end users",
});
