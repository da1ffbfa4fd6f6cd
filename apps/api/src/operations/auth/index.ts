/** Every handler of this domain; a test fails when the folder, this list and the contract disagree. */
import { activateApplication } from './activateApplication.ts';
import { activateCredential } from './activateCredential.ts';
import { activatePersonalAccessToken } from './activatePersonalAccessToken.ts';
import { activateServiceAccount } from './activateServiceAccount.ts';
import { activateUser } from './activateUser.ts';
import { archiveApplication } from './archiveApplication.ts';
import { archivePersonalAccessToken } from './archivePersonalAccessToken.ts';
import { archiveServiceAccount } from './archiveServiceAccount.ts';
import { archiveUser } from './archiveUser.ts';
import { confirmCredential } from './confirmCredential.ts';
import { confirmRegistration } from './confirmRegistration.ts';
import { createApplication } from './createApplication.ts';
import { createCredential } from './createCredential.ts';
import { createCredentialChallenge } from './createCredentialChallenge.ts';
import { createCredentialChallengeWithCode } from './createCredentialChallengeWithCode.ts';
import { createCredentialCode } from './createCredentialCode.ts';
import { createCredentialWithCode } from './createCredentialWithCode.ts';
import { createDelegatedRecoveryChallenge } from './createDelegatedRecoveryChallenge.ts';
import { createDelegatedRegistrationChallenge } from './createDelegatedRegistrationChallenge.ts';
import { createLoginChallenge } from './createLoginChallenge.ts';
import { createPersonalAccessToken } from './createPersonalAccessToken.ts';
import { createRecoveryChallenge } from './createRecoveryChallenge.ts';
import { createRegistrationChallenge } from './createRegistrationChallenge.ts';
import { createServiceAccount } from './createServiceAccount.ts';
import { createSocialRegistrationChallenge } from './createSocialRegistrationChallenge.ts';
import { createUser } from './createUser.ts';
import { createUserActionChallenge } from './createUserActionChallenge.ts';
import { createUserActionSignature } from './createUserActionSignature.ts';
import { deactivateApplication } from './deactivateApplication.ts';
import { deactivateCredential } from './deactivateCredential.ts';
import { deactivatePersonalAccessToken } from './deactivatePersonalAccessToken.ts';
import { deactivateServiceAccount } from './deactivateServiceAccount.ts';
import { deactivateUser } from './deactivateUser.ts';
import { delegatedLogin } from './delegatedLogin.ts';
import { getApplication } from './getApplication.ts';
import { getAuditLog } from './getAuditLog.ts';
import { getPersonalAccessToken } from './getPersonalAccessToken.ts';
import { getServiceAccount } from './getServiceAccount.ts';
import { getUser } from './getUser.ts';
import { listApplications } from './listApplications.ts';
import { listAuditLogs } from './listAuditLogs.ts';
import { listCredentials } from './listCredentials.ts';
import { listPendingCredentials } from './listPendingCredentials.ts';
import { listPersonalAccessTokens } from './listPersonalAccessTokens.ts';
import { listServiceAccounts } from './listServiceAccounts.ts';
import { listUsers } from './listUsers.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { recover } from './recover.ts';
import { register } from './register.ts';
import { registerEndUser } from './registerEndUser.ts';
import { resendRegistrationCode } from './resendRegistrationCode.ts';
import { restartDelegatedRegistration } from './restartDelegatedRegistration.ts';
import { sendLoginCode } from './sendLoginCode.ts';
import { sendRecoveryCode } from './sendRecoveryCode.ts';
import { socialLogin } from './socialLogin.ts';
import { ssoLogin } from './ssoLogin.ts';
import { ssoLoginInit } from './ssoLoginInit.ts';
import { updateApplication } from './updateApplication.ts';
import { updatePersonalAccessToken } from './updatePersonalAccessToken.ts';
import { updateServiceAccount } from './updateServiceAccount.ts';
import { updateUser } from './updateUser.ts';

export const authHandlers = [
  activateApplication,
  activateCredential,
  activatePersonalAccessToken,
  activateServiceAccount,
  activateUser,
  archiveApplication,
  archivePersonalAccessToken,
  archiveServiceAccount,
  archiveUser,
  confirmCredential,
  confirmRegistration,
  createApplication,
  createCredential,
  createCredentialChallenge,
  createCredentialChallengeWithCode,
  createCredentialCode,
  createCredentialWithCode,
  createDelegatedRecoveryChallenge,
  createDelegatedRegistrationChallenge,
  createLoginChallenge,
  createPersonalAccessToken,
  createRecoveryChallenge,
  createRegistrationChallenge,
  createServiceAccount,
  createUser,
  createUserActionChallenge,
  createUserActionSignature,
  deactivateApplication,
  deactivateCredential,
  deactivatePersonalAccessToken,
  deactivateServiceAccount,
  deactivateUser,
  delegatedLogin,
  getApplication,
  getAuditLog,
  getPersonalAccessToken,
  getServiceAccount,
  getUser,
  listApplications,
  listAuditLogs,
  listCredentials,
  listPendingCredentials,
  listPersonalAccessTokens,
  listServiceAccounts,
  listUsers,
  login,
  logout,
  recover,
  register,
  registerEndUser,
  resendRegistrationCode,
  restartDelegatedRegistration,
  sendLoginCode,
  socialLogin,
  createSocialRegistrationChallenge,
  ssoLoginInit,
  ssoLogin,
  sendRecoveryCode,
  updateApplication,
  updatePersonalAccessToken,
  updateServiceAccount,
  updateUser,
];
