/** Rejects an offer made to a wallet. */
import { operation } from '../operation.ts';
import { Empty } from '../shapes.ts';
import { Offer } from './shapes.ts';

export const rejectOffer = operation({
  name: 'rejectOffer',
  domain: 'wallets',
  method: 'PUT',
  path: '/wallets/:walletId/offers/:offerId/reject',
  auth: 'bearer',
  userAction: true,
  permissions: ['Wallets:Offers:Settle'],
  effect: 'none',
  request: Empty,
  bodyOptional: true,
  response: Offer,
  summary: 'Rejects an offer made to a wallet',
});
