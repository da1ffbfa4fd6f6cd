import { wallets } from '@holdfast/contract/operations';
import { refuseUnknown } from '../../domain/canton.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const getOffer = handler(wallets.getOffer, async (ctx, { principal, params }) => {
  await requireWallet(ctx, principal, params['walletId'] ?? '');
  return refuseUnknown('offer');
});
