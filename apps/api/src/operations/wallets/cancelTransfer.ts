import { wallets } from '@holdfast/contract/operations';
import { requireUsableWallet } from '../../domain/visibility.ts';
import { replaceOrder, requireOrder, transactionReply } from '../../orders/index.ts';
import { handler } from '../../pipeline/types.ts';

export const cancelTransfer = handler(wallets.cancelTransfer, async (ctx, call) => {
  const target = await requireUsableWallet(ctx, call.principal, call.params['walletId'] ?? '');
  const row = await requireOrder(ctx, target, { id: call.params['transferId'] ?? '', kind: 'transfer' });
  return transactionReply(await replaceOrder(ctx, call, target, { row, how: 'cancel' }));
});
