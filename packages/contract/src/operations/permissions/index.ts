/** Every operation of this domain; a test fails when the folder and this list disagree. */
export { createAssignment } from './createAssignment.ts';
export { deleteAssignment } from './deleteAssignment.ts';
export { getPermission } from './getPermission.ts';
export { listAssignments } from './listAssignments.ts';
export { listPermissions } from './listPermissions.ts';
