/** Deactivates a service account for good. */
import { operation } from '../operation.ts';
import { Empty, Force } from '../shapes.ts';
import { ServiceAccount } from './shapes.ts';

export const archiveServiceAccount = operation({
  name: 'archiveServiceAccount',
  domain: 'auth',
  method: 'DELETE',
  path: '/auth/service-accounts/:serviceAccountId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:ServiceAccounts:Delete'],
  effect: 'governance',
  request: Empty,
  bodyOptional: true,
  query: Force,
  response: ServiceAccount,
  summary: 'Deactivates a service account for good',
});
