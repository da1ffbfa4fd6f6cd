/** Confirms to the signers what an end user registered, by the service account that saw it. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Id, Name, Reply, Text } from '../shapes.ts';
import { Credential } from './shapes.ts';

export const confirmRegistration = operation({
  name: 'confirmRegistration',
  domain: 'auth',
  method: 'POST',
  path: '/holdfast/registrations/confirm',
  auth: 'bearer',
  userAction: true,
  permissions: ['Auth:Register:Delegated'],
  effect: 'governance',
  request: Closed({
    userId: Id('us'),
    /** All of them at once: an end user who has one confirms the others alone. */
    credentials: Type.Array(
      Closed({
        credentialId: Text(1400, 1),
        kind: Type.Enum(['Key', 'Fido2', 'PasswordProtectedKey', 'RecoveryKey']),
        publicKey: Text(4000, 1),
        name: Name,
      }),
      { minItems: 1, maxItems: 3 },
    ),
  }),
  response: Reply({ items: Type.Array(Credential) }),
  summary: 'Confirms to the signers what an end user registered, by the service account that saw it',
});
