/** Activates a credential. */
import { operation } from '../operation.ts';
import { AcknowledgedBy, Closed, Message, Reply, Text } from '../shapes.ts';

export const activateCredential = operation({
  name: 'activateCredential',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/credentials/activate',
  auth: 'bearer',
  userAction: true,
  permissions: [],
  effect: 'governance',
  request: Closed({ credentialUuid: Text(64, 1) }),
  response: Reply({ ...Message.properties, acknowledgedBy: AcknowledgedBy }),
  summary: 'Activates a credential',
});
