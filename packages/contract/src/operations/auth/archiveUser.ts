/** Deactivates a user for good. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { User } from './shapes.ts';

export const archiveUser = operation({
  name: 'archiveUser',
  domain: 'auth',
  method: 'DELETE',
  path: '/auth/users/:userId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Users:Delete'],
  effect: 'governance',
  request: Empty,
  bodyOptional: true,
  response: User,
  summary: 'Deactivates a user for good',
});
