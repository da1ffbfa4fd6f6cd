/** One assertion by one enrolled credential: steps 5 and 6 of security-model.md 2.6 (h). */

import { fromBase64Url, utf8, WireError } from '@holdfast/contract/wire';
import { sha256 } from '@holdfast/crypto/transcript';
import { refuse } from '../errors/index.ts';
import type { Assertion, ChallengeAssertion, CredentialKind, FactorAssertion, KeyAlgorithm } from '../types/index.ts';
import { type AuthenticatorData, readAuthenticatorData } from './authenticator-data.ts';
import { CLIENT_DATA_BYTES_MAX, checkClientData, readClientData } from './client-data.ts';
import { canonicalSignature } from './signature.ts';
import type { VerifyPort } from './verify-port.ts';

/** The part of a CredentialRecord that verification needs. */
export interface VerifyingCredential {
  readonly credentialId: string;
  readonly kind: CredentialKind;
  readonly algorithm: KeyAlgorithm;
  readonly publicKey: string;
}

export interface VerifiedAssertion {
  /** As the user's client received it: one layer of base64url taken off where a browser put one on. */
  readonly challenge: string;
  /** Fido2 only: the page that asked, one of those allowed. */
  readonly origin?: string;
  /** Fido2 only. Checked by the api, not by signers (rulings 12). */
  readonly signCount: number | undefined;
}

/** The raw parts of an assertion whose form `checkAssertionForm` accepted. */
export interface AssertionParts {
  readonly clientData: Uint8Array;
  readonly signature: Uint8Array;
  readonly authenticatorData: Uint8Array | undefined;
}

const AUTHENTICATOR_DATA_BYTES_MAX = 2048;
const SIGNATURE_BYTES_MAX = 1024;
export const CREDENTIAL_ID_CHARS_MAX = 1364;

const keyMembers = ['kind', 'credId', 'clientData', 'signature', 'algorithm'] as const;
const members = {
  Key: keyMembers,
  PasswordProtectedKey: keyMembers,
  Fido2: ['kind', 'credId', 'clientData', 'authenticatorData', 'signature', 'userHandle'],
} as const;

/**
 * Verifies that `credential` signed the client data, and that the client data is what an application of ours shows.
 * Says nothing about what the challenge asks for: that is `decodeChallenge` and its comparisons.
 *
 *     const { challenge } = verifyAssertion({ assertion, credential, origins, rpIds, verify, purpose: 'get' });
 */
export function verifyAssertion(o: {
  readonly assertion: Assertion;
  readonly credential: VerifyingCredential;
  readonly origins: readonly string[];
  readonly rpIds: readonly string[];
  readonly verify: VerifyPort;
  readonly purpose: 'get';
}): VerifiedAssertion {
  const parts = checkAssertionForm(o.assertion);
  checkCredentialOf(o.assertion, o.credential);
  verifyAssertionSignature({ parts, credential: o.credential, verify: o.verify });
  return checkAssertionContent({ parts, credential: o.credential, origins: o.origins, rpIds: o.rpIds });
}

/** Exactly the members of its kind, canonical base64url, sizes within bounds. */
export function checkAssertionForm(assertion: Assertion): AssertionParts {
  const allowed = (members as Readonly<Record<string, readonly string[]>>)[assertion?.kind];
  if (allowed === undefined || assertion.kind === 'RecoveryKey')
    return refuse('E_COMMAND', 'assertion.kind must be Key, PasswordProtectedKey or Fido2');
  for (const member of Object.keys(assertion)) {
    if (!allowed.includes(member)) refuse('E_COMMAND', `assertion.${member.slice(0, 64)} is not a known field`);
  }
  if (!isCredentialId(assertion.credId)) refuse('E_COMMAND', 'assertion.credId is not a credential id');
  if (assertion.kind !== 'Fido2' && assertion.algorithm !== undefined && !keyDigests.includes(assertion.algorithm)) {
    // The digest is fixed at enrolment; SHA512 would be another one.
    refuse('E_COMMAND', `assertion.algorithm must be one of ${keyDigests.join(', ')}`);
  }
  if (assertion.kind === 'Fido2' && assertion.userHandle !== undefined)
    readPart('userHandle', assertion.userHandle, 64);
  return {
    clientData: readPart('clientData', assertion.clientData, CLIENT_DATA_BYTES_MAX),
    signature: readPart('signature', assertion.signature, SIGNATURE_BYTES_MAX),
    authenticatorData:
      assertion.kind === 'Fido2'
        ? readPart('authenticatorData', assertion.authenticatorData, AUTHENTICATOR_DATA_BYTES_MAX)
        : undefined,
  };
}

/** Names for SHA-256 in use by key signers; both mean what was fixed at enrolment. */
const keyDigests: readonly string[] = ['RSA-SHA256', 'SHA256'];

export function isCredentialId(text: unknown): text is string {
  return typeof text === 'string' && text.length <= CREDENTIAL_ID_CHARS_MAX && /^[A-Za-z0-9_-]+$/.test(text);
}

/** The proofs of the first and, where there is one, of the second factor, each by itself; their form is not checked. */
export function factorsOf(assertion: ChallengeAssertion): readonly [FactorAssertion, FactorAssertion?] {
  if (typeof assertion !== 'object' || assertion === null || !Object.hasOwn(assertion, 'second')) return [assertion];
  const { second, ...first } = assertion;
  // Said here, so that an empty member is not taken for none: what is in a chain has one text.
  if (typeof second !== 'object' || second === null) refuse('E_COMMAND', 'assertion.second must be an assertion');
  return [first, second];
}

/** The assertion must name this credential and be of its kind. */
export function checkCredentialOf(assertion: Assertion, credential: VerifyingCredential): void {
  if (assertion.credId !== credential.credentialId) {
    refuse('E_CREDENTIAL_UNKNOWN', 'User does not have a credential that can be used for the application.');
  }
  if (assertion.kind !== credential.kind) refuse('E_CREDENTIAL_KIND', `credential is of kind ${credential.kind}`);
}

/** Step 5: over the raw bytes as received. */
export function verifyAssertionSignature(o: {
  readonly parts: AssertionParts;
  readonly credential: VerifyingCredential;
  readonly verify: VerifyPort;
}): void {
  const { parts, credential, verify } = o;
  const { algorithm, publicKey } = credential;
  // WebAuthn prescribes DER; key signers in the field also send r‖s (auth.md §2.4).
  const signature = canonicalSignature(algorithm, parts.signature, { raw: credential.kind !== 'Fido2' });
  const message = signedMessage(parts);
  if (signature === undefined || !verify.verifySignature({ publicKey, algorithm, message, signature })) {
    refuse('E_ASSERTION', 'signature is not valid');
  }
}

/** Step 6: type, origin, frame, relying party and flags. */
export function checkAssertionContent(o: {
  readonly parts: AssertionParts;
  readonly credential: VerifyingCredential;
  readonly origins: readonly string[];
  readonly rpIds: readonly string[];
}): VerifiedAssertion {
  const data = readClientData(o.parts.clientData);
  const { challenge } = checkClientData(data, {
    kind: o.credential.kind,
    purpose: 'get',
    origins: o.origins,
  });
  if (o.parts.authenticatorData === undefined) return { challenge, signCount: undefined };
  const authenticator = readAuthenticatorData(o.parts.authenticatorData, 'get');
  checkRpId(authenticator, o.rpIds);
  return { challenge, signCount: authenticator.signCount, origin: String(data['origin']) };
}

export function checkRpId(data: AuthenticatorData, rpIds: readonly string[]): void {
  const known = rpIds.some((rpId) => sha256(utf8(rpId)).every((byte, k) => byte === data.rpIdHash[k]));
  if (!known) refuse('E_RP_ID', 'relying party id does not match');
}

/** Key: the client data. Fido2: authenticator data, then the hash of the client data (WebAuthn §6.3.3). */
function signedMessage(parts: AssertionParts): Uint8Array {
  const { authenticatorData, clientData } = parts;
  if (authenticatorData === undefined) return clientData;
  const message = new Uint8Array(authenticatorData.length + 32);
  message.set(authenticatorData);
  message.set(sha256(clientData), authenticatorData.length);
  return message;
}

function readPart(name: string, text: unknown, bytesMax: number): Uint8Array {
  if (typeof text !== 'string' || text === '' || text.length > Math.ceil((bytesMax * 4) / 3)) {
    refuse('E_COMMAND', `assertion.${name} must be base64url of 1 to ${bytesMax} bytes`);
  }
  try {
    return fromBase64Url(text, { name: `assertion.${name}` });
  } catch (error) {
    if (error instanceof WireError) refuse('E_COMMAND', error.message);
    throw error;
  }
}
