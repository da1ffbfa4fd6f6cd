/** Deactivates a user: its credentials no longer count anywhere. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { User } from './shapes.ts';

export const deactivateUser = operation({
  name: 'deactivateUser',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/users/:userId/deactivate',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Users:Deactivate'],
  effect: 'governance',
  request: Empty,
  bodyOptional: true,
  response: User,
  summary: 'Deactivates a user: its credentials no longer count anywhere',
});
