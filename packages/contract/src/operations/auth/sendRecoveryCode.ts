/** Mails a recovery code to a user who has a recovery key. */
import { operation } from '../operation.ts';
import { Closed, Id, Message, Text } from '../shapes.ts';

export const sendRecoveryCode = operation({
  name: 'sendRecoveryCode',
  domain: 'auth',
  method: 'POST',
  path: '/auth/recover/user/code',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({ username: Text(256, 1), orgId: Id('or') }),
  response: Message,
  alsoMethods: ['PUT'],
  summary: 'Mails a recovery code to a user who has a recovery key',
});
