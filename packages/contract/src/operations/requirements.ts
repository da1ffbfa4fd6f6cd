/** Endpoints whose permissions depend on the body (reference/api/permissions.md §6). */
import type { PermissionName } from '../permissions/index.ts';

export function createKeyPermissions(body: unknown): readonly PermissionName[] {
  const needs: PermissionName[] = ['Keys:Create'];
  if (has(body, 'delegateTo')) needs.push('Keys:Delegate');
  if (has(body, 'deriveFrom')) needs.push('Keys:ChildKeys:Create');
  return needs;
}

export function createWalletPermissions(body: unknown): readonly PermissionName[] {
  const signingKey = member(body, 'signingKey');
  const needs: PermissionName[] = ['Wallets:Create', has(signingKey, 'id') ? 'Keys:Reuse' : 'Keys:Create'];
  if (has(body, 'delegateTo')) needs.push('Keys:Delegate');
  if (has(signingKey, 'deriveFrom')) needs.push('Keys:ChildKeys:Create');
  if (has(body, 'tags')) needs.push('Wallets:Tags:Add');
  return needs;
}

/** Assigning a permission at creation is an assignment like any other. */
export function createServiceAccountPermissions(body: unknown): readonly PermissionName[] {
  return has(body, 'permissionId')
    ? ['Auth:ServiceAccounts:Create', 'Permissions:Assign']
    : ['Auth:ServiceAccounts:Create'];
}

export function createApplicationPermissions(body: unknown): readonly PermissionName[] {
  return has(body, 'permissionId') ? ['Auth:Apps:Create', 'Permissions:Assign'] : ['Auth:Apps:Create'];
}

/** Another wallet pays the fees of a sponsored request. */
export function transferPermissions(body: unknown): readonly PermissionName[] {
  return has(body, 'feeSponsorId') ? ['Wallets:Transfers:Create', 'FeeSponsors:Use'] : ['Wallets:Transfers:Create'];
}

export function broadcastPermissions(body: unknown): readonly PermissionName[] {
  return has(body, 'feeSponsorId')
    ? ['Wallets:Transactions:Create', 'FeeSponsors:Use']
    : ['Wallets:Transactions:Create'];
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
const has = (value: unknown, name: string): boolean => member(value, name) !== undefined;
