/** The reducer over an organisation's chain. */
export { apply, initialState, replay } from './apply.ts';
export { reducers } from './entries/index.ts';
export {
  type AssignmentRecord,
  type AuthorityDeps,
  effectiveAdmins,
  FULL_ADMIN,
  type KnownOperation,
  type ManagedPermissionSource,
  missingPermission,
  operationsOf,
  type PermissionRecord,
  type Problem,
  permitted,
  type ServiceAccountRecord,
  type State,
  type UserRecord,
} from './state.ts';
