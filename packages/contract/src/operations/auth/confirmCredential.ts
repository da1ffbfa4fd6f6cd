/** Confirms to the signers a credential that was enrolled by code. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Id, Name, Text } from '../shapes.ts';
import { Credential } from './shapes.ts';

export const confirmCredential = operation({
  name: 'confirmCredential',
  domain: 'auth',
  method: 'POST',
  path: '/holdfast/credentials/confirm',
  auth: 'bearer',
  userAction: true,
  // For somebody else's it takes Auth:Users:Update, which the reducer asks for: whose it is stands in the chain.
  permissions: [],
  effect: 'governance',
  request: Closed({
    userId: Id('us'),
    credentialId: Text(1400, 1),
    kind: Type.Enum(['Key', 'Fido2', 'PasswordProtectedKey', 'RecoveryKey']),
    publicKey: Text(4000, 1),
    name: Name,
  }),
  response: Credential,
  summary: 'Confirms to the signers a credential that was enrolled by code',
});
