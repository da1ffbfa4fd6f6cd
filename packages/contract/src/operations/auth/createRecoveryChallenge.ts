/** Exchanges a recovery code for the challenge that new credentials answer. */
import { operation } from '../operation.ts';
import { Closed, Id, Text } from '../shapes.ts';
import { RecoveryChallenge } from './shapes.ts';

export const createRecoveryChallenge = operation({
  name: 'createRecoveryChallenge',
  domain: 'auth',
  method: 'POST',
  path: '/auth/recover/user/init',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({
    username: Text(256, 1),
    verificationCode: Text(100, 1),
    orgId: Id('or'),
    credentialId: Text(1400, 1),
  }),
  response: RecoveryChallenge,
  summary: 'Exchanges a recovery code for the challenge that new credentials answer',
});
