/** Activates a user. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { User } from './shapes.ts';

export const activateUser = operation({
  name: 'activateUser',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/users/:userId/activate',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Users:Activate'],
  effect: 'governance',
  request: Empty,
  bodyOptional: true,
  response: User,
  summary: 'Activates a user',
});
