/** Renames a token of the caller. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, ExternalId, Name } from '../shapes.ts';
import { AccessToken } from './shapes.ts';

export const updatePersonalAccessToken = operation({
  name: 'updatePersonalAccessToken',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/pats/:tokenId',
  auth: 'bearer',
  userAction: true,
  permissions: [],
  effect: 'governance',
  request: Closed({ name: Type.Optional(Name), externalId: Type.Optional(ExternalId) }),
  response: AccessToken,
  summary: 'Renames a token of the caller',
});
