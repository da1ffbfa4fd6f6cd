/** One signature request from its body to its end; the same for keys and wallets. */
import { deriveId } from '@holdfast/authority/ids';
import { assembleSignature, loadFor, planSignature, type RawSignature } from '@holdfast/chains/families';
import { verifyRaw } from '@holdfast/chains/schemes';
import { refuse } from '@holdfast/contract/errors';
import { fullName } from '@holdfast/contract/operations';
import { toBase64Url } from '@holdfast/contract/wire';
import { conflictOf, inTransaction } from '@holdfast/storage/database';
import {
  beginSignature,
  findKey,
  findSignature,
  findSignatureByExternalId,
  finishSignature,
  finishSigned,
  type KeyRow,
  type SignatureRow,
  updateKey,
  type WalletRow,
} from '@holdfast/storage/records';
import { type Context, timestamp } from '../context.ts';
import { THRESHOLD } from '../signers/participants.ts';
import type { SignOrder } from '../signers/types.ts';
import { type ActCall, failAct, newAct } from './acts.ts';
import { externalIdConflict, sameJson } from './idempotency.ts';
import { refuseUnsigning } from './key-kinds.ts';
import { signatureReply } from './replies.ts';
import { publicKeyOf } from './wallets.ts';

type Body = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly network?: string;
  readonly externalId?: string;
};

export interface SignCall extends ActCall {
  readonly body: Body;
  readonly path: string;
}

export interface SignTarget {
  readonly key: KeyRow;
  readonly wallet?: WalletRow;
}

export async function requestSignature(ctx: Context, call: SignCall, target: SignTarget) {
  const { key, wallet } = target;
  const known = await sameSignature(ctx, call);
  if (known) return known;
  refuseUnusable(target);
  const network = networkOf(call.body, wallet);
  const input = { key: publicKeyOf(key), network, body: call.body };
  await loadFor({ network, blockchainKind: call.body['blockchainKind'] });
  const plan = planSignature(input);
  const protocol = protocolOf(key);
  // Before anything is written: a request that cannot be served now leaves no trace and may simply be sent again.
  const { orgId: org } = call.principal;
  ctx.signers.requireSigners({ org, protocol });

  const id = deriveId('sig', call.grant.nullifier);
  const name = fullName(call.operation);
  if (!(await begin(ctx, call, target, { id, network }))) {
    // Two requests at once: the other one holds the externalId, and is answered if it was the same.
    return (await sameSignature(ctx, call)) ?? refuse('E_EXTERNAL_ID', 'Conflicting signature with same externalId');
  }
  ctx.env.point(`${name}.begun`);
  try {
    const verifies = (signatures: readonly RawSignature[]) =>
      signatures.length === plan.items.length &&
      plan.items.every((item, k) => {
        const raw = signatures[k];
        return raw !== undefined && verifyRaw(item, input.key, raw);
      });
    const shared = await sharedKey(ctx, key);
    const signatures = await ctx.signers.sign(call.grant, {
      org,
      protocol,
      items: plan.items.length,
      key: shared,
      verifies,
    });
    const assembled = assembleSignature({ ...input, signatures });
    ctx.env.point(`${name}.made`);
    const { signature, signatures: several, signedData } = assembled;
    const row = await finishSigned(ctx.db.kysely, {
      id,
      nullifier: toBase64Url(call.grant.nullifier),
      signature,
      signatures: several,
      signedData,
      date: timestamp(ctx),
    });
    ctx.env.point(`${name}.written`);
    return signatureReply(row ?? (await written(ctx, call, id)));
  } catch (error) {
    await fail(ctx, call, target, { id, error });
    throw error;
  }
}

export function protocolOf({ protocol, curve }: KeyRow): SignOrder['protocol'] {
  if (protocol === 'CGGMP21') return curve === 'stark' ? 'ecdsa-h/stark' : 'ecdsa-h/secp256k1';
  return protocol === 'FROST' ? 'frost/ed25519' : 'frost/bip340';
}

/** Whose shares sign: a child's are computed from its master's. */
export async function sharedKey(ctx: Context, key: KeyRow): Promise<Pick<KeyRow, 'id' | 'epoch'>> {
  const master = key.derivedFrom === null ? undefined : await findKey(ctx.db.kysely, key.orgId, key.derivedFrom);
  const { id, epoch } = master ?? key;
  return { id, epoch };
}

/** The same request again is answered with what the first one made; another one under its externalId is refused. */
async function sameSignature(ctx: Context, { principal, body, path }: SignCall) {
  if (body.externalId === undefined) return undefined;
  const known = await findSignatureByExternalId(ctx.db.kysely, principal.orgId, body.externalId);
  if (!known) return undefined;
  if (known.requestPath !== path || !sameJson(known.requestBody, body)) {
    throw externalIdConflict('signature', { id: known.id, externalId: body.externalId });
  }
  return signatureReply(known);
}

export function refuseUnusable({ key, wallet }: SignTarget): void {
  if (key.isExported) refuse('E_KEY_EXPORTED');
  if (key.status !== 'Active') refuse('E_KEY_INACTIVE');
  refuseUnsigning(key);
  if (wallet && wallet.status !== 'Active') refuse('E_WALLET_INACTIVE');
}

function networkOf(body: Body, wallet: WalletRow | undefined): string | undefined {
  if (wallet && body.network !== undefined && body.network !== wallet.network) {
    refuse('E_BODY', `body.network must be ${wallet.network}, the network of the wallet`, { path: 'body.network' });
  }
  return wallet?.network ?? body.network;
}

/** Writes the request down before any signer hears of it; false when its externalId has just been taken. */
async function begin(
  ctx: Context,
  call: SignCall,
  { key, wallet }: SignTarget,
  { id, network }: { readonly id: string; readonly network: string | undefined },
): Promise<boolean> {
  const { principal, grant, body, path } = call;
  const row = {
    id,
    orgId: principal.orgId,
    keyId: key.id,
    walletId: wallet?.id ?? null,
    network: network ?? null,
    requesterUserId: principal.userId,
    requesterTokenId: principal.tokenId,
    requestBody: body,
    requestPath: path,
    externalId: body.externalId ?? null,
    nullifier: toBase64Url(grant.nullifier),
    status: 'Executing',
    dateRequested: timestamp(ctx),
  } as const;
  try {
    if (!(await beginSignature(ctx.db.kysely, { act: newAct(ctx, call), signature: row })))
      refuse('E_USER_ACTION_USED');
    return true;
  } catch (error) {
    if (conflictOf(error) !== 'signatures_external_id') throw error;
    return false;
  }
}

async function fail(
  ctx: Context,
  call: SignCall,
  target: SignTarget,
  { id, error }: { readonly id: string; readonly error: unknown },
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const refused = await failAct(ctx, tx, call, error);
    await finishSignature(tx, id, { status: 'Failed', reason: `${refused.code}: ${refused.message}` });
    await learnExport(ctx, tx, target, refused);
  });
}

/**
 * Three signers say the key has been exported: the api was stopped between their marks and its own row. Believed
 * because at most two of them can be lying, and because it only ever takes away.
 */
async function learnExport(
  ctx: Context,
  tx: Parameters<typeof updateKey>[0],
  { key }: SignTarget,
  refused: { readonly code: string; readonly details: Readonly<Record<string, unknown>> | undefined },
): Promise<void> {
  const refusedBy = refused.details?.['refusedBy'];
  if (refused.code !== 'E_KEY_EXPORTED' || !Array.isArray(refusedBy) || refusedBy.length < THRESHOLD) return;
  await updateKey(tx, key.orgId, key.id, { isExported: true, dateExported: timestamp(ctx) });
}

async function written(ctx: Context, { principal }: SignCall, id: string): Promise<SignatureRow> {
  return (await findSignature(ctx.db.kysely, principal.orgId, id)) ?? refuse('E_INTERNAL');
}
