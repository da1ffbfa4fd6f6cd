import { wallets } from '@holdfast/contract/operations';
import { listOrders } from '@holdfast/storage/records';
import { pagingOf } from '../../domain/paging.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { transferReply } from '../../orders/index.ts';
import { handler } from '../../pipeline/types.ts';

export const listTransfers = handler(wallets.listTransfers, async (ctx, { principal, params, query }) => {
  const { wallet } = await requireWallet(ctx, principal, params['walletId'] ?? '');
  const filter = { orgId: wallet.orgId, walletId: wallet.id, kind: 'transfer' } as const;
  const page = await listOrders(ctx.db.kysely, filter, pagingOf(ctx, query));
  return { walletId: wallet.id, items: page.items.map(transferReply), nextPageToken: page.nextPageToken };
});
