/** Creates a token of the caller, with a key of its own. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, ExternalId, Id, Name, Text } from '../shapes.ts';
import { NewAccessToken } from './shapes.ts';

export const createPersonalAccessToken = operation({
  name: 'createPersonalAccessToken',
  domain: 'auth',
  method: 'POST',
  path: '/auth/pats',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Pats:Create'],
  effect: 'governance',
  request: Closed({
    name: Name,
    publicKey: Text(4000, 1),
    permissionId: Type.Optional(Id('pm')),
    externalId: Type.Optional(ExternalId),
    daysValid: Type.Optional(Type.Integer({ minimum: 1, maximum: 730 })),
    secondsValid: Type.Optional(Type.Integer({ minimum: 1, maximum: 63_072_000 })),
  }),
  response: NewAccessToken,
  summary: 'Creates a token of the caller, with a key of its own',
});
