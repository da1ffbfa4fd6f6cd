import { refuse } from '@holdfast/contract/errors';
import { keys } from '@holdfast/contract/operations';
import { obtainChild } from '../../domain/child-keys.ts';
import { checkDelegation } from '../../domain/delegation.ts';
import { refuseUnsupported } from '../../domain/key-kinds.ts';
import { keyWishOf, obtainKey } from '../../domain/keys.ts';
import { keyReply } from '../../domain/replies.ts';
import { handler } from '../../pipeline/types.ts';
import { settleFor } from '../../settlement/index.ts';

export const createKey = handler(keys.createKey, async (ctx, call) => {
  refuseUnsupported(call.body);
  await checkDelegation(ctx, call.principal, call.body);
  const wish = keyWishOf(call.operation, call.body);
  if (wish.masterKey === true && wish.kind.scheme === 'DH') refuse('E_HD', 'a key of scheme DH has no children');
  await settleFor(ctx, call.principal.orgId);
  const { key } = await (wish.deriveFrom === undefined ? obtainKey(ctx, call, wish) : obtainChild(ctx, call));
  return keyReply(key);
});
