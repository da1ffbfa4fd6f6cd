/** Makes a key an end user's, for good, with every wallet on it. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Id, Reply } from '../shapes.ts';

export const delegateKey = operation({
  name: 'delegateKey',
  domain: 'keys',
  method: 'POST',
  path: '/keys/:keyId/delegate',
  auth: 'bearer',
  userAction: true,
  permissions: ['Keys:Delegate'],
  effect: 'delegate',
  // `userId` is what the older call on wallets says; one of the two.
  request: Closed({ delegateTo: Type.Optional(Id('us')), userId: Type.Optional(Id('us')) }),
  response: Reply({ keyId: Type.String(), status: Type.Literal('Delegated') }),
  summary: "Makes a key an end user's, for good, with every wallet on it",
});
