import { wallets } from '@holdfast/contract/operations';
import { listMovementsOfOrg } from '@holdfast/storage/records';
import { csvOf, orgHistoryReply } from '../../domain/chain-history.ts';
import { pagingOf } from '../../domain/paging.ts';
import { asksForCsv, timeSpanOf } from '../../domain/reports.ts';
import { ownerFilter } from '../../domain/visibility.ts';
import { handler, TextReply } from '../../pipeline/types.ts';

export const listOrgWalletHistory = handler(wallets.listOrgWalletHistory, async (ctx, { principal, query, accept }) => {
  const { orgId } = principal;
  const { from, to } = timeSpanOf(query);
  const ownerId = await ownerFilter(ctx, principal, undefined);
  const page = await listMovementsOfOrg(ctx.db.kysely, { orgId, from, to, ownerId }, pagingOf(ctx, query));
  const items = await orgHistoryReply(ctx, page.items);
  if (asksForCsv(accept)) return new TextReply('text/csv', csvOf(items));
  return { orgId, items, nextPageToken: page.nextPageToken };
});
