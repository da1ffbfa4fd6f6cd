/** Ends this login, or all logins of the user. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Message } from '../shapes.ts';

export const logout = operation({
  name: 'logout',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/logout',
  auth: 'bearer',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({ allSessions: Type.Optional(Type.Boolean()) }),
  bodyOptional: true,
  response: Message,
  alsoMethods: ['POST'],
  summary: 'Ends this login, or all logins of the user',
});
