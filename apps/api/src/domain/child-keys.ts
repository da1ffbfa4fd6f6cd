/** Keys computed from a master key: what is asked of the master, and the next free place under it. */
import { refuse } from '@holdfast/contract/errors';
import { parseDerivationPath } from '@holdfast/contract/types';
import { countActiveChildren, type KeyRow, listChildPaths } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import type { ActCall } from './acts.ts';
import { requireFit } from './key-kinds.ts';
import { type Obtained, obtainKey, resolvedWishOf } from './keys.ts';
import { requireUsableKey } from './visibility.ts';

/**
 * Lets the signers compute the child that a request asks for. What they would refuse is refused here first, with a
 * sentence of its own; they look again.
 */
export async function obtainChild(ctx: Context, call: ActCall & { readonly body: unknown }): Promise<Obtained> {
  const { principal, operation, body } = call;
  const wish = await resolvedWishOf(ctx, principal.orgId, operation, body);
  const { deriveFrom, wallet, masterKey } = wish;
  if (deriveFrom === undefined) throw new TypeError(`${operation.name} asks for no child`);
  if (masterKey === true) refuse('E_HD');
  if (deriveFrom.path !== undefined && parseDerivationPath(deriveFrom.path) === undefined) refuse('E_HD_PATH');
  const master = await requireUsableKey(ctx, principal, deriveFrom.keyId);
  checkMaster(master);
  checkKind(master, wallet === undefined ? body : (body as { readonly signingKey?: unknown }).signingKey);
  if (wallet !== undefined) requireFit(wallet.network, master);
  if (deriveFrom.path !== undefined) return obtainKey(ctx, call, wish);
  return withFreePath(ctx, master, (path) => obtainKey(ctx, call, wish, path));
}

function checkMaster(key: KeyRow): void {
  if (!key.isMaster) refuse('E_HD_MASTER', 'deriveFrom.keyId does not name a master key');
  if (key.isExported) refuse('E_HD_MASTER', 'the master key is exported and has no new children');
  if (key.status !== 'Active') refuse('E_HD_MASTER', 'the master key is archived and has no new children');
}

/** A child has its master's scheme and curve; naming others is a misunderstanding. */
function checkKind(master: KeyRow, asked: unknown): void {
  const { scheme = master.scheme, curve = master.curve } = asked as { scheme?: string; curve?: string };
  if (scheme !== master.scheme || curve !== master.curve)
    refuse('E_KEY_KIND', `the master key is ${master.scheme} on ${master.curve}, and so are its children`);
}

/** A derived key would take its whole tree along; a master leaves when its children are at their end. */
export async function refuseHdExport(ctx: Context, key: KeyRow): Promise<void> {
  if (key.derivedFrom !== null) refuse('E_HD_EXPORT', 'a derived key is not exported');
  if (!key.isMaster) return;
  const children = await countActiveChildren(ctx.db.kysely, key.orgId, key.id);
  if (children > 0) refuse('E_HD_EXPORT', 'this master key has active children; archive them first', { children });
}

/** Paths given to requests under way, by master. */
const taken = new WeakMap<object, Map<string, Set<string>>>();

/**
 * `work` with the lowest m/i that no child of the master has and no other request is about to get. The signers would
 * refuse the second of two at one place, so this only spares callers that refusal.
 */
async function withFreePath<T>(ctx: Context, master: KeyRow, work: (path: string) => Promise<T>): Promise<T> {
  const used = new Set(await listChildPaths(ctx.db.kysely, master.orgId, master.id));
  const all = taken.get(ctx.db) ?? new Map<string, Set<string>>();
  taken.set(ctx.db, all);
  const reserved = all.get(master.id) ?? new Set<string>();
  all.set(master.id, reserved);
  let index = 0;
  while (used.has(`m/${index}`) || reserved.has(`m/${index}`)) index += 1;
  const path = `m/${index}`;
  reserved.add(path);
  try {
    return await work(path);
  } finally {
    reserved.delete(path);
    if (reserved.size === 0) all.delete(master.id);
  }
}
