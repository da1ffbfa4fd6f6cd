import { keys } from '@holdfast/contract/operations';
import { deriveOutput } from '../../domain/derivations.ts';
import { requireUsableKey } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const deriveKey = handler(keys.deriveKey, async (ctx, call) =>
  deriveOutput(ctx, call, await requireUsableKey(ctx, call.principal, call.params['keyId'] ?? '')),
);
