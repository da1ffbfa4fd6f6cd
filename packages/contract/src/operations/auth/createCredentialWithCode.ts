/** Enrols a credential by code: it may log in, signers refuse it until it is confirmed. */
import { operation } from '../operation.ts';
import { Credential, NewCredential } from './shapes.ts';

export const createCredentialWithCode = operation({
  name: 'createCredentialWithCode',
  domain: 'auth',
  method: 'POST',
  path: '/auth/credentials/code/verify',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: NewCredential,
  response: Credential,
  summary: 'Enrols a credential by code: it may log in, signers refuse it until it is confirmed',
});
