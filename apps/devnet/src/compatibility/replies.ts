/**
 * Whether what the contract promises is what the public client's own types expect: computed by the compiler from both,
 * written down here, and refused by the build where it is not so.
 */
import type { DfnsApiClient } from '@dfns/sdk';
import type { auth, Operation, permissions, ReplyOf } from '@holdfast/contract/operations';

type Reply<M> = M extends (...given: never[]) => Promise<infer R> ? R : never;
type Fit<Ours, Theirs> = {
  readonly [N in keyof Ours & keyof Theirs]: Ours[N] extends Operation
    ? undefined extends Reply<Theirs[N]>
      ? 'fits'
      : ReplyOf<Ours[N]> extends Reply<Theirs[N]>
        ? 'fits'
        : 'differs'
    : never;
};

export const replies: {
  readonly auth: Fit<typeof auth, DfnsApiClient['auth']>;
  readonly permissions: Fit<typeof permissions, DfnsApiClient['permissions']>;
} = {
  auth: {
    activateCredential: 'fits',
    activatePersonalAccessToken: 'fits',
    activateServiceAccount: 'fits',
    activateUser: 'fits',
    archivePersonalAccessToken: 'fits',
    archiveServiceAccount: 'fits',
    archiveUser: 'fits',
    createCredential: 'fits',
    createCredentialChallenge: 'fits',
    createCredentialChallengeWithCode: 'fits',
    createCredentialCode: 'fits',
    createCredentialWithCode: 'fits',
    createDelegatedRecoveryChallenge: 'fits',
    createDelegatedRegistrationChallenge: 'fits',
    createLoginChallenge: 'fits',
    createPersonalAccessToken: 'fits',
    createRecoveryChallenge: 'fits',
    createRegistrationChallenge: 'fits',
    createServiceAccount: 'fits',
    createSocialRegistrationChallenge: 'fits',
    createUser: 'fits',
    createUserActionChallenge: 'fits',
    createUserActionSignature: 'fits',
    deactivateCredential: 'fits',
    deactivatePersonalAccessToken: 'fits',
    deactivateServiceAccount: 'fits',
    deactivateUser: 'fits',
    delegatedLogin: 'fits',
    getApplication: 'fits',
    getAuditLog: 'fits',
    getPersonalAccessToken: 'fits',
    getServiceAccount: 'fits',
    getUser: 'fits',
    listApplications: 'fits',
    listAuditLogs: 'fits',
    listCredentials: 'fits',
    listPersonalAccessTokens: 'fits',
    listServiceAccounts: 'fits',
    listUsers: 'fits',
    login: 'fits',
    logout: 'fits',
    recover: 'fits',
    register: 'fits',
    registerEndUser: 'fits',
    resendRegistrationCode: 'fits',
    sendLoginCode: 'fits',
    sendRecoveryCode: 'fits',
    socialLogin: 'fits',
    ssoLogin: 'fits',
    ssoLoginInit: 'fits',
    updatePersonalAccessToken: 'fits',
    updateServiceAccount: 'fits',
    updateUser: 'fits',
  },
  permissions: {
    archivePermission: 'fits',
    createAssignment: 'fits',
    createPermission: 'fits',
    deleteAssignment: 'fits',
    getPermission: 'fits',
    listAssignments: 'fits',
    listPermissions: 'fits',
    updatePermission: 'fits',
  },
};
