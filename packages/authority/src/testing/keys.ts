/** Test only: credentials held in memory, which sign as the users' own software does. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { toBase64Url, utf8 } from '@holdfast/contract/wire';
import type { CredentialInfo } from '../assertion/index.ts';
import type { Assertion, KeyAlgorithm } from '../types/index.ts';

export interface TestKey {
  readonly algorithm: KeyAlgorithm;
  /** PEM. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
  readonly publicObject: KeyObject;
  /** DER for the curves of ECDSA, or r‖s on request. */
  sign(message: Uint8Array, form?: 'der' | 'raw'): Uint8Array;
}

export function testKey(algorithm: KeyAlgorithm): TestKey {
  const { publicKey, privateKey } = generate(algorithm);
  const digest = algorithm === 'Ed25519' ? null : 'sha256';
  return {
    algorithm,
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    privateKey,
    publicObject: publicKey,
    sign: (message, form = 'der') =>
      Uint8Array.from(sign(digest, message, { key: privateKey, dsaEncoding: form === 'der' ? 'der' : 'ieee-p1363' })),
  };
}

function generate(algorithm: KeyAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (algorithm) {
    case 'Ed25519':
      return generateKeyPairSync('ed25519');
    case 'P-256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'secp256k1':
      return generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    case 'RSA':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    default:
      return algorithm satisfies never;
  }
}

type Members = Readonly<Record<string, unknown>>;

export interface KeyOptions {
  readonly credId: string;
  readonly key: TestKey;
  readonly challenge: string;
  /** Replaces members of the client data; undefined leaves one out. */
  readonly clientData?: Members;
  /** Replaces the text of the client data altogether. */
  readonly clientDataText?: string;
  readonly form?: 'der' | 'raw';
}

/** As the public key signer does it: {"type","challenge"} and a signature over exactly these bytes. */
export function keyAssertion(o: KeyOptions): Extract<Assertion, { kind: 'Key' }> {
  const clientData = utf8(
    o.clientDataText ?? JSON.stringify({ type: 'key.get', challenge: o.challenge, ...o.clientData }),
  );
  return {
    kind: 'Key',
    credId: o.credId,
    clientData: toBase64Url(clientData),
    signature: toBase64Url(o.key.sign(clientData, o.form)),
  };
}

export interface Fido2Options extends KeyOptions {
  readonly origin: string;
  readonly rpId: string;
  /** UP and UV unless told. */
  readonly flags?: number;
  readonly signCount?: number;
  readonly trailing?: Uint8Array;
  /** React Native signers hand the challenge through instead of encoding its bytes. */
  readonly single?: boolean;
}

/** As a browser does it: the challenge encoded once more, authenticator data in front of the hash. */
export function fido2Assertion(o: Fido2Options): Extract<Assertion, { kind: 'Fido2' }> {
  const challenge = o.single ? o.challenge : toBase64Url(utf8(o.challenge));
  const clientData = utf8(
    o.clientDataText ??
      JSON.stringify({ type: 'webauthn.get', challenge, origin: o.origin, crossOrigin: false, ...o.clientData }),
  );
  const authenticatorData = authData(o);
  const message = new Uint8Array([...authenticatorData, ...sha256(clientData)]);
  return {
    kind: 'Fido2',
    credId: o.credId,
    clientData: toBase64Url(clientData),
    authenticatorData: toBase64Url(authenticatorData),
    signature: toBase64Url(o.key.sign(message, o.form)),
  };
}

/** Key attestation (auth.md §2.3). */
export function keyAttestation(o: KeyOptions & { readonly attestation?: Members }): CredentialInfo {
  const clientData = utf8(
    o.clientDataText ?? JSON.stringify({ type: 'key.create', challenge: o.challenge, ...o.clientData }),
  );
  const signed = JSON.stringify({
    clientDataHash: Buffer.from(sha256(clientData)).toString('hex'),
    publicKey: o.key.publicKey,
  });
  const signature = Buffer.from(o.key.sign(utf8(signed), o.form)).toString('hex');
  return {
    credId: o.credId,
    clientData: toBase64Url(clientData),
    attestationData: toBase64Url(utf8(JSON.stringify({ publicKey: o.key.publicKey, signature, ...o.attestation }))),
  };
}

export interface Fido2AttestationOptions extends Omit<Fido2Options, 'credId'> {
  readonly credentialId: Uint8Array;
  readonly format?: 'none' | 'packed' | 'fido-u2f';
  /** Bytes put in place of the COSE key. */
  readonly cose?: Uint8Array;
  readonly statement?: readonly (readonly [string, unknown])[];
}

/** An attestation object as authenticators make it. */
export function fido2Attestation(o: Fido2AttestationOptions): CredentialInfo {
  const challenge = o.single ? o.challenge : toBase64Url(utf8(o.challenge));
  const clientData = utf8(
    o.clientDataText ??
      JSON.stringify({ type: 'webauthn.create', challenge, origin: o.origin, crossOrigin: false, ...o.clientData }),
  );
  const idLength = o.credentialId.length;
  const authenticatorData = new Uint8Array([
    ...authData({ ...o, flags: o.flags ?? 0x45, trailing: new Uint8Array(0) }),
    ...new Uint8Array(16),
    idLength >> 8,
    idLength & 0xff,
    ...o.credentialId,
    ...(o.cose ?? coseKey(o.key)),
    ...(o.trailing ?? []),
  ]);
  const message = new Uint8Array([...authenticatorData, ...sha256(clientData)]);
  const format = o.format ?? 'none';
  const algorithm = { 'P-256': -7, Ed25519: -8, RSA: -257, secp256k1: -47 }[o.key.algorithm];
  const statement =
    o.statement ?? (format === 'none' ? [] : [['alg', algorithm] as const, ['sig', o.key.sign(message)] as const]);
  return {
    credId: toBase64Url(o.credentialId),
    clientData: toBase64Url(clientData),
    attestationData: toBase64Url(
      cbor(
        new Map<unknown, unknown>([
          ['fmt', format],
          ['attStmt', new Map<unknown, unknown>(statement)],
          ['authData', authenticatorData],
        ]),
      ),
    ),
  };
}

/** The COSE form of a key. */
export function coseKey(key: TestKey): Uint8Array {
  const jwk = key.publicObject.export({ format: 'jwk' });
  const part = (name: 'x' | 'y' | 'n' | 'e') => Uint8Array.from(Buffer.from(String(jwk[name]), 'base64url'));
  switch (key.algorithm) {
    case 'P-256':
      return cbor(
        new Map<unknown, unknown>([
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, part('x')],
          [-3, part('y')],
        ]),
      );
    case 'Ed25519':
      return cbor(
        new Map<unknown, unknown>([
          [1, 1],
          [3, -8],
          [-1, 6],
          [-2, part('x')],
        ]),
      );
    case 'RSA':
      return cbor(
        new Map<unknown, unknown>([
          [1, 3],
          [3, -257],
          [-1, part('n')],
          [-2, part('e')],
        ]),
      );
    case 'secp256k1':
      return cbor(
        new Map<unknown, unknown>([
          [1, 2],
          [3, -47],
          [-1, 8],
          [-2, part('x')],
          [-3, part('y')],
        ]),
      );
    default:
      return key.algorithm satisfies never;
  }
}

/** CBOR of the few types that attestations use. */
export function cbor(value: unknown): Uint8Array {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (value instanceof Uint8Array) return new Uint8Array([...head(2, value.length), ...value]);
  if (typeof value === 'string') return new Uint8Array([...head(3, utf8(value).length), ...utf8(value)]);
  if (Array.isArray(value))
    return new Uint8Array([...head(4, value.length), ...value.flatMap((item) => [...cbor(item)])]);
  if (value instanceof Map) {
    return new Uint8Array([...head(5, value.size), ...[...value].flatMap(([k, v]) => [...cbor(k), ...cbor(v)])]);
  }
  throw new TypeError('not needed in attestations');
}

function head(major: number, n: number): Uint8Array {
  const top = major << 5;
  if (n < 24) return Uint8Array.of(top | n);
  if (n < 0x100) return Uint8Array.of(top | 24, n);
  if (n < 0x10000) return Uint8Array.of(top | 25, n >> 8, n & 0xff);
  return Uint8Array.of(top | 26, n >>> 24, (n >> 16) & 0xff, (n >> 8) & 0xff, n & 0xff);
}

function authData(o: Pick<Fido2Options, 'rpId' | 'flags' | 'signCount' | 'trailing'>): Uint8Array {
  const count = o.signCount ?? 0;
  return new Uint8Array([
    ...sha256(utf8(o.rpId)),
    o.flags ?? 0x05,
    count >>> 24,
    (count >> 16) & 0xff,
    (count >> 8) & 0xff,
    count & 0xff,
    ...(o.trailing ?? []),
  ]);
}

function sha256(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(bytes).digest());
}
