/** Activates a token of the caller. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { AccessToken } from './shapes.ts';

export const activatePersonalAccessToken = operation({
  name: 'activatePersonalAccessToken',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/pats/:tokenId/activate',
  auth: 'bearer',
  userAction: true,
  permissions: [],
  effect: 'governance',
  request: Empty,
  bodyOptional: true,
  response: AccessToken,
  summary: 'Activates a token of the caller',
});
