/** The reducer over an organisation's chain. */
export { apply, initialState, replay } from './apply.ts';
export { reducers } from './entries/index.ts';
export {
  type Actor,
  type AssignmentRecord,
  type AuthorityDeps,
  effectiveAdmins,
  FULL_ADMIN,
  isFullAdmin,
  type KnownOperation,
  type ManagedPermissionSource,
  missingPermission,
  operationsHeld,
  operationsOf,
  type PermissionRecord,
  type PersonalTokenRecord,
  type Problem,
  permitted,
  type ServiceAccountRecord,
  type State,
  type UserRecord,
} from './state.ts';
