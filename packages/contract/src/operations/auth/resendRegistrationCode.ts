/** Sends a fresh registration code to a user who has not registered yet. */
import { operation } from '../operation.ts';
import { Closed, Id, Message, Text } from '../shapes.ts';

export const resendRegistrationCode = operation({
  name: 'resendRegistrationCode',
  domain: 'auth',
  method: 'PUT',
  path: '/auth/registration/code',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({ username: Text(256, 1), orgId: Id('or') }),
  response: Message,
  summary: 'Sends a fresh registration code to a user who has not registered yet',
});
