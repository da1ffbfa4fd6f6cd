/** Every handler of this domain; a test fails when the folder, this list and the contract disagree. */
import { archivePermission } from './archivePermission.ts';
import { createAssignment } from './createAssignment.ts';
import { createPermission } from './createPermission.ts';
import { deleteAssignment } from './deleteAssignment.ts';
import { getPermission } from './getPermission.ts';
import { listAssignments } from './listAssignments.ts';
import { listPermissions } from './listPermissions.ts';
import { updatePermission } from './updatePermission.ts';

export const permissionsHandlers = [
  archivePermission,
  createAssignment,
  createPermission,
  deleteAssignment,
  getPermission,
  listAssignments,
  listPermissions,
  updatePermission,
];
