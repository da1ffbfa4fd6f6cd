/** `externalId` as an idempotency key (reference/api/conventions.md §7). */
import { WalletError } from '@holdfast/contract/errors';

/** True when two JSON values mean the same: member order does not matter, absent and undefined are one. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, k) => sameJson(item, b[k]));
  }
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined));
  return (
    left.length === right.size &&
    left.every(([member, value]) => right.has(member) && sameJson(value, right.get(member)))
  );
}

export function externalIdConflict(entity: string, duplicate: { readonly id: string; readonly externalId: string }) {
  return new WalletError('E_EXTERNAL_ID', `Conflicting ${entity} with same externalId`, { details: { duplicate } });
}
