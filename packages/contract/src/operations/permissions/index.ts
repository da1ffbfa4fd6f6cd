/** Every operation of this domain; a test fails when the folder and this list disagree. */
export { archivePermission } from './archivePermission.ts';
export { createAssignment } from './createAssignment.ts';
export { createPermission } from './createPermission.ts';
export { deleteAssignment } from './deleteAssignment.ts';
export { getPermission } from './getPermission.ts';
export { listAssignments } from './listAssignments.ts';
export { listPermissions } from './listPermissions.ts';
export { updatePermission } from './updatePermission.ts';
