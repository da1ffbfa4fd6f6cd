import { wallets } from '@holdfast/contract/operations';
import { exportKey } from '../../domain/exports.ts';
import { requireUsableWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const exportWallet = handler(wallets.exportWallet, async (ctx, call) => {
  const { key } = await requireUsableWallet(ctx, call.principal, call.params['walletId'] ?? '');
  return exportKey(ctx, call, key);
});
