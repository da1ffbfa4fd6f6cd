/** Reads one offer made to a wallet. */
import { operation } from '../operation.ts';
import { Offer } from './shapes.ts';

export const getOffer = operation({
  name: 'getOffer',
  domain: 'wallets',
  method: 'GET',
  path: '/wallets/:walletId/offers/:offerId',
  auth: 'bearer',
  userAction: false,
  permissions: ['Wallets:Offers:Read'],
  effect: 'none',
  response: Offer,
  summary: 'Reads one offer made to a wallet',
});
