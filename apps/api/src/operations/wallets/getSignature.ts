import { refuse } from '@holdfast/contract/errors';
import { wallets } from '@holdfast/contract/operations';
import { findSignature } from '@holdfast/storage/records';
import { signatureReply } from '../../domain/replies.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { handler } from '../../pipeline/types.ts';

export const getSignature = handler(wallets.getSignature, async (ctx, { principal, params }) => {
  const { wallet } = await requireWallet(ctx, principal, params['walletId'] ?? '');
  const row = await findSignature(ctx.db.kysely, principal.orgId, params['signatureId'] ?? '');
  return row?.walletId === wallet.id ? signatureReply(row) : refuse('E_NOT_FOUND', 'signature not found');
});
