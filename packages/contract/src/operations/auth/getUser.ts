/** Reads one user. */
import { operation } from '../operation.ts';
import { User } from './shapes.ts';

export const getUser = operation({
  name: 'getUser',
  domain: 'auth',
  method: 'GET',
  path: '/auth/users/:userId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Auth:Users:Read'],
  effect: 'none',
  response: User,
  summary: 'Reads one user',
});
