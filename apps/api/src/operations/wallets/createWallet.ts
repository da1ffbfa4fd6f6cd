import { deriveId } from '@holdfast/authority/ids';
import { refuse } from '@holdfast/contract/errors';
import { wallets } from '@holdfast/contract/operations';
import { type KeyRow, listWalletsOfKey } from '@holdfast/storage/records';
import type { Context } from '../../context.ts';
import { type ActCall, carryOut } from '../../domain/acts.ts';
import { obtainChild } from '../../domain/child-keys.ts';
import { checkDelegation } from '../../domain/delegation.ts';
import { refuseUnsupported, requireFit } from '../../domain/key-kinds.ts';
import { keyWishOf, obtainKey } from '../../domain/keys.ts';
import { obtainedWallet, walletReply } from '../../domain/replies.ts';
import { requireUsableKey } from '../../domain/visibility.ts';
import { sameWallet, type WalletWish, writeFurtherWallet } from '../../domain/wallets.ts';
import { handler } from '../../pipeline/types.ts';
import { settleFor } from '../../settlement/index.ts';

export const createWallet = handler(wallets.createWallet, async (ctx, call) => {
  const { principal, body } = call;
  const { signingKey = {} } = body;
  await settleFor(ctx, principal.orgId);
  const known = await sameWallet(ctx, principal.orgId, call);
  if (known) return known;
  refuseUnsupported({ ...body, ...signingKey });
  if (signingKey.id !== undefined) {
    const key = await requireUsableKey(ctx, principal, signingKey.id);
    if (signingKey.deriveFrom !== undefined)
      refuse('E_HD', 'give signingKey.id or signingKey.deriveFrom, not both', { path: 'body.signingKey' });
    if (body.delegateTo !== undefined || body.delayDelegation === true)
      refuse('E_DELEGATION', 'a key that is there is delegated by itself, with all its wallets');
    return onKey(ctx, call, { key, wish: body, signingKey });
  }
  await checkDelegation(ctx, principal, body);
  if (signingKey.deriveFrom !== undefined) return obtainedWallet(await obtainChild(ctx, call));
  return obtainedWallet(await obtainKey(ctx, call, keyWishOf(call.operation, body)));
});

/** A further wallet of a key that is there: a record at the signers, no run. */
async function onKey(
  ctx: Context,
  call: ActCall,
  o: {
    readonly key: KeyRow;
    readonly wish: WalletWish;
    readonly signingKey: { readonly scheme?: string; readonly curve?: string };
  },
) {
  const { key, wish, signingKey } = o;
  if (key.isExported) refuse('E_KEY_EXPORTED');
  if (key.status !== 'Active') refuse('E_KEY_INACTIVE');
  const isMeant = (signingKey.scheme ?? key.scheme) === key.scheme && (signingKey.curve ?? key.curve) === key.curve;
  if (!isMeant) refuse('E_KEY_KIND', `the key is ${key.scheme} on ${key.curve}`, { path: 'body.signingKey' });
  requireFit(wish.network, key);
  const others = await listWalletsOfKey(ctx.db.kysely, key.orgId, key.id);
  const duplicate = others.find(({ network }) => network === wish.network);
  if (duplicate) refuse('E_WALLET_EXISTS', undefined, { duplicate: { id: duplicate.id } });
  return carryOut(ctx, call, async () => {
    const recordId = deriveId('wa', call.grant.nullifier);
    const marks = await ctx.signers.recordWallet(call.grant, { org: key.orgId, recordId });
    ctx.env.point('wallets.createWallet.made');
    const wallet = await writeFurtherWallet(ctx, call, { wish, key, marks });
    ctx.env.point('wallets.createWallet.written');
    return walletReply(wallet, key);
  });
}
