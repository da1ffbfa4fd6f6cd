/** Kinds of credentials that signers know. Passwords and one-time codes are the api's own and never stand here. */
import type { CredentialKind } from '../types/index.ts';

/** Sign requests. */
export const signingKinds = ['Key', 'Fido2', 'PasswordProtectedKey'] as const satisfies readonly CredentialKind[];
export const credentialKinds: readonly CredentialKind[] = [...signingKinds, 'RecoveryKey'];

export const isSigningKind = (kind: unknown): kind is (typeof signingKinds)[number] =>
  signingKinds.some((each) => each === kind);
export const isCredentialKind = (kind: unknown): kind is CredentialKind =>
  credentialKinds.some((each) => each === kind);
