/** Every handler of this domain; a test fails when the folder, this list and the contract disagree. */
import { activateCredential } from './activateCredential.ts';
import { activateServiceAccount } from './activateServiceAccount.ts';
import { activateUser } from './activateUser.ts';
import { confirmCredential } from './confirmCredential.ts';
import { createCredential } from './createCredential.ts';
import { createCredentialChallenge } from './createCredentialChallenge.ts';
import { createCredentialChallengeWithCode } from './createCredentialChallengeWithCode.ts';
import { createCredentialCode } from './createCredentialCode.ts';
import { createCredentialWithCode } from './createCredentialWithCode.ts';
import { createLoginChallenge } from './createLoginChallenge.ts';
import { createRegistrationChallenge } from './createRegistrationChallenge.ts';
import { createServiceAccount } from './createServiceAccount.ts';
import { createUser } from './createUser.ts';
import { createUserActionChallenge } from './createUserActionChallenge.ts';
import { createUserActionSignature } from './createUserActionSignature.ts';
import { deactivateCredential } from './deactivateCredential.ts';
import { deactivateServiceAccount } from './deactivateServiceAccount.ts';
import { deactivateUser } from './deactivateUser.ts';
import { getServiceAccount } from './getServiceAccount.ts';
import { getUser } from './getUser.ts';
import { listCredentials } from './listCredentials.ts';
import { listServiceAccounts } from './listServiceAccounts.ts';
import { listUsers } from './listUsers.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { register } from './register.ts';
import { resendRegistrationCode } from './resendRegistrationCode.ts';

export const authHandlers = [
  activateCredential,
  activateServiceAccount,
  activateUser,
  confirmCredential,
  createCredential,
  createCredentialChallenge,
  createCredentialChallengeWithCode,
  createCredentialCode,
  createCredentialWithCode,
  createLoginChallenge,
  createRegistrationChallenge,
  createServiceAccount,
  createUser,
  createUserActionChallenge,
  createUserActionSignature,
  deactivateCredential,
  deactivateServiceAccount,
  deactivateUser,
  getServiceAccount,
  getUser,
  listCredentials,
  listServiceAccounts,
  listUsers,
  login,
  logout,
  register,
  resendRegistrationCode,
];
