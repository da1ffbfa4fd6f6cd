import { wallets } from '@holdfast/contract/operations';
import { requireWallet } from '../../domain/visibility.ts';
import { abortOrder, requireOrder, transactionReply } from '../../orders/index.ts';
import { handler } from '../../pipeline/types.ts';

export const abortTransaction = handler(wallets.abortTransaction, async (ctx, { principal, params }) => {
  const target = await requireWallet(ctx, principal, params['walletId'] ?? '');
  const row = await requireOrder(ctx, target, { id: params['transactionId'] ?? '', kind: 'transaction' });
  return transactionReply(await abortOrder(ctx, row));
});
