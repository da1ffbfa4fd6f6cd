import { deepEqual, equal, throws } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fromBase64Url, fromHex, toBase64Url, utf8 } from '@holdfast/contract/wire';
import { sha256 } from '@holdfast/crypto/transcript';
import {
  bytesOf,
  cbor,
  codeOf,
  coseKey,
  type Fido2AttestationOptions,
  fido2Attestation,
  type KeyOptions,
  keyAttestation,
  testKey,
} from '../testing/index.ts';
import type { KeyAlgorithm } from '../types/index.ts';
import { nodeVerify } from '../verify-node/index.ts';
import {
  type CredentialInfo,
  keyAttestationText,
  verifyAttestation,
  verifyFido2Attestation,
  verifyKeyAttestation,
} from './index.ts';

const origin = 'https://wallets.example';
const rpId = 'wallets.example';
const challenge = toBase64Url(utf8('{"v":1,"k":"Registration"}'));
const algorithms: readonly KeyAlgorithm[] = ['Ed25519', 'P-256', 'secp256k1', 'RSA'];
const keys = Object.fromEntries(algorithms.map((name) => [name, testKey(name)]));

const verifyKey = (info: CredentialInfo) => verifyKeyAttestation({ info, verify: nodeVerify });
const verifyPasskey = (info: CredentialInfo) =>
  verifyFido2Attestation({ info, origins: [origin], rpIds: [rpId], verify: nodeVerify });
const byKey = (
  o: Partial<KeyOptions> & { attestation?: Record<string, unknown> } = {},
  algorithm: KeyAlgorithm = 'Ed25519',
) => keyAttestation({ credId: 'new-credential', key: keys[algorithm]!, challenge, ...o });
const credentialId = bytesOf('credential id', 20);
const byPasskey = (o: Partial<Fido2AttestationOptions> = {}, algorithm: KeyAlgorithm = 'P-256') =>
  fido2Attestation({ credentialId, key: keys[algorithm]!, challenge, origin, rpId, ...o });

test('hashes client data as the reference vector says', () => {
  const clientData =
    '{"challenge":"Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw","crossOrigin":false,"origin":"https://app.dfns.ninja","type":"key.create"}';

  const text = keyAttestationText(utf8(clientData), '-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----\n');

  equal(
    text,
    '{"clientDataHash":"db3828fcdf1782726a7c0c3977679be5fa5a69efa87b295a31b3579a0149edf3","publicKey":"-----BEGIN PUBLIC KEY-----\\nMA==\\n-----END PUBLIC KEY-----\\n"}',
  );
});

for (const algorithm of algorithms) {
  test(`accepts a key attestation with ${algorithm}`, () => {
    const { publicKey } = keys[algorithm]!;
    deepEqual(verifyKey(byKey({}, algorithm)), {
      kind: 'Key',
      credentialId: 'new-credential',
      algorithm,
      publicKey,
      challenge,
    });
  });
}

test('keeps the text of the public key as it was signed', () => {
  const key = { ...keys['Ed25519']!, publicKey: keys['Ed25519']!.publicKey.trimEnd() };

  equal(verifyKey(byKey({ key })).publicKey, key.publicKey);
});

test('accepts the reference client data, four members sorted by name', () => {
  const clientDataText = JSON.stringify({
    challenge,
    crossOrigin: false,
    origin: 'https://app.example',
    type: 'key.create',
  });

  equal(verifyKey(byKey({ clientDataText })).challenge, challenge);
});

test('accepts padding, which a signed body may carry', () => {
  const info = byKey();
  const pad = (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, '=');

  equal(
    verifyKey({ ...info, clientData: pad(info.clientData), attestationData: pad(info.attestationData) }).challenge,
    challenge,
  );
});

const other = testKey('Ed25519');
const keyForgeries: readonly [what: string, code: string, info: () => CredentialInfo][] = [
  ['type key.get', 'E_CLIENT_DATA_TYPE', () => byKey({ clientData: { type: 'key.get' } })],
  ['type webauthn.create', 'E_CLIENT_DATA_TYPE', () => byKey({ clientData: { type: 'webauthn.create' } })],
  ['crossOrigin true', 'E_CROSS_ORIGIN', () => byKey({ clientData: { crossOrigin: true } })],
  ['no challenge', 'E_CLIENT_DATA', () => byKey({ clientData: { challenge: undefined } })],
  [
    '[bad-input 88] other client data than it signed',
    'E_ATTESTATION',
    () => ({ ...byKey(), clientData: byKey({ challenge: 'AAAA' }).clientData }),
  ],
  [
    "[bad-input 88] another key's public key",
    'E_ATTESTATION',
    () => byKey({ attestation: { publicKey: other.publicKey } }),
  ],
  ['the signature in base64url', 'E_ATTESTATION', () => byKey({ attestation: { signature: 'AAAA_-' } })],
  ['no signature', 'E_ATTESTATION', () => byKey({ attestation: { signature: undefined } })],
  ['no public key', 'E_ATTESTATION', () => byKey({ attestation: { publicKey: undefined } })],
  ['an unknown member', 'E_ATTESTATION', () => byKey({ attestation: { trusted: true } })],
  ['algorithm SHA512', 'E_ATTESTATION', () => byKey({ attestation: { algorithm: 'SHA512' } })],
  ['a credential id with other characters', 'E_ATTESTATION', () => byKey({ credId: 'a/b' })],
  ['[bad-input 86] 1 MB of attestation', 'E_ATTESTATION', () => ({ ...byKey(), attestationData: 'A'.repeat(1 << 20) })],
  [
    'a private key',
    'E_PRIVATE_KEY_SENT',
    () => byKey({ attestation: { publicKey: '-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n' } }),
  ],
];
for (const [what, code, info] of keyForgeries) {
  test(`refuses a key attestation with ${what}: ${code}`, () =>
    equal(
      codeOf(() => verifyKey(info())),
      code,
    ));
}

for (const algorithm of ['P-256', 'Ed25519', 'RSA'] as const) {
  for (const format of ['none', 'packed', 'fido-u2f'] as const) {
    test(`accepts a passkey of format ${format} with ${algorithm}`, () => {
      const attested = verifyPasskey(byPasskey({ format }, algorithm));

      equal(attested.publicKey, keys[algorithm]!.publicKey);
      deepEqual(
        { ...attested, publicKey: '' },
        { kind: 'Fido2', credentialId: toBase64Url(credentialId), algorithm, publicKey: '', challenge, origin },
      );
    });
  }
}

test('accepts extensions that were announced', () => {
  const trailing = cbor(new Map([['credProtect', 2]]));

  equal(verifyPasskey(byPasskey({ flags: 0xc5, trailing })).challenge, challenge);
});

const cose = (changes: readonly (readonly [number, unknown])[], drop: readonly number[] = []) => {
  const jwk = keys['P-256']!.publicObject.export({ format: 'jwk' });
  const map = new Map<unknown, unknown>([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, fromBase64Url(String(jwk.x))],
    [-3, fromBase64Url(String(jwk.y))],
    ...changes,
  ]);
  for (const label of drop) map.delete(label);
  return cbor(map);
};
const raw = (attestationObject: Uint8Array): CredentialInfo => ({
  ...byPasskey(),
  attestationData: toBase64Url(attestationObject),
});
const object = fromBase64Url(byPasskey().attestationData);

/** An attestation object around the given bytes after the fixed 37 of the authenticator data. */
const withCredentialData = (bytes: readonly number[]): CredentialInfo => {
  const fixed = [...sha256(utf8(rpId)), 0x45, 0, 0, 0, 0];
  const authData = Uint8Array.from([...fixed, ...bytes]);
  return raw(
    cbor(
      new Map<unknown, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    ),
  );
};
const aaguid = [...new Uint8Array(16)];

const passkeyForgeries: readonly [what: string, code: string, info: () => CredentialInfo][] = [
  ['type webauthn.get', 'E_CLIENT_DATA_TYPE', () => byPasskey({ clientData: { type: 'webauthn.get' } })],
  [
    '[bad-input 86] another origin',
    'E_CLIENT_DATA_ORIGIN',
    () => byPasskey({ clientData: { origin: 'https://evil.example' } }),
  ],
  ['crossOrigin true', 'E_CROSS_ORIGIN', () => byPasskey({ clientData: { crossOrigin: true } })],
  ['[bad-input 86] another relying party', 'E_RP_ID', () => byPasskey({ rpId: 'evil.example' })],
  ['flag UV clear', 'E_USER_VERIFICATION', () => byPasskey({ flags: 0x41 })],
  ['flag AT clear', 'E_AUTHENTICATOR_DATA', () => byPasskey({ flags: 0x05 })],
  ['trailing bytes that were not announced', 'E_ATTESTATION', () => byPasskey({ trailing: cbor(new Map()) })],
  ['announced extensions that are missing', 'E_ATTESTATION', () => byPasskey({ flags: 0xc5 })],
  ['bytes after the extensions', 'E_ATTESTATION', () => byPasskey({ flags: 0xc5, trailing: Uint8Array.of(0xa0, 0) })],
  ['another credential id', 'E_ATTESTATION', () => ({ ...byPasskey(), credId: 'AAAA' })],
  [
    '[bad-input 88] a self attestation by another key',
    'E_ATTESTATION',
    () => byPasskey({ format: 'packed', cose: coseKey(testKey('P-256')) }),
  ],
  [
    'a self attestation of another algorithm',
    'E_ATTESTATION',
    () =>
      byPasskey({
        format: 'packed',
        statement: [
          ['alg', -8],
          ['sig', new Uint8Array(70)],
        ],
      }),
  ],
  [
    'a self attestation without signature',
    'E_ATTESTATION',
    () => byPasskey({ format: 'packed', statement: [['alg', -7]] }),
  ],
  ['a statement of format none', 'E_ATTESTATION', () => byPasskey({ statement: [['sig', new Uint8Array(8)]] })],
  ['a key of algorithm ES256K', 'E_ATTESTATION', () => byPasskey({}, 'secp256k1')],
  ['a key of another curve', 'E_ATTESTATION', () => byPasskey({ cose: cose([[-1, 2]]) })],
  ['a key without y', 'E_ATTESTATION', () => byPasskey({ cose: cose([], [-3]) })],
  ['a key with another member', 'E_ATTESTATION', () => byPasskey({ cose: cose([[4, 1]]) })],
  ['a short coordinate', 'E_ATTESTATION', () => byPasskey({ cose: cose([[-2, new Uint8Array(31)]]) })],
  [
    'a point that is not on the curve',
    'E_PUBLIC_KEY',
    () => byPasskey({ cose: cose([[-2, new Uint8Array(32).fill(7)]]) }),
  ],
  ['a coordinate that is a number', 'E_ATTESTATION', () => byPasskey({ cose: cose([[-2, 5]]) })],
  ['no credential data', 'E_AUTHENTICATOR_DATA', () => withCredentialData([])],
  ['credential data cut short', 'E_AUTHENTICATOR_DATA', () => withCredentialData([...aaguid, 0])],
  ['a credential id of no bytes', 'E_AUTHENTICATOR_DATA', () => withCredentialData([...aaguid, 0, 0, 0xa0])],
  ['a credential id longer than the data', 'E_AUTHENTICATOR_DATA', () => withCredentialData([...aaguid, 0, 9, 1, 2])],
  [
    'a credential id of 2000 bytes',
    'E_AUTHENTICATOR_DATA',
    () => withCredentialData([...aaguid, 7, 0xd0, ...new Uint8Array(2000), 0xa0]),
  ],
  ['a list in place of the object', 'E_ATTESTATION', () => raw(cbor([]))],
  [
    '[bad-input 86] a duplicate member',
    'E_ATTESTATION',
    () => raw(new Uint8Array([0xa4, ...object.slice(1), ...cbor('fmt'), ...cbor('none')])),
  ],
  ['a fourth member', 'E_ATTESTATION', () => raw(new Uint8Array([0xa4, ...object.slice(1), ...cbor('epAtt'), 0xf5]))],
  ['[bad-input 86] an indefinite length', 'E_ATTESTATION', () => raw(new Uint8Array([0xbf, ...object.slice(1), 0xff]))],
  [
    '[bad-input 86] a length that is not the shortest',
    'E_ATTESTATION',
    () => raw(new Uint8Array([0xb8, 3, ...object.slice(1)])),
  ],
  [
    'a length beyond the end',
    'E_ATTESTATION',
    () => raw(new Uint8Array([0xba, 0xff, 0xff, 0xff, 0xff, ...object.slice(1)])),
  ],
  ['a tag', 'E_ATTESTATION', () => raw(new Uint8Array([0xc0, ...object]))],
  ['a float', 'E_ATTESTATION', () => raw(Uint8Array.of(0xf9, 0, 0))],
  ['bytes after the object', 'E_ATTESTATION', () => raw(new Uint8Array([...object, 0]))],
  ['half of the object', 'E_ATTESTATION', () => raw(object.slice(0, object.length / 2))],
  ['nesting without end', 'E_ATTESTATION', () => raw(new Uint8Array(2000).fill(0x81))],
  ['nothing', 'E_ATTESTATION', () => raw(new Uint8Array(0))],
  ['text that is not UTF-8', 'E_ATTESTATION', () => raw(Uint8Array.of(0xa1, 0x61, 0xff, 0))],
];
for (const [what, code, info] of passkeyForgeries) {
  test(`refuses a passkey attestation with ${what}: ${code}`, () =>
    equal(
      codeOf(() => verifyPasskey(info())),
      code,
    ));
}

test('says why an attestation is not valid', () => {
  throws(() => verifyPasskey(raw(Uint8Array.of(0xa2, 1, 1, 1, 1))), {
    message: 'attestation is not valid: duplicate map key',
  });
  throws(() => verifyKey(byKey({ attestation: { publicKey: other.publicKey } })), {
    message: 'attestation signature does not match publicKey',
  });
});

test('chooses by kind', () => {
  const o = { origins: [origin], rpIds: [rpId], verify: nodeVerify };

  equal(verifyAttestation({ ...o, kind: 'Key', info: byKey() }).kind, 'Key');
  equal(verifyAttestation({ ...o, kind: 'Fido2', info: byPasskey() }).kind, 'Fido2');
  equal(
    codeOf(() => verifyAttestation({ ...o, kind: 'Key', info: byPasskey() })),
    'E_CLIENT_DATA_TYPE',
  );
});

test('the hash inside the signed text is over the bytes as sent', () => {
  const info = byKey();
  const hash = createHash('sha256').update(fromBase64Url(info.clientData)).digest('hex');

  deepEqual(fromHex(hash).length, 32);
  equal(keyAttestationText(fromBase64Url(info.clientData), 'k'), `{"clientDataHash":"${hash}","publicKey":"k"}`);
});
