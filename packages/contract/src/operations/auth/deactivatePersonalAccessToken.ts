/** Deactivates a token of the caller. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { AccessToken } from './shapes.ts';

export const deactivatePersonalAccessToken = operation({
  name: 'deactivatePersonalAccessToken',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/pats/:tokenId/deactivate',
  auth: 'bearer',
  userAction: true,
  permissions: [],
  effect: 'governance',
  request: Empty,
  bodyOptional: true,
  response: AccessToken,
  summary: 'Deactivates a token of the caller',
});
