import { wallets } from '@holdfast/contract/operations';
import { updateWallet as writeWallet } from '@holdfast/storage/records';
import { walletReply } from '../../domain/replies.ts';
import { requireWallet } from '../../domain/visibility.ts';
import { translateWalletConflict } from '../../domain/wallets.ts';
import { handler } from '../../pipeline/types.ts';

/** Name and external id are labels of the api; no signer knows them. */
export const updateWallet = handler(wallets.updateWallet, async (ctx, { principal, params, body }) => {
  const { wallet, key } = await requireWallet(ctx, principal, params['walletId'] ?? '');
  const change = {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.externalId === undefined ? {} : { externalId: body.externalId }),
  };
  if (Object.keys(change).length > 0) {
    await writeWallet(ctx.db.kysely, wallet.orgId, wallet.id, change).catch(translateWalletConflict);
  }
  return walletReply({ ...wallet, ...change }, key);
});
