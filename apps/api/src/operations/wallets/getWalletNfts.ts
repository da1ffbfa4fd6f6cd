import { wallets } from '@holdfast/contract/operations';
import { nftsOf } from '../../domain/chain-history.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const getWalletNfts = handler(wallets.getWalletNfts, async (ctx, { principal, params }) => {
  const { wallet } = await requireWallet(ctx, principal, params['walletId'] ?? '');
  return { walletId: wallet.id, network: wallet.network, nfts: await nftsOf(ctx, wallet) };
});
