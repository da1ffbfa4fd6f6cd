import { wallets } from '@holdfast/contract/operations';
import { requireUsableWallet } from '../../domain/visibility.ts';
import { requestOrder, transferReply } from '../../orders/index.ts';
import { handler } from '../../pipeline/types.ts';

export const transferAsset = handler(wallets.transferAsset, async (ctx, call) => {
  const target = await requireUsableWallet(ctx, call.principal, call.params['walletId'] ?? '');
  return transferReply(await requestOrder(ctx, call, target));
});
