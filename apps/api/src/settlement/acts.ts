/**
 * One act whose answer was lost: what did the signers make of it? What they made is written exactly as the request
 * would have written it; where they made nothing the act has failed; while they cannot say it stays open.
 */
import { deriveId } from '@holdfast/authority/ids';
import type { Assertion, SignedRequest } from '@holdfast/authority/types';
import type { ActEvidence, RecordMark } from '@holdfast/cluster/commands';
import { type BodyOf, effectOf, matchOperation, type wallets } from '@holdfast/contract/operations';
import { fromBase64Url, parseStrictJson } from '@holdfast/contract/wire';
import { type ActRow, findKey, findWallet, finishAct } from '@holdfast/storage/records';
import { type Context, timestamp } from '../context.ts';
import { type ActRef, failAct } from '../domain/acts.ts';
import { writeExport } from '../domain/exports.ts';
import { certify, resolvedWishOf, writeKey } from '../domain/keys.ts';
import { writeFurtherWallet, writeKeyArchived, writeKeyDelegated, writeWalletArchived } from '../domain/wallets.ts';
import { toWalletError } from '../pipeline/errors.ts';

export type Settled = 'Done' | 'Failed' | 'open';

interface Past extends ActRef {
  readonly evidence: ActEvidence;
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export async function settleAct(ctx: Context, row: ActRow): Promise<Settled> {
  const match = matchOperation(row.method, row.path);
  // Of a release that knew more operations: nothing here could read what it made.
  if (match === undefined) return fail(ctx, row);
  const { operation, params } = match;
  const request = { method: row.method as SignedRequest['method'], path: row.path, payload: row.payload };
  const past: Past = {
    operation,
    params,
    principal: { orgId: row.orgId, userId: row.userId },
    grant: { nullifier: fromBase64Url(row.nullifier, { bytes: 32 }) },
    evidence: { request, assertion: row.assertion as Assertion },
    body: row.payload === '' ? {} : parseStrictJson(row.payload),
  };
  try {
    const settled = await settlePast(ctx, past);
    return settled === 'Failed' ? fail(ctx, row) : settled;
  } catch (error) {
    // What was made cannot stand beside what has been made since: another wallet has its externalId, another key its
    // public key. Everything else is not the act's fault, and it is tried again.
    if (toWalletError(error).status >= 500) throw error;
    await failAct(ctx, ctx.db.kysely, past, error);
    return 'Failed';
  }
}

function settlePast(ctx: Context, past: Past): Promise<Settled> {
  switch (effectOf(past.operation, past.body)) {
    case 'createKey':
    case 'importKey':
      return settleKey(ctx, past);
    case 'wallet':
      return settleFurtherWallet(ctx, past);
    case 'exportKey':
      return settleExport(ctx, past);
    case 'archive':
      return settleArchive(ctx, past);
    case 'delegate':
      return settleDelegation(ctx, past);
    default:
      return Promise.resolve('Failed');
  }
}

async function settleKey(ctx: Context, past: Past): Promise<Settled> {
  const { nullifier } = past.grant;
  const keyId = deriveId('key', nullifier);
  const wish = await resolvedWishOf(ctx, past.principal.orgId, past.operation, past.body);
  const order = { org: past.principal.orgId, keyId, curve: wish.kind.curve, nullifier };
  const found = await ctx.signers.madeKey(past.evidence, order);
  if (found.t !== 'made') return found.t === 'none' ? 'Failed' : 'open';
  await writeKey(ctx, past, wish, found.made);
  await certify(ctx, keyId, found.made);
  return 'Done';
}

async function settleFurtherWallet(ctx: Context, past: Past): Promise<Settled> {
  const wish = past.body as BodyOf<typeof wallets.createWallet>;
  const key = await findKey(ctx.db.kysely, past.principal.orgId, wish.signingKey?.id ?? '');
  if (key === undefined) return 'Failed';
  const recordId = deriveId('wa', past.grant.nullifier);
  return settleMarks(ctx, past, { recordId, mark: 'wallet' }, (marks) =>
    writeFurtherWallet(ctx, past, { wish, key, marks }),
  );
}

async function settleExport(ctx: Context, past: Past): Promise<Settled> {
  const target = await targetOf(ctx, past);
  const key = target && (await findKey(ctx.db.kysely, past.principal.orgId, target.keyId));
  if (key === undefined) return 'Failed';
  return settleMarks(ctx, past, { recordId: key.id, mark: 'exported' }, (marks) =>
    writeExport(ctx, past, { key, marks }),
  );
}

async function settleArchive(ctx: Context, past: Past): Promise<Settled> {
  const { orgId } = past.principal;
  const target = await targetOf(ctx, past);
  if (target === undefined) return 'Failed';
  const { walletId, keyId } = target;
  const record = { recordId: walletId ?? keyId, mark: 'archived' } as const;
  return settleMarks(ctx, past, record, (marks) =>
    walletId === undefined
      ? writeKeyArchived(ctx, past, { key: { id: keyId, orgId }, marks })
      : writeWalletArchived(ctx, past, { wallet: { id: walletId, orgId }, marks }),
  );
}

async function settleDelegation(ctx: Context, past: Past): Promise<Settled> {
  const target = await targetOf(ctx, past);
  const key = target && (await findKey(ctx.db.kysely, past.principal.orgId, target.keyId));
  if (key === undefined) return 'Failed';
  const { delegateTo, userId } = past.body as { readonly delegateTo?: string; readonly userId?: string };
  const ownerId = delegateTo ?? userId ?? '';
  return settleMarks(ctx, past, { recordId: key.id, mark: 'delegated' }, (marks) =>
    writeKeyDelegated(ctx, past, { key, ownerId, marks }),
  );
}

async function settleMarks(
  ctx: Context,
  past: Past,
  record: { readonly recordId: string; readonly mark: RecordMark['mark'] },
  write: (marks: readonly RecordMark[]) => Promise<unknown>,
): Promise<Settled> {
  const order = { ...record, org: past.principal.orgId, nullifier: past.grant.nullifier };
  const found = await ctx.signers.madeMarks(past.evidence, order);
  if (found.t !== 'made') return found.t === 'none' ? 'Failed' : 'open';
  await write(found.made);
  return 'Done';
}

/** What the path names, if it is there. */
async function targetOf(
  ctx: Context,
  { principal, params }: Past,
): Promise<{ readonly keyId: string; readonly walletId?: string } | undefined> {
  const { keyId, walletId } = params;
  if (walletId === undefined) return keyId === undefined ? undefined : { keyId };
  const wallet = await findWallet(ctx.db.kysely, principal.orgId, walletId);
  return wallet && { keyId: wallet.keyId, walletId };
}

async function fail(ctx: Context, { nullifier }: ActRow): Promise<'Failed'> {
  const dateResolved = timestamp(ctx);
  await finishAct(ctx.db.kysely, nullifier, { status: 'Failed', reason: 'E_INTERRUPTED', dateResolved });
  return 'Failed';
}
