/**
 * How a new credential introduces itself: it signs client data of type `….create` (auth.md §2.3, §2.5). The challenge
 * inside is returned; comparing it is the caller's duty.
 */

import {
  asJsonObject,
  fromBase64Url,
  fromHex,
  type JsonObject,
  parseStrictJsonBytes,
  toBase64Url,
  toHex,
  utf8,
  WireError,
} from '@holdfast/contract/wire';
import { sha256 } from '@holdfast/crypto/transcript';
import { AuthorityError, refuse } from '../errors/index.ts';
import type { CredentialKind, KeyAlgorithm } from '../types/index.ts';
import { type AttestedCredential, readAuthenticatorData } from './authenticator-data.ts';
import { CborError, type CborMap, type CborValue, readCbor } from './cbor.ts';
import { CLIENT_DATA_BYTES_MAX, checkClientData, readClientData } from './client-data.ts';
import { canonicalSignature } from './signature.ts';
import { pemOfEd25519, pemOfP256, pemOfRsa } from './spki.ts';
import { checkRpId, isCredentialId } from './verify.ts';
import type { VerifyPort } from './verify-port.ts';

/** `credentialInfo` of the wire, unchecked. */
export interface CredentialInfo {
  readonly credId: string;
  readonly clientData: string;
  readonly attestationData: string;
}

export interface VerifiedAttestation {
  readonly kind: CredentialKind;
  readonly credentialId: string;
  readonly algorithm: KeyAlgorithm;
  /** PEM, the text the credential signed (Key) or made from its COSE key (Fido2). */
  readonly publicKey: string;
  readonly challenge: string;
  /** Fido2 only: the page where it was made, one of those allowed. */
  readonly origin?: string;
}

/** Attestation objects with a chain of certificates have some kilobytes; 1 MB is somebody trying. */
const ATTESTATION_BYTES_MAX = 16 * 1024;

export function verifyAttestation(o: {
  readonly kind: CredentialKind;
  readonly info: CredentialInfo;
  readonly origins: readonly string[];
  readonly rpIds: readonly string[];
  readonly verify: VerifyPort;
}): VerifiedAttestation {
  return o.kind === 'Fido2' ? verifyFido2Attestation(o) : { ...verifyKeyAttestation(o), kind: o.kind };
}

/** The new key signs {"clientDataHash", "publicKey"}: proof that its holder wants it enrolled for this challenge. */
export function verifyKeyAttestation(o: {
  readonly info: CredentialInfo;
  readonly verify: VerifyPort;
}): VerifiedAttestation {
  const { clientData, attestationData } = readInfo(o.info);
  const { challenge } = checkClientData(readClientData(clientData), { kind: 'Key', purpose: 'create', origins: [] });
  const data = readJson(attestationData);
  for (const member of Object.keys(data)) {
    if (!['publicKey', 'signature', 'algorithm'].includes(member))
      invalid(`${member.slice(0, 64)} is not a known field`);
  }
  const { publicKey, signature, algorithm: digest } = data;
  if (typeof publicKey !== 'string') return invalid('publicKey is required');
  if (typeof signature !== 'string') return invalid('signature is required');
  if (digest !== undefined && digest !== 'SHA256' && digest !== 'RSA-SHA256')
    invalid('algorithm must be one of RSA-SHA256, SHA256');
  const { algorithm } = o.verify.parsePublicKey(publicKey);
  const message = utf8(keyAttestationText(clientData, publicKey));
  const canonical = canonicalSignature(
    algorithm,
    translate(() => fromHex(signature, { name: 'signature' })),
    { raw: true },
  );
  if (canonical === undefined || !o.verify.verifySignature({ publicKey, algorithm, message, signature: canonical })) {
    refuse('E_ATTESTATION', 'attestation signature does not match publicKey');
  }
  return { kind: 'Key', credentialId: o.info.credId, algorithm, publicKey, challenge };
}

/** The text a new key signs: exactly these two members, in this order, without white space. */
export function keyAttestationText(clientData: Uint8Array, publicKey: string): string {
  return JSON.stringify({ clientDataHash: toHex(sha256(clientData)), publicKey });
}

/**
 * The key inside an attestation object. The statement about the authenticator's maker is not judged: there are no
 * trust roots, and the request that carries a new credential is itself signed by an enrolled one. Self attestation
 * (`packed` without certificates) is a signature of the new key itself and is verified.
 */
export function verifyFido2Attestation(o: {
  readonly info: CredentialInfo;
  readonly origins: readonly string[];
  readonly rpIds: readonly string[];
  readonly verify: VerifyPort;
}): VerifiedAttestation {
  const { clientData, attestationData } = readInfo(o.info);
  const shown = readClientData(clientData);
  const { challenge } = checkClientData(shown, {
    kind: 'Fido2',
    purpose: 'create',
    origins: o.origins,
  });
  const object = asMap(
    translate(() => readWhole(attestationData)),
    'attestationObject',
  );
  const authData = object.get('authData');
  const format = object.get('fmt');
  const statement = asMap(object.get('attStmt'), 'attStmt');
  if (object.size !== 3 || !(authData instanceof Uint8Array) || typeof format !== 'string')
    return invalid('attestationObject is malformed');
  const data = readAuthenticatorData(authData, 'create');
  checkRpId(data, o.rpIds);
  if (data.attested === undefined) throw new TypeError('a registration without credential data was let through');
  if (toBase64Url(data.attested.credentialId) !== o.info.credId) invalid('credential id does not match credId');
  const { algorithm, publicKey } = publicKeyOf(readCredentialKey(data.attested));
  if (o.verify.parsePublicKey(publicKey).algorithm !== algorithm)
    throw new TypeError('the key made is of another algorithm');
  if (format === 'none' && statement.size !== 0) invalid('a statement of format none is empty');
  if (format === 'packed' && !statement.has('x5c')) {
    const signature = statement.get('sig');
    const canonical =
      signature instanceof Uint8Array ? canonicalSignature(algorithm, signature, { raw: false }) : undefined;
    const message = new Uint8Array([...authData, ...sha256(clientData)]);
    const valid =
      canonical !== undefined && o.verify.verifySignature({ publicKey, algorithm, message, signature: canonical });
    if (!valid || statement.get('alg') !== coseAlgorithms[algorithm]) {
      refuse('E_ATTESTATION', 'attestation signature does not match publicKey');
    }
  }
  const origin = String(shown['origin']);
  return { kind: 'Fido2', credentialId: o.info.credId, algorithm, publicKey, challenge, origin };
}

/** RFC 9053 §2: ES256, EdDSA; RFC 8812 §2: RS256. */
const coseAlgorithms: Readonly<Record<string, number>> = { 'P-256': -7, Ed25519: -8, RSA: -257 };

/** The COSE key and nothing after it but the extensions that were announced. */
function readCredentialKey({ rest, hasExtensions }: AttestedCredential): CborMap {
  const { value, length } = translate(() => readCbor(rest));
  const after = rest.subarray(length);
  if (hasExtensions)
    asMap(
      translate(() => readWhole(after)),
      'extensions',
    );
  else if (after.length > 0) invalid('trailing bytes');
  return asMap(value, 'credentialPublicKey');
}

/** A COSE key (RFC 9052 §7): 1 kty, 3 alg; −1 crv or n, −2 x or e, −3 y. No other member. */
function publicKeyOf(key: CborMap): { readonly algorithm: KeyAlgorithm; readonly publicKey: string } {
  const bytes = (label: number): Uint8Array => {
    const value = key.get(label);
    return value instanceof Uint8Array ? value : invalid('credential key is malformed');
  };
  const is = (size: number, expected: Readonly<Record<number, number>>): boolean =>
    key.size === size && Object.entries(expected).every(([label, value]) => key.get(Number(label)) === value);
  try {
    if (is(5, { 1: 2, 3: -7, [-1]: 1 }))
      return { algorithm: 'P-256', publicKey: pemOfP256({ x: bytes(-2), y: bytes(-3) }) };
    if (is(4, { 1: 1, 3: -8, [-1]: 6 })) return { algorithm: 'Ed25519', publicKey: pemOfEd25519(bytes(-2)) };
    if (is(4, { 1: 3, 3: -257 })) return { algorithm: 'RSA', publicKey: pemOfRsa({ n: bytes(-1), e: bytes(-2) }) };
  } catch (error) {
    if (error instanceof RangeError) invalid(error.message);
    throw error;
  }
  return invalid('credential key must be of algorithm -7, -8 or -257');
}

function readInfo(info: CredentialInfo): { clientData: Uint8Array; attestationData: Uint8Array } {
  if (!isCredentialId(info.credId)) invalid('credId is not a credential id');
  return {
    clientData: readPart(info.clientData, 'clientData', CLIENT_DATA_BYTES_MAX),
    attestationData: readPart(info.attestationData, 'attestationData', ATTESTATION_BYTES_MAX),
  };
}

function readPart(text: unknown, name: string, bytesMax: number): Uint8Array {
  if (typeof text !== 'string' || text.length > Math.ceil((bytesMax * 4) / 3))
    return invalid(`${name} must be base64url of at most ${bytesMax} bytes`);
  // auth.md §2 lets clients pad; the body is signed, so nobody can take the padding off for the signers.
  const padded = text.length % 4 === 0 ? text.replace(/={1,2}$/, '') : text;
  return translate(() => fromBase64Url(padded, { name }));
}

function readJson(bytes: Uint8Array): JsonObject {
  return translate(() =>
    asJsonObject(
      parseStrictJsonBytes(bytes, { name: 'attestationData', bytesMax: ATTESTATION_BYTES_MAX }),
      'attestationData',
    ),
  );
}

function readWhole(bytes: Uint8Array): CborValue {
  const { value, length } = readCbor(bytes);
  if (length !== bytes.length) throw new CborError('trailing bytes');
  return value;
}

function asMap(value: CborValue | undefined, name: string): CborMap {
  return value instanceof Map ? value : invalid(`${name} is malformed`);
}

function translate<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError || error instanceof CborError) invalid(error.message);
    throw error;
  }
}

function invalid(why: string): never {
  throw new AuthorityError('E_ATTESTATION', `attestation is not valid: ${why}`);
}
