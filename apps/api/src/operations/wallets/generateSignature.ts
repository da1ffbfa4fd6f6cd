import { wallets } from '@holdfast/contract/operations';
import { requestSignature } from '../../domain/signatures.ts';
import { requireUsableWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const generateSignature = handler(wallets.generateSignature, async (ctx, call) =>
  requestSignature(ctx, call, await requireUsableWallet(ctx, call.principal, call.params['walletId'] ?? '')),
);
