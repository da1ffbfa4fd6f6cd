/** Deactivates a service account. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed } from '../shapes.ts';
import { ServiceAccount } from './shapes.ts';

export const deactivateServiceAccount = operation({
  name: 'deactivateServiceAccount',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/service-accounts/:serviceAccountId/deactivate',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:ServiceAccounts:Deactivate'],
  effect: 'governance',
  request: Closed({ force: Type.Optional(Type.Boolean()) }),
  bodyOptional: true,
  response: ServiceAccount,
  summary: 'Deactivates a service account',
});
