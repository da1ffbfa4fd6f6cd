import { wallets } from '@holdfast/contract/operations';
import { requireFeature } from '../../domain/features.ts';
import { checkShares } from '../../domain/import-shares.ts';
import { requireFit } from '../../domain/key-kinds.ts';
import { keyWishOf, obtainKey } from '../../domain/keys.ts';
import { obtainedWallet } from '../../domain/replies.ts';
import { refuseEndUser } from '../../domain/visibility.ts';
import { sameWallet } from '../../domain/wallets.ts';
import { handler } from '../../pipeline/types.ts';
import { settleFor } from '../../settlement/index.ts';

export const importWallet = handler(wallets.importWallet, async (ctx, call) => {
  const { principal, body } = call;
  refuseEndUser(principal, 'Keys:Import');
  await requireFeature(ctx, principal.orgId, 'keyImport');
  await settleFor(ctx, principal.orgId);
  const known = await sameWallet(ctx, principal.orgId, call);
  if (known) return known;
  const wish = keyWishOf(call.operation, body);
  requireFit(body.network, wish.kind);
  checkShares(ctx, body.encryptedKeyShares);
  return obtainedWallet(await obtainKey(ctx, call, wish));
});
