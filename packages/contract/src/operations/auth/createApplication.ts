/** Creates an application: where passkeys are used, and for a server-signed one whose key signs its requests. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { createApplicationPermissions } from '../requirements.ts';
import { Closed, ExternalId, Id, Name, Text } from '../shapes.ts';
import { Application } from './shapes.ts';

export const createApplication = operation({
  name: 'createApplication',
  domain: 'auth',
  method: 'POST',
  path: '/auth/apps',
  auth: 'bearer',
  userAction: true,
  permissions: createApplicationPermissions,
  effect: 'governance',
  request: Closed({
    name: Name,
    kind: Type.Enum(['ClientSideApplication', 'ServerSideApplication']),
    relyingPartyId: Text(253, 1),
    origin: Text(300, 1),
    /** PEM; of a server-signed application, and of no other. */
    publicKey: Type.Optional(Text(4000, 1)),
    permissionId: Type.Optional(Id('pm')),
    externalId: Type.Optional(ExternalId),
    daysValid: Type.Optional(Type.Integer({ minimum: 1, maximum: 730 })),
  }),
  response: Application,
  summary: 'Creates an application: where passkeys are used, and for a server-signed one whose key signs its requests',
});
