import { keys } from '@holdfast/contract/operations';
import { listSignatures as readSignatures } from '@holdfast/storage/records';
import { pagingOf } from '../../domain/paging.ts';
import { signatureReply } from '../../domain/replies.ts';
import { requireKey } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const listSignatures = handler(keys.listSignatures, async (ctx, { principal, params, query }) => {
  const key = await requireKey(ctx, principal, params['keyId'] ?? '');
  const filter = { orgId: key.orgId, keyId: key.id };
  const page = await readSignatures(ctx.db.kysely, filter, pagingOf(ctx, query));
  return { items: page.items.map(signatureReply), nextPageToken: page.nextPageToken, keyId: key.id };
});
