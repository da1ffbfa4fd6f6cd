import { wallets } from '@holdfast/contract/operations';
import { carryOut } from '../../domain/acts.ts';
import { walletReply } from '../../domain/replies.ts';
import { refuseEndUser, requireUsableWallet } from '../../domain/visibility.ts';
import { writeWalletArchived } from '../../domain/wallets.ts';
import { handler } from '../../pipeline/types.ts';

/** The key stays: it may have other wallets, and it can still be exported. */
export const deleteWallet = handler(wallets.deleteWallet, async (ctx, call) => {
  const { principal, grant, params } = call;
  refuseEndUser(principal, 'Wallets:Update');
  const { wallet, key } = await requireUsableWallet(ctx, principal, params['walletId'] ?? '');
  if (wallet.status === 'Archived') return walletReply(wallet, key);
  return carryOut(ctx, call, async () => {
    const marks = await ctx.signers.archive(grant, { org: wallet.orgId, recordId: wallet.id });
    ctx.env.point('wallets.deleteWallet.made');
    const archived = await writeWalletArchived(ctx, call, { wallet, marks });
    return walletReply({ ...wallet, status: 'Archived', ...archived }, key);
  });
});
