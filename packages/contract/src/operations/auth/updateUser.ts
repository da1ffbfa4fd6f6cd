/** Says whether a user must log in by single sign-on. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed } from '../shapes.ts';
import { User } from './shapes.ts';

export const updateUser = operation({
  name: 'updateUser',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/users/:userId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Users:Update'],
  effect: 'governance',
  request: Closed({ isSSORequired: Type.Boolean() }),
  response: User,
  summary: 'Says whether a user must log in by single sign-on',
});
