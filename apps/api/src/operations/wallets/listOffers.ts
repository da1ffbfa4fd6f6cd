import { wallets } from '@holdfast/contract/operations';
import { nothingIn } from '../../domain/canton.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const listOffers = handler(wallets.listOffers, async (ctx, { principal, params, query }) => {
  await requireWallet(ctx, principal, params['walletId'] ?? '');
  return nothingIn(query);
});
