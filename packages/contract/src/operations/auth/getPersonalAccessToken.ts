/** Reads a token of the caller. */
import { operation } from '../operation.ts';
import { AccessToken } from './shapes.ts';

export const getPersonalAccessToken = operation({
  name: 'getPersonalAccessToken',
  domain: 'auth',
  method: 'GET',
  path: '/auth/pats/:tokenId',
  auth: 'bearer',
  userAction: false,
  permissions: [],
  effect: 'none',
  response: AccessToken,
  summary: 'Reads a token of the caller',
});
