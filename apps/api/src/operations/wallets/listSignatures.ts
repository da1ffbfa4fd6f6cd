import { wallets } from '@holdfast/contract/operations';
import { listSignatures as readSignatures } from '@holdfast/storage/records';
import { pagingOf } from '../../domain/paging.ts';
import { signatureReply } from '../../domain/replies.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const listSignatures = handler(wallets.listSignatures, async (ctx, { principal, params, query }) => {
  const { wallet } = await requireWallet(ctx, principal, params['walletId'] ?? '');
  const filter = { orgId: wallet.orgId, walletId: wallet.id };
  const page = await readSignatures(ctx.db.kysely, filter, pagingOf(ctx, query));
  return {
    items: page.items.map(signatureReply),
    nextPageToken: page.nextPageToken,
    keyId: wallet.keyId,
    walletId: wallet.id,
  };
});
