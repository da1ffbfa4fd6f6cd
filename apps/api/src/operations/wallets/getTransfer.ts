import { wallets } from '@holdfast/contract/operations';
import { requireWallet } from '../../domain/visibility.ts';
import { requireOrder, transferReply } from '../../orders/index.ts';
import { handler } from '../../pipeline/types.ts';

export const getTransfer = handler(wallets.getTransfer, async (ctx, { principal, params }) => {
  const target = await requireWallet(ctx, principal, params['walletId'] ?? '');
  return transferReply(await requireOrder(ctx, target, { id: params['transferId'] ?? '', kind: 'transfer' }));
});
