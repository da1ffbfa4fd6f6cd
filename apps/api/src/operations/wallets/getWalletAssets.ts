import { wallets } from '@holdfast/contract/operations';
import { assetsOf } from '../../domain/chain-history.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const getWalletAssets = handler(wallets.getWalletAssets, async (ctx, { principal, params }) => {
  const { wallet } = await requireWallet(ctx, principal, params['walletId'] ?? '');
  return { walletId: wallet.id, network: wallet.network, assets: await assetsOf(ctx, wallet) };
});
