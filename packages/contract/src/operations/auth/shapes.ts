/** Shapes of users, credentials, challenges (reference/api/auth.md §1–3). */
import { Type } from '../../schema/type.ts';
import { Closed, Reply, Text, Timestamp } from '../shapes.ts';

const Base64Url = (most: number) =>
  Type.String({
    maxLength: most,
    pattern: '^[A-Za-z0-9_-]*={0,2}$',
    says: `must be base64url of at most ${most} characters`,
  });

export const CredentialKind = Type.Enum(['Fido2', 'Key', 'PasswordProtectedKey', 'RecoveryKey', 'Password', 'Totp']);

const KeyCredentialAssertion = Closed({
  credId: Text(1400, 1),
  clientData: Base64Url(5500),
  signature: Base64Url(2000),
  algorithm: Type.Optional(Text(20)),
});
const Fido2CredentialAssertion = Closed({
  credId: Text(1400, 1),
  clientData: Base64Url(5500),
  authenticatorData: Base64Url(2000),
  signature: Base64Url(2000),
  userHandle: Type.Optional(Base64Url(200)),
  algorithm: Type.Optional(Text(20)),
});

const KeyFactor = Closed({ kind: Type.Literal('Key'), credentialAssertion: KeyCredentialAssertion });
const Fido2Factor = Closed({ kind: Type.Literal('Fido2'), credentialAssertion: Fido2CredentialAssertion });
const ProtectedFactor = Closed({
  kind: Type.Literal('PasswordProtectedKey'),
  credentialAssertion: KeyCredentialAssertion,
});
const PasswordFactor = Closed({ kind: Type.Literal('Password'), password: Text(1000) });
const TotpFactor = Closed({ kind: Type.Literal('Totp'), otpCode: Text(20) });

/** A one-time code stands first nowhere; it is declared all the same, so that its refusal says what is needed. */
export const FirstFactor = Type.Union([KeyFactor, Fido2Factor, ProtectedFactor, PasswordFactor, TotpFactor]);
export const SecondFactor = Type.Union([KeyFactor, Fido2Factor, ProtectedFactor, TotpFactor]);
export const Factors = Closed({
  challengeIdentifier: Text(4000, 1),
  firstFactor: FirstFactor,
  secondFactor: Type.Optional(SecondFactor),
});

const AttestedInfo = Closed({
  credId: Text(1400, 1),
  clientData: Base64Url(5500),
  attestationData: Base64Url(100_000),
});

const EncryptedPrivateKey = Text(20_000, 1);

const factorCredential = <K extends string>(credentialKind: K) =>
  Closed({
    credentialKind: Type.Literal(credentialKind),
    credentialInfo: AttestedInfo,
    credentialName: Type.Optional(Text(100, 1)),
    encryptedPrivateKey: Type.Optional(Text(20_000)),
  });
export const RegistrationCredential = Type.Union([
  factorCredential('Fido2'),
  factorCredential('Key'),
  Closed({
    credentialKind: Type.Literal('PasswordProtectedKey'),
    credentialInfo: AttestedInfo,
    credentialName: Type.Optional(Text(100, 1)),
    encryptedPrivateKey: EncryptedPrivateKey,
  }),
  factorCredential('RecoveryKey'),
  Closed({
    credentialKind: Type.Literal('Password'),
    credentialInfo: Closed({ password: Text(1000) }),
    credentialName: Type.Optional(Text(100, 1)),
  }),
  Closed({
    credentialKind: Type.Literal('Totp'),
    credentialInfo: Closed({ otpCode: Text(20) }),
    credentialName: Type.Optional(Text(100, 1)),
  }),
]);

const named = <K extends string>(credentialKind: K) =>
  Closed({
    credentialKind: Type.Literal(credentialKind),
    credentialInfo: AttestedInfo,
    credentialName: Text(100, 1),
    challengeIdentifier: Text(4000, 1),
    encryptedPrivateKey: Type.Optional(Text(20_000)),
  });
export const NewCredential = Type.Union([
  named('Fido2'),
  named('Key'),
  Closed({
    credentialKind: Type.Literal('PasswordProtectedKey'),
    credentialInfo: AttestedInfo,
    credentialName: Text(100, 1),
    challengeIdentifier: Text(4000, 1),
    encryptedPrivateKey: EncryptedPrivateKey,
  }),
  named('RecoveryKey'),
  Closed({
    credentialKind: Type.Literal('Password'),
    credentialInfo: Closed({ password: Text(1000) }),
    credentialName: Text(100, 1),
    challengeIdentifier: Text(4000, 1),
  }),
  Closed({
    credentialKind: Type.Literal('Totp'),
    credentialInfo: Closed({ otpCode: Text(20) }),
    credentialName: Text(100, 1),
    challengeIdentifier: Text(4000, 1),
  }),
]);

export const Credential = Reply({
  kind: CredentialKind,
  credentialId: Type.String(),
  credentialUuid: Type.String(),
  dateCreated: Timestamp,
  isActive: Type.Boolean(),
  name: Type.String(),
  publicKey: Type.String(),
  relyingPartyId: Type.String(),
  origin: Type.String(),
  /** Beyond the reference: false until someone already enrolled has confirmed it to the signers. */
  isConfirmed: Type.Optional(Type.Boolean()),
});

export const PermissionAssignment = Reply({
  permissionName: Type.String(),
  permissionId: Type.String(),
  assignmentId: Type.String(),
  operations: Type.Optional(Type.Array(Type.String())),
});

const userMembers = {
  username: Type.String(),
  name: Type.String(),
  userId: Type.String(),
  kind: Type.Enum(['CustomerEmployee', 'EndUser']),
  credentialUuid: Type.String(),
  orgId: Type.String(),
  permissions: Type.Optional(Type.Array(Type.String())),
  isActive: Type.Boolean(),
  isServiceAccount: Type.Boolean(),
  isRegistered: Type.Boolean(),
  permissionAssignments: Type.Array(PermissionAssignment),
  /** Beyond the reference: roster indices of the signers that acknowledged the change just made. */
  acknowledgedBy: Type.Optional(Type.Array(Type.Integer())),
};
export const User = Reply({
  ...userMembers,
  isSSORequired: Type.Boolean(),
});

export const AccessToken = Reply({
  accessToken: Type.Optional(Type.String()),
  dateCreated: Timestamp,
  credId: Type.String(),
  isActive: Type.Boolean(),
  kind: Type.Enum(['Pat', 'ServiceAccount', 'Token', 'Code', 'Recovery', 'Temp', 'Application']),
  linkedUserId: Type.String(),
  linkedAppId: Type.String(),
  name: Type.String(),
  orgId: Type.String(),
  permissionAssignments: Type.Array(PermissionAssignment),
  publicKey: Type.String(),
  tokenId: Type.String(),
  /** Beyond the reference: roster indices of the signers that acknowledged the change just made. */
  acknowledgedBy: Type.Optional(Type.Array(Type.Integer())),
});
/** The one reply that has the token itself. */
export const NewAccessToken = Reply({ ...AccessToken.properties, accessToken: Type.String() });
export const ServiceAccount = Reply({ userInfo: Reply(userMembers), accessTokens: Type.Array(AccessToken) });

export const Application = Reply({
  appId: Type.String(),
  kind: Type.Enum(['ClientSideApplication', 'ServerSideApplication']),
  orgId: Type.String(),
  expectedRpId: Type.Optional(Type.String()),
  name: Type.String(),
  isActive: Type.Boolean(),
  expectedOrigin: Type.Optional(Type.String()),
  permissionAssignments: Type.Array(PermissionAssignment),
  accessTokens: Type.Array(AccessToken),
  /** Beyond the reference: roster indices of the signers that acknowledged the change just made. */
  acknowledgedBy: Type.Optional(Type.Array(Type.Integer())),
});

const PublicKeyRef = Reply({ type: Type.Literal('public-key'), id: Type.String() });
const RelyingParty = Reply({ id: Type.String(), name: Type.String() });
const Verification = Type.Enum(['required', 'preferred', 'discouraged']);
const Attestation = Type.Enum(['none', 'indirect', 'direct', 'enterprise']);
const ChallengeUser = Reply({ id: Type.String(), displayName: Type.String(), name: Type.String() });
const KeyParams = Type.Array(Reply({ type: Type.Literal('public-key'), alg: Type.Integer() }));
const AuthenticatorSelection = Reply({
  authenticatorAttachment: Type.Optional(Type.Enum(['platform', 'cross-platform'])),
  residentKey: Verification,
  requireResidentKey: Type.Boolean(),
  userVerification: Verification,
});

export const AuthenticationChallenge = Reply({
  challenge: Type.String(),
  challengeIdentifier: Type.String(),
  rp: Type.Optional(RelyingParty),
  supportedCredentialKinds: Type.Array(
    Reply({
      kind: CredentialKind,
      factor: Type.Enum(['first', 'second', 'either']),
      requiresSecondFactor: Type.Boolean(),
    }),
  ),
  userVerification: Verification,
  attestation: Attestation,
  allowCredentials: Reply({
    key: Type.Array(PublicKeyRef),
    webauthn: Type.Array(PublicKeyRef),
    passwordProtectedKey: Type.Optional(
      Type.Array(Reply({ type: Type.Literal('public-key'), id: Type.String(), encryptedPrivateKey: Type.String() })),
    ),
  }),
  externalAuthenticationUrl: Type.String(),
});

export const RegistrationChallenge = Reply({
  user: ChallengeUser,
  temporaryAuthenticationToken: Type.String(),
  challenge: Type.String(),
  rp: Type.Optional(RelyingParty),
  supportedCredentialKinds: Reply({
    firstFactor: Type.Array(CredentialKind),
    secondFactor: Type.Array(CredentialKind),
  }),
  authenticatorSelection: AuthenticatorSelection,
  attestation: Attestation,
  pubKeyCredParams: KeyParams,
  excludeCredentials: Type.Array(PublicKeyRef),
  otpUrl: Type.String(),
});

export const RecoveryChallenge = Reply({
  ...RegistrationChallenge.properties,
  allowedRecoveryCredentials: Type.Array(Reply({ id: Type.String(), encryptedRecoveryKey: Type.String() })),
});

/** The client data of the recovery key carries the whole set once more. */
export const Recovery = Closed({
  recovery: Closed({
    kind: Type.Literal('RecoveryKey'),
    credentialAssertion: Closed({
      credId: Text(1400, 1),
      clientData: Base64Url(262_144),
      signature: Base64Url(2000),
      algorithm: Type.Optional(Text(20)),
    }),
  }),
  newCredentials: Closed({
    firstFactorCredential: RegistrationCredential,
    secondFactorCredential: Type.Optional(RegistrationCredential),
    recoveryCredential: Type.Optional(RegistrationCredential),
  }),
});

const challengeOf = <K extends string>(kind: K) => ({
  kind: Type.Literal(kind),
  user: ChallengeUser,
  challengeIdentifier: Type.String(),
  rp: Type.Optional(RelyingParty),
  temporaryAuthenticationToken: Type.String(),
});
const keyChallengeOf = <K extends string>(kind: K) => ({
  ...challengeOf(kind),
  challenge: Type.String(),
  attestation: Attestation,
  pubKeyCredParams: KeyParams,
});

/** By kind: a password needs nothing more, one-time codes the secret for the authenticator application, as a URL. */
export const CredentialChallenge = Type.Union([
  Reply({
    ...keyChallengeOf('Fido2'),
    authenticatorSelection: AuthenticatorSelection,
    excludeCredentials: Type.Array(PublicKeyRef),
  }),
  Reply(keyChallengeOf('Key')),
  Reply(keyChallengeOf('PasswordProtectedKey')),
  Reply(keyChallengeOf('RecoveryKey')),
  Reply(challengeOf('Password')),
  Reply({ ...challengeOf('Totp'), otpUrl: Type.String() }),
]);

export const RegistrationResult = Reply({
  credential: Reply({ uuid: Type.String(), kind: CredentialKind, name: Type.String() }),
  user: Reply({ id: Type.String(), username: Type.String(), orgId: Type.String() }),
});
