/** Activates a service account. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { ServiceAccount } from './shapes.ts';

export const activateServiceAccount = operation({
  name: 'activateServiceAccount',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/service-accounts/:serviceAccountId/activate',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:ServiceAccounts:Activate'],
  effect: 'governance',
  request: Empty,
  bodyOptional: true,
  response: ServiceAccount,
  summary: 'Activates a service account',
});
