/** Makes the key of a wallet an end user's, for good, with every wallet on it. Older clients. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Id, Reply } from '../shapes.ts';

export const delegateWallet = operation({
  name: 'delegateWallet',
  domain: 'wallets',
  method: 'POST',
  path: '/wallets/:walletId/delegate',
  auth: 'bearer',
  userAction: true,
  permissions: ['Keys:Delegate'],
  effect: 'delegate',
  request: Closed({ userId: Id('us') }),
  response: Reply({ walletId: Type.String(), status: Type.Literal('Delegated') }),
  summary: "Makes the key of a wallet an end user's, for good, with every wallet on it",
});
