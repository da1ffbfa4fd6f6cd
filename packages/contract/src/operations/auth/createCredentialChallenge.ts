/** Asks for the challenge of a further credential. */
import { operation } from '../operation.ts';
import { Closed } from '../shapes.ts';
import { CredentialChallenge, CredentialKind } from './shapes.ts';

export const createCredentialChallenge = operation({
  name: 'createCredentialChallenge',
  domain: 'auth',
  method: 'POST',
  path: '/auth/credentials/init',
  auth: 'bearer',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({ kind: CredentialKind }),
  response: CredentialChallenge,
  summary: 'Asks for the challenge of a further credential',
});
