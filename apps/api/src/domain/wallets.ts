/** Wallets: what makes one, on a key that is new or there. */
import { deriveId } from '@holdfast/authority/ids';
import type { CurveName, Scheme } from '@holdfast/chains/families';
import { addressOf, loadFor } from '@holdfast/chains/families';
import type { RecordMark } from '@holdfast/cluster/commands';
import { refuse, WalletError } from '@holdfast/contract/errors';
import type { NetworkName } from '@holdfast/contract/types';
import { fromHex, toBase64Url } from '@holdfast/contract/wire';
import { conflictOf, type Executor, inTransaction } from '@holdfast/storage/database';
import {
  addRecordMarks,
  archiveWalletsOfKey,
  findAct,
  findKey,
  findWalletByExternalId,
  insertWallet,
  type KeyRow,
  updateKey,
  updateWallet,
  type WalletRow,
} from '@holdfast/storage/records';
import { type Context, timestamp } from '../context.ts';
import { type ActRef, completeAct } from './acts.ts';
import { externalIdConflict, sameJson } from './idempotency.ts';
import { walletReply } from './replies.ts';

export interface WalletWish {
  readonly network: NetworkName;
  readonly name?: string | undefined;
  readonly externalId?: string | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** Writes the wallet beside its key; the address comes from the public key that five signers stated. */
export async function writeWallet(
  ctx: Context,
  tx: Executor,
  call: ActRef,
  o: { readonly wish: WalletWish; readonly key: KeyRow },
): Promise<WalletRow> {
  const { wish, key } = o;
  await loadFor(wish);
  const address = addressOf(wish.network, publicKeyOf(key));
  const row: WalletRow = {
    id: deriveId('wa', call.grant.nullifier),
    seq: 0,
    orgId: call.principal.orgId,
    keyId: key.id,
    network: wish.network,
    address: address ?? null,
    name: wish.name ?? null,
    status: 'Active',
    externalId: wish.externalId ?? null,
    tags: [...new Set(wish.tags ?? [])],
    nullifier: toBase64Url(call.grant.nullifier),
    dateCreated: timestamp(ctx),
    dateDeleted: null,
  };
  const { seq, ...columns } = row;
  await insertWallet(tx, columns);
  return row;
}

/** A wallet on a key that is there, with what the signers marked: one transaction. */
export function writeFurtherWallet(
  ctx: Context,
  call: ActRef,
  o: { readonly wish: WalletWish; readonly key: KeyRow; readonly marks: readonly RecordMark[] },
): Promise<WalletRow> {
  return inTransaction(ctx.db, async (tx) => {
    const written = await writeWallet(ctx, tx, call, o);
    await addRecordMarks(tx, o.marks);
    await completeAct(ctx, tx, call, written.id);
    return written;
  }).catch(translateWalletConflict);
}

export interface Archived {
  readonly dateDeleted: string;
}

/** The key stays: it may have other wallets, and it can still be exported. */
export function writeWalletArchived(
  ctx: Context,
  call: ActRef,
  o: { readonly wallet: Pick<WalletRow, 'id' | 'orgId'>; readonly marks: readonly RecordMark[] },
): Promise<Archived> {
  const dateDeleted = timestamp(ctx);
  return inTransaction(ctx.db, async (tx) => {
    await updateWallet(tx, o.wallet.orgId, o.wallet.id, { status: 'Archived', dateDeleted });
    await addRecordMarks(tx, o.marks);
    await completeAct(ctx, tx, call, o.wallet.id);
    return { dateDeleted };
  });
}

/** A key is archived with all its wallets. */
export function writeKeyArchived(
  ctx: Context,
  call: ActRef,
  o: { readonly key: Pick<KeyRow, 'id' | 'orgId'>; readonly marks: readonly RecordMark[] },
): Promise<Archived> {
  const { id, orgId } = o.key;
  const dateDeleted = timestamp(ctx);
  return inTransaction(ctx.db, async (tx) => {
    await updateKey(tx, orgId, id, { status: 'Archived', dateDeleted });
    await archiveWalletsOfKey(tx, orgId, id, dateDeleted);
    await addRecordMarks(tx, o.marks);
    await completeAct(ctx, tx, call, id);
    return { dateDeleted };
  });
}

/** From now on its end user's; what the organisation keeps of it is a name and the sight of it. */
export function writeKeyDelegated(
  ctx: Context,
  call: ActRef,
  o: { readonly key: Pick<KeyRow, 'id' | 'orgId'>; readonly ownerId: string; readonly marks: readonly RecordMark[] },
): Promise<void> {
  const { id, orgId } = o.key;
  return inTransaction(ctx.db, async (tx) => {
    await updateKey(tx, orgId, id, { ownerId: o.ownerId, isCustodial: false });
    await addRecordMarks(tx, o.marks);
    await completeAct(ctx, tx, call, id);
  });
}

export const publicKeyOf = (key: KeyRow) => ({
  scheme: key.scheme as Scheme,
  curve: key.curve as CurveName,
  publicKey: fromHex(key.publicKey),
});

/**
 * The wallet an earlier request with this externalId made, if it was the same request; 409 if it was another one.
 * Undefined when the externalId is free.
 */
export async function sameWallet(
  ctx: Context,
  orgId: string,
  request: { readonly path: string; readonly body: { readonly externalId?: string } },
) {
  const { externalId } = request.body;
  if (externalId === undefined) return undefined;
  const known = await findWalletByExternalId(ctx.db.kysely, orgId, externalId);
  if (!known) return undefined;
  const act = await findAct(ctx.db.kysely, known.nullifier);
  const key = await findKey(ctx.db.kysely, orgId, known.keyId);
  const isSame = act !== undefined && act.path === request.path && sameJson(JSON.parse(act.payload), request.body);
  if (!isSame || !key) throw externalIdConflict('wallet', { id: known.id, externalId });
  return walletReply(known, key);
}

/** Two requests at once: the second one finds what the first has just written. */
export function translateWalletConflict(error: unknown): never {
  switch (conflictOf(error)) {
    case 'wallets_external_id':
      throw new WalletError('E_EXTERNAL_ID', 'Conflicting wallet with same externalId', { cause: error });
    case 'wallets_network_key':
      return refuse('E_WALLET_EXISTS');
    default:
      throw error;
  }
}
