import { keys } from '@holdfast/contract/operations';
import { deriveOutput } from '../../domain/derivations.ts';
import { requireKey } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const deriveKey = handler(keys.deriveKey, async (ctx, call) =>
  deriveOutput(ctx, call, await requireKey(ctx, call.principal, call.params['keyId'] ?? '')),
);
