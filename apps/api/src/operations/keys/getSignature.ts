import { refuse } from '@holdfast/contract/errors';
import { keys } from '@holdfast/contract/operations';
import { findSignature } from '@holdfast/storage/records';
import { signatureReply } from '../../domain/replies.ts';
import { requireKey } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const getSignature = handler(keys.getSignature, async (ctx, { principal, params }) => {
  const key = await requireKey(ctx, principal, params['keyId'] ?? '');
  const row = await findSignature(ctx.db.kysely, principal.orgId, params['signatureId'] ?? '');
  return row?.keyId === key.id ? signatureReply(row) : refuse('E_NOT_FOUND', 'signature not found');
});
