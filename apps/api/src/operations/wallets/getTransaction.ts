import { wallets } from '@holdfast/contract/operations';
import { requireWallet } from '../../domain/visibility.ts';
import { requireOrder, transactionReply } from '../../orders/index.ts';
import { handler } from '../../pipeline/types.ts';

export const getTransaction = handler(wallets.getTransaction, async (ctx, { principal, params }) => {
  const target = await requireWallet(ctx, principal, params['walletId'] ?? '');
  return transactionReply(await requireOrder(ctx, target, { id: params['transactionId'] ?? '', kind: 'transaction' }));
});
