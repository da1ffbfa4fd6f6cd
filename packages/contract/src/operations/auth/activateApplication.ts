/** Activates an application. */
import { operation } from '../operation.ts';
import { Closed } from '../shapes.ts';
import { Application } from './shapes.ts';

export const activateApplication = operation({
  name: 'activateApplication',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/apps/:appId/activate',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Apps:Update'],
  effect: 'governance',
  request: Closed({}),
  bodyOptional: true,
  response: Application,
  summary: 'Activates an application',
});
