/** Every operation that changes who may do what, by its full name in the contract. */
import { confirmCredential } from './confirm-credential.ts';
import { createAssignment } from './create-assignment.ts';
import { createCredential } from './create-credential.ts';
import { createServiceAccount } from './create-service-account.ts';
import { createUser } from './create-user.ts';
import { deleteAssignment } from './delete-assignment.ts';
import type { Reducer } from './reducer.ts';
import { setActive } from './set-active.ts';
import { setCredentialActive } from './set-credential-active.ts';
import { updateOrgSettings } from './update-org-settings.ts';

export const reducers: ReadonlyMap<string, Reducer> = new Map<string, Reducer>([
  ['auth.createUser', createUser],
  ['auth.activateUser', setActive({ param: 'userId', serviceAccount: false, active: true })],
  ['auth.deactivateUser', setActive({ param: 'userId', serviceAccount: false, active: false })],
  ['auth.createServiceAccount', createServiceAccount],
  ['auth.activateServiceAccount', setActive({ param: 'serviceAccountId', serviceAccount: true, active: true })],
  ['auth.deactivateServiceAccount', setActive({ param: 'serviceAccountId', serviceAccount: true, active: false })],
  ['auth.createCredential', createCredential],
  ['auth.activateCredential', setCredentialActive(true)],
  ['auth.deactivateCredential', setCredentialActive(false)],
  ['auth.confirmCredential', confirmCredential],
  ['permissions.createAssignment', createAssignment],
  ['permissions.deleteAssignment', deleteAssignment],
  ['orgs.updateOrgSettings', updateOrgSettings],
]);
