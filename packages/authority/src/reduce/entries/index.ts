/** Every operation that changes who may do what, by its full name in the contract. */
import { archiveApplication, createApplication, setApplicationActive, updateApplication } from './applications.ts';
import { archiveIdentity } from './archive-identity.ts';
import { confirmCredential } from './confirm-credential.ts';
import { createAssignment } from './create-assignment.ts';
import { createCredential } from './create-credential.ts';
import { createServiceAccount } from './create-service-account.ts';
import { createUser } from './create-user.ts';
import { confirmRegistration, createDelegatedUser } from './delegated-registration.ts';
import { deleteAssignment } from './delete-assignment.ts';
import { archivePermission, createPermission, updatePermission } from './permission-definitions.ts';
import {
  archivePersonalAccessToken,
  createPersonalAccessToken,
  setPersonalAccessTokenActive,
  updatePersonalAccessToken,
} from './personal-tokens.ts';
import { recover } from './recover.ts';
import type { Reducer } from './reducer.ts';
import { setActive } from './set-active.ts';
import { setCredentialActive } from './set-credential-active.ts';
import { updateOrgSettings } from './update-org-settings.ts';
import { updateServiceAccount } from './update-service-account.ts';
import { updateUser } from './update-user.ts';

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
  ['auth.createDelegatedRegistrationChallenge', createDelegatedUser],
  ['auth.confirmRegistration', confirmRegistration],
  ['auth.createApplication', createApplication],
  ['auth.updateApplication', updateApplication],
  ['auth.activateApplication', setApplicationActive(true)],
  ['auth.deactivateApplication', setApplicationActive(false)],
  ['auth.archiveApplication', archiveApplication],
  ['permissions.createAssignment', createAssignment],
  ['permissions.deleteAssignment', deleteAssignment],
  ['auth.recover', recover],
  ['auth.updateUser', updateUser],
  ['auth.archiveUser', archiveIdentity({ param: 'userId', serviceAccount: false })],
  ['auth.updateServiceAccount', updateServiceAccount],
  ['auth.archiveServiceAccount', archiveIdentity({ param: 'serviceAccountId', serviceAccount: true })],
  ['auth.createPersonalAccessToken', createPersonalAccessToken],
  ['auth.updatePersonalAccessToken', updatePersonalAccessToken],
  ['auth.activatePersonalAccessToken', setPersonalAccessTokenActive(true)],
  ['auth.deactivatePersonalAccessToken', setPersonalAccessTokenActive(false)],
  ['auth.archivePersonalAccessToken', archivePersonalAccessToken],
  ['permissions.createPermission', createPermission],
  ['permissions.updatePermission', updatePermission],
  ['permissions.archivePermission', archivePermission],
  ['orgs.updateOrgSettings', updateOrgSettings],
]);
