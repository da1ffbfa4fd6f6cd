/** Creates a user, who then registers with a code. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, ExternalId, Text } from '../shapes.ts';
import { User } from './shapes.ts';

export const createUser = operation({
  name: 'createUser',
  domain: 'auth',
  method: 'POST',
  path: '/auth/users',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Users:Create'],
  effect: 'governance',
  request: Closed({
    email: Text(256, 3),
    kind: Type.Enum(['CustomerEmployee', 'DfnsStaff']),
    publicKey: Type.Optional(Text(4000)),
    externalId: Type.Optional(ExternalId),
    isSSORequired: Type.Optional(Type.Boolean()),
  }),
  response: User,
  summary: 'Creates a user, who then registers with a code',
});
