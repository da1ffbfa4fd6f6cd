/** Every handler of this domain; a test fails when the folder, this list and the contract disagree. */
import { createAssignment } from './createAssignment.ts';
import { deleteAssignment } from './deleteAssignment.ts';
import { getPermission } from './getPermission.ts';
import { listAssignments } from './listAssignments.ts';
import { listPermissions } from './listPermissions.ts';

export const permissionsHandlers = [
  createAssignment,
  deleteAssignment,
  getPermission,
  listAssignments,
  listPermissions,
];
