/** Lists the users of the organisation. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, listOf, pageMembers } from '../shapes.ts';
import { User } from './shapes.ts';

export const listUsers = operation({
  name: 'listUsers',
  domain: 'auth',
  method: 'GET',
  path: '/auth/users',
  auth: 'bearer',
  userAction: false,
  permissions: ['Auth:Users:Read'],
  effect: 'none',
  query: Closed({ ...pageMembers, kind: Type.Optional(Type.Enum(['CustomerEmployee', 'EndUser'])) }),
  response: listOf(User),
  summary: 'Lists the users of the organisation',
});
