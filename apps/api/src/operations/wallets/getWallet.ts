import { wallets } from '@holdfast/contract/operations';
import { walletReply } from '../../domain/replies.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const getWallet = handler(wallets.getWallet, async (ctx, { principal, params }) => {
  const { wallet, key } = await requireWallet(ctx, principal, params['walletId'] ?? '');
  return walletReply(wallet, key);
});
