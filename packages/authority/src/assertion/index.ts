/** Proofs by credentials: assertions over a challenge, attestations of a new key. Runs in browsers. */
export {
  type CredentialInfo,
  keyAttestationText,
  type VerifiedAttestation,
  verifyAttestation,
  verifyFido2Attestation,
  verifyKeyAttestation,
} from './attestation.ts';
export { CLIENT_DATA_BYTES_MAX, checkClientData, claimedChallengeText, readClientData } from './client-data.ts';
export { credentialKinds, isCredentialKind, isSigningKind, signingKinds } from './kinds.ts';
export { canonicalSignature } from './signature.ts';
export { pemOfEd25519, pemOfP256, pemOfRsa } from './spki.ts';
export {
  type AssertionParts,
  CREDENTIAL_ID_CHARS_MAX,
  checkAssertionContent,
  checkAssertionForm,
  checkCredentialOf,
  factorsOf,
  isCredentialId,
  type VerifiedAssertion,
  type VerifyingCredential,
  verifyAssertion,
  verifyAssertionSignature,
} from './verify.ts';
export type { VerifyPort } from './verify-port.ts';
