/** Reads one service account. */
import { operation } from '../operation.ts';
import { ServiceAccount } from './shapes.ts';

export const getServiceAccount = operation({
  name: 'getServiceAccount',
  domain: 'auth',
  method: 'GET',
  path: '/auth/service-accounts/:serviceAccountId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Auth:ServiceAccounts:Read'],
  effect: 'none',
  response: ServiceAccount,
  summary: 'Reads one service account',
});
