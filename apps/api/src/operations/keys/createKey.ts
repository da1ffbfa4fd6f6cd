import { keys } from '@holdfast/contract/operations';
import { refuseUnsupported } from '../../domain/key-kinds.ts';
import { keyWishOf, obtainKey } from '../../domain/keys.ts';
import { keyReply } from '../../domain/replies.ts';
import { handler } from '../../pipeline/types.ts';
import { settleFor } from '../../settlement/index.ts';

export const createKey = handler(keys.createKey, async (ctx, call) => {
  refuseUnsupported(call.body);
  const wish = keyWishOf(call.operation, call.body);
  await settleFor(ctx, call.principal.orgId);
  return keyReply((await obtainKey(ctx, call, wish)).key);
});
