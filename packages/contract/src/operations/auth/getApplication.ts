/** Reads one application. */
import { operation } from '../operation.ts';
import { Application } from './shapes.ts';

export const getApplication = operation({
  name: 'getApplication',
  domain: 'auth',
  method: 'GET',
  path: '/auth/apps/:appId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Auth:Apps:Read'],
  effect: 'none',
  response: Application,
  summary: 'Reads one application',
});
