/** Reads one signed action with the assertion that authorised it. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';
import { CredentialKind } from './shapes.ts';

const OrNull = Type.Union([Type.String(), Type.Null()]);

export const getAuditLog = operation({
  name: 'getAuditLog',
  domain: 'auth',
  method: 'GET',
  path: '/auth/action/logs/:actionId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Auth:Logs:Read'],
  effect: 'none',
  response: Reply({
    id: Type.String(),
    action: Type.String(),
    actionToken: Type.String(),
    userId: OrNull,
    username: OrNull,
    datePerformed: OrNull,
    firstFactorCredential: Reply({
      id: Type.String(),
      kind: CredentialKind,
      publicKey: Type.String(),
      assertion: Reply({ authenticatorData: OrNull, clientData: Type.String(), signature: Type.String() }),
    }),
  }),
  summary: 'Reads one signed action with the assertion that authorised it',
});
