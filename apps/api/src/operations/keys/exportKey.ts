import { keys } from '@holdfast/contract/operations';
import { exportKey as takeOut } from '../../domain/exports.ts';
import { requireUsableKey } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const exportKey = handler(keys.exportKey, async (ctx, call) =>
  takeOut(ctx, call, await requireUsableKey(ctx, call.principal, call.params['keyId'] ?? '')),
);
