/** Finding keys and wallets for an act: only those of its own organisation exist for it. */
import { loadFor } from '@holdfast/chains/families';
import { fromHex, toHex } from '@holdfast/contract/wire';
import type { ConsentedAct } from '../consent/index.ts';
import { check, refuse } from '../refusal/index.ts';
import type { KeyRecord, WalletRecord } from '../store/index.ts';
import type { Context } from './context.ts';
import { checkOwner } from './owners.ts';

/** A key with everything that using it needs: the epoch of the sharing to open. */
export type UsableKey = KeyRecord & { readonly activeEpoch: Uint8Array; readonly publicKey: Uint8Array };

export interface Target {
  readonly key: UsableKey;
  /** Where the request named a wallet. */
  readonly wallet?: WalletRecord;
}

/** The key behind `:keyId` or `:walletId` of the path. Another organisation's is as unknown as one that never was. */
export function targetOf(ctx: Context, act: ConsentedAct): Target {
  const { walletId, keyId } = act.params;
  if (walletId === undefined) return { key: keyOf(ctx, act, keyId ?? '') };
  const wallet = walletOf(ctx, act, walletId);
  return { key: keyOf(ctx, act, wallet.keyId), wallet };
}

/** Loads the code of the chain that a request is for, if it is not there; what follows takes it as loaded. */
export function loadFamilyFor(ctx: Context, { params, body }: ConsentedAct): Promise<unknown> | undefined {
  const wallet = params['walletId'] === undefined ? undefined : ctx.store.keys.wallet(params['walletId']);
  return loadFor({ network: wallet?.network ?? body['network'], blockchainKind: body['blockchainKind'] });
}

/** `byAnybody`: its owner is not asked, because what is done was done already, or is to make it somebody's. */
export function keyOf(
  ctx: Context,
  act: ConsentedAct,
  keyId: string,
  o: { readonly byAnybody?: boolean } = {},
): UsableKey {
  const key = ctx.store.keys.key(keyId);
  check(key !== undefined && key.org === act.org, 'E_NOT_FOUND', 'key not found');
  if (o.byAnybody !== true) checkOwner(act, key);
  const { activeEpoch, publicKey } = key;
  if (activeEpoch === undefined || publicKey === undefined) refuse('E_NOT_FOUND', 'key not found');
  return { ...key, activeEpoch: sharingOf(ctx, act, { ...key, activeEpoch }), publicKey };
}

/** The sharing to use: of a child, its master's. A child has an epoch of its own too, the one it was made at. */
function sharingOf(ctx: Context, act: ConsentedAct, key: KeyRecord & { readonly activeEpoch: Uint8Array }): Uint8Array {
  const { derivedFrom } = key;
  const shared = derivedFrom === undefined ? key : ctx.store.keys.key(derivedFrom.keyId);
  if (shared?.activeEpoch === undefined) refuse('E_NO_SHARE', 'this signer holds no share of the master of this key');
  const isNamed = act.keyEpoch !== undefined && (derivedFrom === undefined || act.keyEpoch !== toHex(key.activeEpoch));
  return isNamed ? namedEpoch(ctx, shared, act.keyEpoch) : shared.activeEpoch;
}

/**
 * While shares change, signers may be a step apart: everybody uses the sharing that the api names, where it has the
 * certificate of it, so that all who take part use the same (the epoch is in the execution id).
 */
function namedEpoch(ctx: Context, { keyId, activeEpoch }: KeyRecord, epoch: string): Uint8Array {
  const newest = activeEpoch === undefined ? '' : toHex(activeEpoch);
  if (epoch === newest) return fromHex(epoch);
  const held = ctx.store.keys.epochsOf(keyId).find((each) => each.certified && toHex(each.epoch) === epoch);
  check(held !== undefined, 'E_EPOCH', 'the shares of this key have changed since', { epoch: newest });
  return held.epoch;
}

export function walletOf(ctx: Context, act: ConsentedAct, walletId: string): WalletRecord {
  const wallet = ctx.store.keys.wallet(walletId);
  check(
    wallet !== undefined && wallet.org === act.org && wallet.status !== 'Pending',
    'E_NOT_FOUND',
    'wallet not found',
  );
  return wallet;
}

/** A key that may sign or get a wallet: neither exported nor archived, ever, and no child of an exported master. */
export function checkUsable(ctx: Context, { key, wallet }: Target): void {
  check(!key.exported, 'E_KEY_EXPORTED', 'key is exported and can no longer sign');
  check(!key.archived, 'E_KEY_INACTIVE', 'key is archived and can no longer sign');
  check(
    wallet === undefined || wallet.status === 'Active',
    'E_WALLET_INACTIVE',
    'wallet is archived and can no longer sign',
  );
  check(key.purpose !== 'derive', 'E_KEY_KIND', 'the key was made for derivation and signs nothing');
  const master = key.derivedFrom === undefined ? undefined : ctx.store.keys.key(key.derivedFrom.keyId);
  // Whoever has the master's private key needs one signer's chain code to have this key as well.
  check(master?.exported !== true, 'E_KEY_EXPORTED', 'the master of this key is exported and it can no longer sign');
}

/** One key is held once. Whose it is, only its own organisation is told. */
export function checkNew(ctx: Context, act: ConsentedAct, o: { publicKey: Uint8Array; keyId: string }): void {
  const holder = ctx.store.keys.holdersOf(o.publicKey).find((each) => each !== o.keyId);
  if (holder === undefined) return;
  const isOwn = ctx.store.keys.key(holder)?.org === act.org;
  refuse('E_KEY_EXISTS', 'this key already exists here', isOwn ? { keyId: holder } : {});
}
