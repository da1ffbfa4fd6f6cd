/** Removes tags. */
import { operation } from '../operation.ts';
import { Closed, Reply, Tags } from '../shapes.ts';

export const untagWallet = operation({
  name: 'untagWallet',
  domain: 'wallets',
  method: 'DELETE',
  path: '/wallets/:walletId/tags',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Tags:Delete'],
  effect: 'none',
  request: Closed({ tags: Tags }),
  response: Reply({}),
  summary: 'Removes tags',
});
