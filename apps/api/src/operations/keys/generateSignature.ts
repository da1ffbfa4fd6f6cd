import { keys } from '@holdfast/contract/operations';
import { requestSignature } from '../../domain/signatures.ts';
import { requireUsableKey } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const generateSignature = handler(keys.generateSignature, async (ctx, call) =>
  requestSignature(ctx, call, { key: await requireUsableKey(ctx, call.principal, call.params['keyId'] ?? '') }),
);
