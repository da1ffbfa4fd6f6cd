import { wallets } from '@holdfast/contract/operations';
import { listOrders } from '@holdfast/storage/records';
import { pagingOf } from '../../domain/paging.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { transactionReply } from '../../orders/index.ts';
import { handler } from '../../pipeline/types.ts';

export const listTransactions = handler(wallets.listTransactions, async (ctx, { principal, params, query }) => {
  const { wallet } = await requireWallet(ctx, principal, params['walletId'] ?? '');
  const filter = { orgId: wallet.orgId, walletId: wallet.id, kind: 'transaction' } as const;
  const page = await listOrders(ctx.db.kysely, filter, pagingOf(ctx, query));
  return { walletId: wallet.id, items: page.items.map(transactionReply), nextPageToken: page.nextPageToken };
});
