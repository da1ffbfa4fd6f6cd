import { keys } from '@holdfast/contract/operations';
import { listKeys as readKeys } from '@holdfast/storage/records';
import { pagingOf } from '../../domain/paging.ts';
import { keyReply } from '../../domain/replies.ts';
import { ownerFilter } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const listKeys = handler(keys.listKeys, async (ctx, { principal, query }) => {
  const ownerId = await ownerFilter(ctx, principal, query.owner);
  const page = await readKeys(ctx.db.kysely, { orgId: principal.orgId, ownerId }, pagingOf(ctx, query));
  return { items: page.items.map(keyReply), nextPageToken: page.nextPageToken };
});
