/** Deactivates an application: passkeys count nowhere by it, and its own requests are refused. */
import { operation } from '../operation.ts';
import { Closed } from '../shapes.ts';
import { Application } from './shapes.ts';

export const deactivateApplication = operation({
  name: 'deactivateApplication',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/apps/:appId/deactivate',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Apps:Update'],
  effect: 'governance',
  request: Closed({}),
  bodyOptional: true,
  response: Application,
  summary: 'Deactivates an application: passkeys count nowhere by it, and its own requests are refused',
});
