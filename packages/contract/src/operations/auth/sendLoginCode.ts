/** Mails a code that hands out the user's password protected keys at the next login. */
import { operation } from '../operation.ts';
import { Closed, Id, Message, Text } from '../shapes.ts';

export const sendLoginCode = operation({
  name: 'sendLoginCode',
  domain: 'auth',
  method: 'POST',
  path: '/auth/login/code',
  auth: 'public',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({ username: Text(256, 1), orgId: Id('or') }),
  response: Message,
  summary: "Mails a code that hands out the user's password protected keys at the next login",
});
