/** Asks for the challenge that a signed call needs. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Text } from '../shapes.ts';
import { AuthenticationChallenge } from './shapes.ts';

export const createUserActionChallenge = operation({
  name: 'createUserActionChallenge',
  domain: 'auth',
  method: 'POST',
  path: '/auth/action/init',
  auth: 'bearer',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({
    userActionPayload: Type.Optional(Type.String()),
    userActionHttpMethod: Type.Enum(['POST', 'PUT', 'DELETE', 'GET']),
    userActionHttpPath: Text(1000, 1),
    userActionServerKind: Type.Optional(Type.Enum(['Api', 'Staff'])),
  }),
  response: AuthenticationChallenge,
  summary: 'Asks for the challenge that a signed call needs',
});
