import { wallets } from '@holdfast/contract/operations';
import { listMovementsOfWallet } from '@holdfast/storage/records';
import { historyReply, requireIndexed } from '../../domain/chain-history.ts';
import { pagingOf } from '../../domain/paging.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const getWalletHistory = handler(wallets.getWalletHistory, async (ctx, { principal, params, query }) => {
  const { wallet } = await requireWallet(ctx, principal, params['walletId'] ?? '');
  await requireIndexed(ctx, wallet.network);
  const { direction, kind } = query;
  // EVM contracts are kept in lower case; other families' names have one spelling only.
  const contract = query.contract?.startsWith('0x') ? query.contract.toLowerCase() : query.contract;
  const filter = { walletId: wallet.id, direction, kind, contract };
  const page = await listMovementsOfWallet(ctx.db.kysely, filter, pagingOf(ctx, query));
  const items = await historyReply(ctx, page.items);
  return { walletId: wallet.id, network: wallet.network, items, nextPageToken: page.nextPageToken };
});
