import { refuse } from '@holdfast/contract/errors';
import { keys } from '@holdfast/contract/operations';
import { requireFeature } from '../../domain/features.ts';
import { checkShares } from '../../domain/import-shares.ts';
import { keyWishOf, obtainKey } from '../../domain/keys.ts';
import { keyReply } from '../../domain/replies.ts';
import { refuseEndUser } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';
import { settleFor } from '../../settlement/index.ts';

export const importKey = handler(keys.importKey, async (ctx, call) => {
  const { principal, body } = call;
  refuseEndUser(principal, 'Keys:Import');
  await requireFeature(ctx, principal.orgId, 'keyImport');
  if (body.masterKey === true) refuse('E_MASTER_KEY');
  const wish = keyWishOf(call.operation, body);
  checkShares(ctx, body.encryptedKeyShares);
  await settleFor(ctx, principal.orgId);
  return keyReply((await obtainKey(ctx, call, wish)).key);
});
