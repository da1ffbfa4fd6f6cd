import { keys } from '@holdfast/contract/operations';
import { updateKey as writeKey } from '@holdfast/storage/records';
import { keyReply } from '../../domain/replies.ts';
import { requireKey } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

/** A name is the api's own affair: no signer knows it. */
export const updateKey = handler(keys.updateKey, async (ctx, { principal, params, body }) => {
  const key = await requireKey(ctx, principal, params['keyId'] ?? '');
  await writeKey(ctx.db.kysely, key.orgId, key.id, { name: body.name });
  return keyReply({ ...key, name: body.name });
});
