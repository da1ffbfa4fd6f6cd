/** Accepts an offer made to a wallet. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { Offer } from './shapes.ts';

export const acceptOffer = operation({
  name: 'acceptOffer',
  domain: 'wallets',
  method: 'PUT',
  path: '/wallets/:walletId/offers/:offerId/accept',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Offers:Settle'],
  effect: 'none',
  request: Empty,
  bodyOptional: true,
  response: Offer,
  summary: 'Accepts an offer made to a wallet',
});
