import { wallets } from '@holdfast/contract/operations';
import { findKeys, listWallets as readWallets } from '@holdfast/storage/records';
import { pagingOf } from '../../domain/paging.ts';
import { walletReply } from '../../domain/replies.ts';
import { ownerFilter } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const listWallets = handler(wallets.listWallets, async (ctx, { principal, query }) => {
  const { orgId } = principal;
  const ownerId = await ownerFilter(ctx, principal, query.owner ?? query.ownerId ?? query.ownerUsername);
  const page = await readWallets(ctx.db.kysely, { orgId, ownerId }, pagingOf(ctx, query));
  const found = await findKeys(ctx.db.kysely, orgId, [...new Set(page.items.map(({ keyId }) => keyId))]);
  const keys = new Map(found.map((key) => [key.id, key]));
  const items = page.items.flatMap((wallet) => {
    const key = keys.get(wallet.keyId);
    return key ? [walletReply(wallet, key)] : [];
  });
  return { items, nextPageToken: page.nextPageToken };
});
