import { wallets } from '@holdfast/contract/operations';
import { changeTags } from '@holdfast/storage/records';
import { requireWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const untagWallet = handler(wallets.untagWallet, async (ctx, { principal, params, body }) => {
  const { wallet } = await requireWallet(ctx, principal, params['walletId'] ?? '');
  await changeTags(ctx.db.kysely, wallet.orgId, wallet.id, { remove: body.tags });
  return {};
});
