import { wallets } from '@holdfast/contract/operations';
import { requireWallet } from '../../domain/visibility.ts';
import { abortOrder, requireOrder, transferReply } from '../../orders/index.ts';
import { handler } from '../../pipeline/types.ts';

export const abortTransfer = handler(wallets.abortTransfer, async (ctx, { principal, params }) => {
  const target = await requireWallet(ctx, principal, params['walletId'] ?? '');
  const row = await requireOrder(ctx, target, { id: params['transferId'] ?? '', kind: 'transfer' });
  return transferReply(await abortOrder(ctx, row));
});
