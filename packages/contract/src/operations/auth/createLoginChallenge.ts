/** Asks for the challenge of a login. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Id, Text } from '../shapes.ts';
import { AuthenticationChallenge } from './shapes.ts';

export const createLoginChallenge = operation({
  name: 'createLoginChallenge',
  domain: 'auth',
  method: 'POST',
  path: '/auth/login/init',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({ username: Type.Optional(Text(256, 1)), orgId: Id('or'), loginCode: Type.Optional(Text(100)) }),
  response: AuthenticationChallenge,
  summary: 'Asks for the challenge of a login',
});
