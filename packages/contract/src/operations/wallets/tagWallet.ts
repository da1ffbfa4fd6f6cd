/** Adds tags. */
import { operation } from '../operation.ts';
import { Closed, Reply, Tags } from '../shapes.ts';

export const tagWallet = operation({
  name: 'tagWallet',
  domain: 'wallets',
  method: 'PUT',
  path: '/wallets/:walletId/tags',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Tags:Add'],
  effect: 'none',
  request: Closed({ tags: Tags }),
  response: Reply({}),
  summary: 'Adds tags',
});
