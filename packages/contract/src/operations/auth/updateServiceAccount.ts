/** Renames a service account. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, ExternalId, Name } from '../shapes.ts';
import { ServiceAccount } from './shapes.ts';

export const updateServiceAccount = operation({
  name: 'updateServiceAccount',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/service-accounts/:serviceAccountId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:ServiceAccounts:Update'],
  effect: 'governance',
  request: Closed({ name: Type.Optional(Name), externalId: Type.Optional(ExternalId) }),
  response: ServiceAccount,
  summary: 'Renames a service account',
});
