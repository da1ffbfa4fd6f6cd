/** Gives an application another name or label. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, ExternalId, Name } from '../shapes.ts';
import { Application } from './shapes.ts';

export const updateApplication = operation({
  name: 'updateApplication',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/apps/:appId',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Apps:Update'],
  effect: 'governance',
  alsoMethods: ['POST'],
  request: Closed({ name: Type.Optional(Name), externalId: Type.Optional(ExternalId) }),
  response: Application,
  summary: 'Gives an application another name or label',
});
