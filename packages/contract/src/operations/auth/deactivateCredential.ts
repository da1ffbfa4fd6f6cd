/** Deactivates a credential. */
import { operation } from '../operation.ts';
import { AcknowledgedBy, Closed, Message, Reply, Text } from '../shapes.ts';

export const deactivateCredential = operation({
  name: 'deactivateCredential',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/credentials/deactivate',
  auth: 'bearer',
  userAction: true,
  permissions: [],
  effect: 'governance',
  request: Closed({ credentialUuid: Text(64, 1) }),
  response: Reply({ ...Message.properties, acknowledgedBy: AcknowledgedBy }),
  summary: 'Deactivates a credential',
});
