/** Enrols a further credential, signed by an existing one. */
import { operation } from '../operation.ts';
import { Credential, NewCredential } from './shapes.ts';

export const createCredential = operation({
  name: 'createCredential',
  domain: 'auth',
  method: 'POST',
  path: '/auth/credentials',
  auth: 'bearer',
  userAction: true,
  permissions: [],
  effect: 'governance',
  request: NewCredential,
  response: Credential,
  summary: 'Enrols a further credential, signed by an existing one',
});
