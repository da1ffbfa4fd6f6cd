/** What a caller may see at all: the organisation's own, and of that an end user only what it owns. */
import { refuse } from '@holdfast/contract/errors';
import { isId } from '@holdfast/contract/types';
import { findKey, findUserByUsername, findWalletAndKey, type KeyRow, type WalletRow } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import type { Principal } from '../pipeline/types.ts';

const isVisible = (principal: Principal, key: KeyRow): boolean =>
  principal.userKind !== 'EndUser' || key.ownerId === principal.userId;

/** Another organisation's key is as unknown as one that never was: the same answer, to the byte. */
export async function requireKey(ctx: Context, principal: Principal, keyId: string): Promise<KeyRow> {
  const key = await findKey(ctx.db.kysely, principal.orgId, keyId);
  return key && isVisible(principal, key) ? key : refuse('E_NOT_FOUND', 'key not found');
}

export async function requireWallet(
  ctx: Context,
  principal: Principal,
  walletId: string,
): Promise<{ wallet: WalletRow; key: KeyRow }> {
  const found = await findWalletAndKey(ctx.db.kysely, principal.orgId, walletId);
  return found && isVisible(principal, found.key) ? found : refuse('E_NOT_FOUND', 'wallet not found');
}

/** The same for whoever is to use it: what is delegated obeys its end user and nobody else (permissions.md §1). */
export async function requireUsableKey(ctx: Context, principal: Principal, keyId: string): Promise<KeyRow> {
  const key = await requireKey(ctx, principal, keyId);
  refuseDelegated(principal, key);
  return key;
}

export async function requireUsableWallet(
  ctx: Context,
  principal: Principal,
  walletId: string,
): Promise<{ wallet: WalletRow; key: KeyRow }> {
  const found = await requireWallet(ctx, principal, walletId);
  refuseDelegated(principal, found.key);
  return found;
}

function refuseDelegated({ userId }: Principal, { ownerId }: KeyRow): void {
  if (ownerId !== null && ownerId !== userId) refuse('E_DELEGATED', `key is delegated to ${ownerId}`);
}

/** Creating, importing, exporting and deleting are the organisation's business. */
export function refuseEndUser(principal: Principal, operation: string): void {
  if (principal.userKind !== 'EndUser') return;
  refuse('E_FORBIDDEN', `EndUser ${principal.userId} is not authorized to perform operation (${operation})`);
}

/** No user has this id: a filter that finds nothing. */
const NOBODY = 'us-none';

/** The owner a list is narrowed to: an id or a username of the query, and for end users always themselves. */
export async function ownerFilter(
  ctx: Context,
  principal: Principal,
  owner: string | undefined,
): Promise<string | undefined> {
  if (principal.userKind === 'EndUser') return principal.userId;
  if (owner === undefined || isId('us', owner)) return owner;
  return (await findUserByUsername(ctx.db.kysely, principal.orgId, owner))?.id ?? NOBODY;
}
