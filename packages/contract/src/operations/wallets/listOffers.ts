/** Lists the offers made to a wallet. */
import { operation } from '../operation.ts';
import { listOf, Page } from '../shapes.ts';
import { Offer } from './shapes.ts';

export const listOffers = operation({
  name: 'listOffers',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/:walletId/offers',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Offers:Read'],
  effect: 'none',
  query: Page,
  response: listOf(Offer),
  summary: 'Lists the offers made to a wallet',
});
