/** Exchanges a credential code for a challenge. */
import { operation } from '../operation.ts';
import { Closed, Text } from '../shapes.ts';
import { CredentialChallenge, CredentialKind } from './shapes.ts';

export const createCredentialChallengeWithCode = operation({
  name: 'createCredentialChallengeWithCode',
  domain: 'auth',
  method: 'POST',
  path: '/auth/credentials/code/init',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({ credentialKind: CredentialKind, code: Text(100, 1) }),
  response: CredentialChallenge,
  summary: 'Exchanges a credential code for a challenge',
});
