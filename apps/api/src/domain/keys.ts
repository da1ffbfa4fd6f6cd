/** Keys that the cluster makes or takes in, and what is written once all five have stated them. */
import { deriveId } from '@holdfast/authority/ids';
import { refuse, WalletError } from '@holdfast/contract/errors';
import { type BodyOf, fullName, keys, type Operation, wallets } from '@holdfast/contract/operations';
import type { KeyKind } from '@holdfast/contract/types';
import { toBase64Url } from '@holdfast/contract/wire';
import { conflictOf, inTransaction } from '@holdfast/storage/database';
import {
  addRecordMarks,
  findKey,
  insertKey,
  type KeyRow,
  listWalletsOfKey,
  type WalletRow,
} from '@holdfast/storage/records';
import { type Context, timestamp } from '../context.ts';
import type { NewKey } from '../signers/types.ts';
import { type ActCall, type ActRef, carryOut, completeAct } from './acts.ts';
import { ownerOfNew } from './delegation.ts';
import { kindForNetwork, kindOf, kindOfProtocol } from './key-kinds.ts';
import { translateWalletConflict, type WalletWish, writeWallet } from './wallets.ts';

export interface KeyWish {
  readonly kind: KeyKind;
  readonly name: string | undefined;
  readonly imported: boolean;
  readonly masterKey?: boolean;
  /** The key is computed from this master. */
  readonly deriveFrom?: { readonly keyId: string; readonly path?: string | undefined };
  /** The end user whose key it will be. */
  readonly delegateTo?: string | undefined;
  /** The wallet that comes with the key. */
  readonly wallet?: WalletWish;
}

export interface Obtained {
  readonly key: KeyRow;
  readonly wallet?: WalletRow;
}

/** What a request for a key means, as far as it says so itself. */
export function keyWishOf(operation: Operation, request: unknown): KeyWish {
  // The request fits the schema of its operation: the gate has seen to it, now or before the act was noted.
  switch (operation) {
    case wallets.createWallet: {
      const body = request as BodyOf<typeof wallets.createWallet>;
      const { deriveFrom, ...wish } = body.signingKey ?? {};
      const kind = kindForNetwork(body.network, wish);
      const derived = deriveFrom === undefined ? {} : { deriveFrom };
      const { delegateTo } = body;
      return { kind, name: body.name, imported: false, wallet: body, delegateTo, ...derived };
    }
    case wallets.importWallet: {
      const body = request as BodyOf<typeof wallets.importWallet>;
      return { kind: kindOfProtocol(body), name: body.name, imported: true, wallet: body };
    }
    case keys.importKey: {
      const body = request as BodyOf<typeof keys.importKey>;
      return { kind: kindOfProtocol(body), name: body.name, imported: true };
    }
    case keys.createKey: {
      const body = request as BodyOf<typeof keys.createKey>;
      const { masterKey = false, deriveFrom, delegateTo } = body;
      const derived = deriveFrom === undefined ? {} : { deriveFrom };
      return { kind: kindOf(body), name: body.name, imported: false, masterKey, delegateTo, ...derived };
    }
    default:
      throw new TypeError(`${operation.name} makes no key`);
  }
}

/**
 * What a request for a key means, here and wherever an act is taken up again: with the kind that a child has from its
 * master, which the caller may have left open.
 */
export async function resolvedWishOf(
  ctx: Context,
  orgId: string,
  operation: Operation,
  request: unknown,
): Promise<KeyWish> {
  const wish = keyWishOf(operation, request);
  const master = wish.deriveFrom && (await findKey(ctx.db.kysely, orgId, wish.deriveFrom.keyId));
  return master === undefined ? wish : { ...wish, kind: kindOf(master) };
}

/**
 * Lets the signers make or import a key and writes it, with its wallet, in one transaction: before it nothing is
 * visible, after it everything is.
 */
export async function obtainKey(
  ctx: Context,
  call: ActCall,
  wish: KeyWish,
  /** Of a child whose path the caller left open. */
  path?: string,
): Promise<Obtained> {
  const { orgId: org } = call.principal;
  const keyId = deriveId('key', call.grant.nullifier);
  const { curve } = wish.kind;
  const name = fullName(call.operation);
  return carryOut(ctx, call, async () => {
    const made = await (wish.imported
      ? ctx.signers.importKey(call.grant, { org, keyId, curve })
      : ctx.signers.createKey(call.grant, { org, keyId, curve, ...(path === undefined ? {} : { path }) })
    ).catch((error: unknown) => nameExisting(ctx, org, wish, error));
    ctx.env.point(`${name}.made`);
    const obtained = await writeKey(ctx, call, wish, made);
    ctx.env.point(`${name}.written`);
    await certify(ctx, keyId, made);
    return obtained;
  });
}

/** Writes what five signers stated: key, statements, marks, wallet and the end of the act, or nothing. */
export async function writeKey(ctx: Context, call: ActRef, wish: KeyWish, made: NewKey): Promise<Obtained> {
  const ownerId = await ownerOfNew(ctx, call.principal, wish.delegateTo);
  const key = { ...rowOf(ctx, call, wish, made), ownerId, isCustodial: ownerId === null };
  return inTransaction(ctx.db, async (tx) => {
    await insertKey(tx, key, made.statements);
    await addRecordMarks(tx, made.marks);
    const wallet = wish.wallet === undefined ? undefined : await writeWallet(ctx, tx, call, { wish: wish.wallet, key });
    await completeAct(ctx, tx, call, wallet?.id ?? key.id);
    return wallet === undefined ? { key } : { key, wallet };
  }).catch(translateConflict);
}

/** Until a signer hears of it the key is pending there. One that does not hear now is brought up when it is next looked at. */
export async function certify(ctx: Context, keyId: string, made: NewKey): Promise<void> {
  await ctx.signers.certifyKey(keyId, made.statements).catch((error: unknown) => {
    ctx.log('key.certificate.failed', { keyId, kind: error instanceof Error ? error.name : 'unknown' });
  });
}

/**
 * One private key is held once. Whoever imports it a second time, because the answer to the first was lost, is told
 * where it is: not by a success, whose ids would not be those that the signed challenge leads to.
 */
async function nameExisting(ctx: Context, orgId: string, wish: KeyWish, error: unknown): Promise<never> {
  if (!(error instanceof WalletError) || error.code !== 'E_KEY_EXISTS') throw error;
  // The id is a signer's word; the row is looked up in the caller's own organisation.
  const { keyId, ...details } = error.details ?? {};
  const key = typeof keyId === 'string' ? await findKey(ctx.db.kysely, orgId, keyId) : undefined;
  if (key === undefined) throw new WalletError(error.code, error.message, { details, cause: error });
  const others = await listWalletsOfKey(ctx.db.kysely, orgId, key.id);
  const wallet = others.find(({ network }) => network === wish.wallet?.network) ?? others[0];
  const duplicate = { keyId: key.id, ...(wallet === undefined ? {} : { id: wallet.id }) };
  const message = `this key already exists here: ${wallet === undefined ? key.id : `wallet ${wallet.id}`}`;
  throw new WalletError(error.code, message, { details: { ...details, duplicate }, cause: error });
}

function rowOf(ctx: Context, call: ActRef, wish: KeyWish, made: NewKey): KeyRow {
  return {
    id: deriveId('key', call.grant.nullifier),
    // Given by the database; nothing that a reply shows depends on it.
    seq: 0,
    orgId: call.principal.orgId,
    scheme: wish.kind.scheme,
    curve: wish.kind.curve,
    protocol: wish.kind.protocol,
    publicKey: made.publicKey,
    epoch: made.epoch,
    name: wish.name ?? null,
    status: 'Active',
    isCustodial: true,
    isImported: wish.imported,
    isExported: false,
    isMaster: wish.masterKey === true,
    derivedFrom: wish.deriveFrom?.keyId ?? null,
    derivedPath: childPathOf(wish, made),
    ownerId: null,
    nullifier: toBase64Url(call.grant.nullifier),
    dateCreated: timestamp(ctx),
    dateExported: null,
    dateDeleted: null,
  };
}

/** Where the signers put the child: what the caller named, if it named anything. */
function childPathOf({ deriveFrom }: KeyWish, { path }: NewKey): string | null {
  if (deriveFrom === undefined) return null;
  if (path === undefined || (deriveFrom.path ?? path) !== path)
    refuse('E_CLUSTER_DISAGREES', 'the signers do not agree on where the derived key stands');
  return path;
}

function translateConflict(error: unknown): never {
  if (['keys_public_key', 'keys_child'].includes(conflictOf(error) ?? '')) refuse('E_KEY_EXISTS');
  return translateWalletConflict(error);
}
