import { wallets } from '@holdfast/contract/operations';
import { requireUsableWallet } from '../../domain/visibility.ts';
import { requestOrder, transactionReply } from '../../orders/index.ts';
import { handler } from '../../pipeline/types.ts';

export const broadcastTransaction = handler(wallets.broadcastTransaction, async (ctx, call) => {
  const target = await requireUsableWallet(ctx, call.principal, call.params['walletId'] ?? '');
  return transactionReply(await requestOrder(ctx, call, target));
});
