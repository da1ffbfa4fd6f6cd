/** Deactivates an application for good. */
import { operation } from '../operation.ts';
import { Closed } from '../shapes.ts';
import { Application } from './shapes.ts';

export const archiveApplication = operation({
  name: 'archiveApplication',
  domain: 'auth',
  method: 'DELETE',
  path: '/auth/apps/:appId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Apps:Update'],
  effect: 'governance',
  request: Closed({}),
  bodyOptional: true,
  response: Application,
  summary: 'Deactivates an application for good',
});
