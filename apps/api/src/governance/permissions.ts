/** Permissions and who holds them (permissions.md). */
import { deriveId } from '@holdfast/authority/ids';
import { refuse } from '@holdfast/contract/errors';
import type { AssignmentRow, Paging, PermissionRow } from '@holdfast/storage/records';
import * as records from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import type { Principal, UserActionGrant } from '../pipeline/types.ts';
import { govern } from './govern.ts';

interface Signed {
  readonly principal: Principal;
  readonly grant: UserActionGrant;
}

export async function listPermissions(ctx: Context, { orgId }: Principal, paging: Paging) {
  const { items, ...page } = await records.listPermissions(ctx.db.kysely, orgId, paging);
  return { items: items.map(permissionShape), ...page };
}

export async function getPermission(ctx: Context, { orgId }: Principal, id: string) {
  return permissionShape(await permissionOf(ctx, orgId, id));
}

export async function listAssignments(ctx: Context, { orgId }: Principal, permissionId: string, paging: Paging) {
  await permissionOf(ctx, orgId, permissionId);
  const { items, ...page } = await records.listAssignments(ctx.db.kysely, { orgId, permissionId }, paging);
  return { items: items.map(assignmentShape), ...page };
}

export async function createAssignment(ctx: Context, { principal, grant }: Signed, permissionId: string) {
  await govern(ctx, principal.orgId, grant);
  const id = deriveId('as', grant.nullifier);
  const row = await records.findAssignment(ctx.db.kysely, principal.orgId, permissionId, id);
  return assignmentShape(row ?? refuse('E_INTERNAL'));
}

export async function deleteAssignment(ctx: Context, { principal, grant }: Signed): Promise<null> {
  await govern(ctx, principal.orgId, grant);
  return null;
}

/** What the request of this very nullifier made, or the one its path names. */
export async function changePermission(ctx: Context, { principal, grant }: Signed, permissionId?: string) {
  const { acknowledgedBy } = await govern(ctx, principal.orgId, grant);
  const id = permissionId ?? deriveId('pm', grant.nullifier);
  return { ...permissionShape(await permissionOf(ctx, principal.orgId, id)), acknowledgedBy };
}

async function permissionOf(ctx: Context, orgId: string, id: string): Promise<PermissionRow> {
  const row = await records.findPermission(ctx.db.kysely, orgId, id);
  return row ?? refuse('E_NOT_FOUND', 'permission not found');
}

function permissionShape({
  id,
  name,
  operations,
  status,
  isImmutable,
  isArchived,
  dateCreated,
  dateUpdated,
}: PermissionRow) {
  return { id, name, operations, status, isImmutable, isArchived, dateCreated, dateUpdated };
}

function assignmentShape({ id, permissionId, identityId, isImmutable, dateCreated, dateUpdated }: AssignmentRow) {
  return { id, permissionId, identityId, isImmutable, dateCreated, dateUpdated };
}
