import { wallets } from '@holdfast/contract/operations';
import { delegate } from '../../domain/delegation.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

/** The older way to say it: the key is what is delegated, with every wallet on it. */
export const delegateWallet = handler(wallets.delegateWallet, async (ctx, call) => {
  const { wallet, key } = await requireWallet(ctx, call.principal, call.params['walletId'] ?? '');
  await delegate(ctx, call, { key, to: call.body });
  return { walletId: wallet.id, status: 'Delegated' };
});
