/** Creates a service account with a key of its own. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { createServiceAccountPermissions } from '../requirements.ts';
import { Closed, ExternalId, Id, Name, Text } from '../shapes.ts';
import { ServiceAccount } from './shapes.ts';

export const createServiceAccount = operation({
  name: 'createServiceAccount',
  domain: 'auth',
  method: 'POST',
  path: '/auth/service-accounts',
  auth: 'bearer',
  userAction: true,
  permissions: createServiceAccountPermissions,
  effect: 'governance',
  request: Closed({
    name: Name,
    publicKey: Text(4000, 1),
    permissionId: Type.Optional(Id('pm')),
    externalId: Type.Optional(ExternalId),
    daysValid: Type.Optional(Type.Integer({ minimum: 1, maximum: 730 })),
  }),
  response: ServiceAccount,
  summary: 'Creates a service account with a key of its own',
});
