/** Ends a token of the caller for good. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { AccessToken } from './shapes.ts';

export const archivePersonalAccessToken = operation({
  name: 'archivePersonalAccessToken',
  domain: 'auth',
  method: 'DELETE',
  path: '/auth/pats/:tokenId',
  auth: 'bearer',
  userAction: true,
  permissions: [],
  effect: 'governance',
  request: Empty,
  bodyOptional: true,
  response: AccessToken,
  summary: 'Ends a token of the caller for good',
});
