/** Lists the service accounts of the organisation. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';
import { ServiceAccount } from './shapes.ts';

export const listServiceAccounts = operation({
  name: 'listServiceAccounts',
  domain: 'auth',
  method: 'GET',
  path: '/auth/service-accounts',
  auth: 'bearer',
  userAction: false,
  permissions: ['Auth:ServiceAccounts:Read'],
  effect: 'none',
  response: Reply({ items: Type.Array(ServiceAccount) }),
  summary: 'Lists the service accounts of the organisation',
});
