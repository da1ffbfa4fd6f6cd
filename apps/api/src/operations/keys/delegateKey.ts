import { keys } from '@holdfast/contract/operations';
import { delegate } from '../../domain/delegation.ts';
import { requireKey } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

/** For good: the key obeys its end user alone from then on, and so does every wallet on it. */
export const delegateKey = handler(keys.delegateKey, async (ctx, call) => {
  const key = await requireKey(ctx, call.principal, call.params['keyId'] ?? '');
  await delegate(ctx, call, { key, to: call.body });
  return { keyId: key.id, status: 'Delegated' };
});
