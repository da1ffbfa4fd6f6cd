/** The reducer over an organisation's chain. */
export { apply, initialState, replay } from './apply.ts';
export { reducers } from './entries/index.ts';
export {
  readState,
  reviveState,
  rulesOf,
  SNAPSHOT_STEP,
  type Snapshot,
  snapshotBytes,
  snapshotOf,
  stateText,
} from './snapshot.ts';
export {
  type Actor,
  type ApplicationRecord,
  type AssignmentRecord,
  type AuthorityDeps,
  canSign,
  END_USER_ACCESS,
  effectiveAdmins,
  FULL_ADMIN,
  hasEnrolled,
  isFullAdmin,
  isPlatformPermission,
  type KnownOperation,
  type ManagedPermissionSource,
  missingPermission,
  operationsHeld,
  operationsOf,
  type PermissionRecord,
  type PersonalTokenRecord,
  type Problem,
  permitted,
  placesOf,
  type ServiceAccountRecord,
  type State,
  type UserRecord,
} from './state.ts';
