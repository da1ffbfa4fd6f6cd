import { refuse } from '@holdfast/contract/errors';
import { wallets } from '@holdfast/contract/operations';
import { listMovementsOfOrg } from '@holdfast/storage/records';
import { csvOf, orgHistoryReply } from '../../domain/chain-history.ts';
import { pagingOf } from '../../domain/paging.ts';
import { ownerFilter } from '../../domain/visibility.ts';
import { handler, TextReply } from '../../pipeline/types.ts';

export const listOrgWalletHistory = handler(wallets.listOrgWalletHistory, async (ctx, { principal, query, accept }) => {
  const { orgId } = principal;
  const [from, to] = [timeOf(query.startTime, 'startTime'), timeOf(query.endTime, 'endTime')];
  if (from >= to) refuse('E_QUERY', 'query.endTime must be after query.startTime', { path: 'query.endTime' });
  const ownerId = await ownerFilter(ctx, principal, undefined);
  const page = await listMovementsOfOrg(ctx.db.kysely, { orgId, from, to, ownerId }, pagingOf(ctx, query));
  const items = await orgHistoryReply(ctx, page.items);
  if (accept?.split(',').some((type) => type.trim().split(';')[0] === 'text/csv'))
    return new TextReply('text/csv', csvOf(items));
  return { orgId, items, nextPageToken: page.nextPageToken };
});

const timeForm =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?$/;

/** ISO 8601; a date alone is its midnight, UTC. */
function timeOf(text: string, name: string): string {
  const time = timeForm.test(text) ? new Date(text) : undefined;
  if (time === undefined || Number.isNaN(time.getTime()))
    return refuse('E_QUERY', `query.${name} must be a time such as 2026-01-31T00:00:00.000Z`, {
      path: `query.${name}`,
    });
  return time.toISOString();
}
