/** Permissions and their assignments to identities. */
import type { Insertable, Selectable } from 'kysely';
import type { Executor } from '../database/transaction.ts';
import { type Page, type Paging, readPage } from './paging.ts';
import type { Schema } from './schema.ts';

export type PermissionRow = Selectable<Schema['permissions']>;
export type AssignmentRow = Selectable<Schema['assignments']>;
export interface GrantRow {
  readonly assignmentId: string;
  readonly identityId: string;
  readonly permissionId: string;
  readonly permissionName: string;
  readonly operations: string[];
}

/** Those of the platform that this release has and the organisation's release had not. */
export async function addPermissions(
  tx: Executor,
  rows: readonly {
    id: string;
    orgId: string;
    name: string;
    operations: readonly string[];
    dateCreated: string;
  }[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insertInto('permissions')
    .values(
      rows.map(({ operations, dateCreated, ...row }) => ({
        ...row,
        operations: JSON.stringify(operations),
        status: 'Active',
        isImmutable: true,
        isArchived: false,
        dateCreated,
        dateUpdated: dateCreated,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function insertPermission(
  tx: Executor,
  row: Omit<Insertable<Schema['permissions']>, 'operations'> & { operations: readonly string[] },
): Promise<void> {
  await tx
    .insertInto('permissions')
    .values({ ...row, operations: JSON.stringify(row.operations) })
    .execute();
}

export async function updatePermission(
  tx: Executor,
  orgId: string,
  id: string,
  { operations, ...change }: { name: string; operations: readonly string[]; isArchived: boolean; dateUpdated: string },
): Promise<void> {
  await tx
    .updateTable('permissions')
    .set({ ...change, operations: JSON.stringify(operations) })
    .where('orgId', '=', orgId)
    .where('id', '=', id)
    .execute();
}

export function findPermission(db: Executor, orgId: string, id: string): Promise<PermissionRow | undefined> {
  return db.selectFrom('permissions').selectAll().where('orgId', '=', orgId).where('id', '=', id).executeTakeFirst();
}

export function listPermissions(db: Executor, orgId: string, paging: Paging): Promise<Page<PermissionRow>> {
  return readPage(['permissions', orgId], paging, (before, limit) =>
    db
      .selectFrom('permissions')
      .selectAll()
      .where('orgId', '=', orgId)
      .where('seq', '<', before)
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute(),
  );
}

export async function insertAssignment(tx: Executor, row: Insertable<Schema['assignments']>): Promise<void> {
  await tx.insertInto('assignments').values(row).execute();
}

export function findAssignment(
  db: Executor,
  orgId: string,
  permissionId: string,
  id: string,
): Promise<AssignmentRow | undefined> {
  return db
    .selectFrom('assignments')
    .selectAll()
    .where('orgId', '=', orgId)
    .where('permissionId', '=', permissionId)
    .where('id', '=', id)
    .executeTakeFirst();
}

export function listAssignments(
  db: Executor,
  filter: { orgId: string; permissionId: string },
  paging: Paging,
): Promise<Page<AssignmentRow>> {
  const { orgId, permissionId } = filter;
  return readPage(['assignments', orgId, permissionId], paging, (before, limit) =>
    db
      .selectFrom('assignments')
      .selectAll()
      .where('orgId', '=', orgId)
      .where('permissionId', '=', permissionId)
      .where('seq', '<', before)
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute(),
  );
}

/** What some identities hold, with the permissions' names: for user objects. */
export async function listGrants(db: Executor, orgId: string, identityIds: readonly string[]): Promise<GrantRow[]> {
  if (identityIds.length === 0) return [];
  return db
    .selectFrom('assignments')
    .innerJoin('permissions', 'permissions.id', 'assignments.permissionId')
    .select([
      'assignments.id as assignmentId',
      'assignments.identityId',
      'assignments.permissionId',
      'permissions.name as permissionName',
      'permissions.operations',
    ])
    .where('assignments.orgId', '=', orgId)
    .where('assignments.identityId', 'in', identityIds)
    .where('permissions.isArchived', '=', false)
    .orderBy('assignments.seq')
    .execute();
}

export async function deleteAssignment(tx: Executor, orgId: string, id: string): Promise<void> {
  await tx.deleteFrom('assignments').where('orgId', '=', orgId).where('id', '=', id).execute();
}
