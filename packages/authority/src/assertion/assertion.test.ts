import { deepEqual, equal, throws } from 'node:assert/strict';
import { sign } from 'node:crypto';
import { test } from 'node:test';
import { fromBase64Url, toBase64Url, utf8, utf8Decode } from '@holdfast/contract/wire';
import { sha256 } from '@holdfast/crypto/transcript';
import { codeOf, type Fido2Options, fido2Assertion, type KeyOptions, keyAssertion, testKey } from '../testing/index.ts';
import type { ChallengeAssertion, KeyAlgorithm } from '../types/index.ts';
import { nodeVerify } from '../verify-node/index.ts';
import { canonicalSignature, claimedChallengeText, type VerifyingCredential, verifyAssertion } from './index.ts';

const origin = 'https://wallets.example';
const rpId = 'wallets.example';
const challenge = toBase64Url(utf8('{"v":1,"k":"a record in base64url"}'));
const algorithms: readonly KeyAlgorithm[] = ['Ed25519', 'P-256', 'secp256k1', 'RSA'];
const keys = Object.fromEntries(algorithms.map((name) => [name, testKey(name)]));

const credentialOf = (kind: ChallengeAssertion['kind'], algorithm: KeyAlgorithm): VerifyingCredential => ({
  credentialId: 'my-credential',
  kind,
  algorithm,
  publicKey: keys[algorithm]!.publicKey,
});
const verify = (
  assertion: ChallengeAssertion,
  algorithm: KeyAlgorithm = 'Ed25519',
  credential = credentialOf(assertion.kind, algorithm),
) =>
  verifyAssertion({
    assertion,
    credential,
    origins: [origin, 'android:apk-key-hash:abc'],
    rpIds: [rpId],
    verify: nodeVerify,
    purpose: 'get',
  });

const byKey = (o: Partial<KeyOptions> = {}, algorithm: KeyAlgorithm = 'Ed25519') =>
  keyAssertion({ credId: 'my-credential', key: keys[algorithm]!, challenge, ...o });
const byPasskey = (o: Partial<Fido2Options> = {}, algorithm: KeyAlgorithm = 'P-256') =>
  fido2Assertion({ credId: 'my-credential', key: keys[algorithm]!, challenge, origin, rpId, ...o });

for (const algorithm of algorithms) {
  test(`accepts a key's assertion with ${algorithm}`, () => {
    deepEqual(verify(byKey({}, algorithm), algorithm), { challenge, signCount: undefined });
  });
  test(`refuses another ${algorithm} key's assertion`, () => {
    equal(
      codeOf(() => verify(byKey({ key: testKey(algorithm) }, algorithm), algorithm)),
      'E_ASSERTION',
    );
  });
  test(`refuses an assertion with ${algorithm} whose client data was touched`, () => {
    const assertion = byKey({}, algorithm);
    const text = utf8Decode(fromBase64Url(assertion.clientData)).replace('"type"', ' "type"');
    equal(
      codeOf(() => verify({ ...assertion, clientData: toBase64Url(utf8(text)) }, algorithm)),
      'E_ASSERTION',
    );
  });
}
for (const algorithm of ['P-256', 'Ed25519', 'RSA'] as const) {
  test(`accepts a passkey's assertion with ${algorithm}`, () => {
    deepEqual(verify(byPasskey({ signCount: 7 }, algorithm), algorithm), { challenge, signCount: 7, origin });
  });
}

test('takes a passkey challenge in both forms and a key challenge in one', () => {
  equal(verify(byPasskey({ single: true }), 'P-256').challenge, challenge);
  equal(verify(byPasskey({ single: false }), 'P-256').challenge, challenge);
  const twice = toBase64Url(utf8(challenge));
  equal(verify(byKey({ challenge: twice })).challenge, twice);
});

test('[bad-input 77] accepts r‖s from a key signer for the two curves of ECDSA', () => {
  for (const algorithm of ['P-256', 'secp256k1'] as const)
    equal(verify(byKey({ form: 'raw' }, algorithm), algorithm).challenge, challenge);
  equal(
    codeOf(() => verify(byPasskey({ form: 'raw' }), 'P-256')),
    'E_ASSERTION',
  );
});

test('lets members through that browsers add', () => {
  const clientData = {
    other_keys_can_be_added_here: 'do not compare clientDataJSON against a template',
    extra: [1, { a: null }],
  };

  equal(verify(byPasskey({ clientData }), 'P-256').challenge, challenge);
  equal(verify(byKey({ clientData: { origin: 'https://anywhere.example', crossOrigin: false } })).challenge, challenge);
  equal(verify(byPasskey({ clientData: { crossOrigin: undefined } }), 'P-256').challenge, challenge);
  equal(verify(byPasskey({ clientData: { origin: 'android:apk-key-hash:abc' } }), 'P-256').challenge, challenge);
});

// One forgery per field, valid in all else; every signature is genuine unless the row is about the signature.
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const scalar = (n: bigint) => {
  const hex = n.toString(16);
  const even = hex.length % 2 ? `0${hex}` : hex;
  return [...Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, 'hex')];
};
const der = (r: readonly number[], s: readonly number[], tail: readonly number[] = []) =>
  toBase64Url(
    Uint8Array.from([0x30, r.length + s.length + 4 + tail.length, 2, r.length, ...r, 2, s.length, ...s, ...tail]),
  );
const genuine = byPasskey();
const parts = (() => {
  const bytes = fromBase64Url(genuine.signature);
  const rLength = bytes[3]!;
  return { bytes: [...bytes], r: [...bytes.slice(4, 4 + rLength)], s: [...bytes.slice(6 + rLength)] };
})();
const authData = (o: Partial<Fido2Options>) => byPasskey(o);
const otherKey = testKey('P-256');

const forgeries: readonly [what: string, code: string, assertion: () => unknown][] = [
  ['kind unknown', 'E_COMMAND', () => ({ ...genuine, kind: 'Totp' })],
  ['kind missing', 'E_COMMAND', () => ({ ...genuine, kind: undefined })],
  ['assertion null', 'E_COMMAND', () => null],
  ['an unknown member', 'E_COMMAND', () => ({ ...genuine, verified: true })],
  [
    'authenticatorData in a key assertion',
    'E_COMMAND',
    () => ({ ...byKey(), authenticatorData: genuine.authenticatorData }),
  ],
  [
    'authenticatorData missing in a passkey assertion',
    'E_COMMAND',
    () => ({ ...genuine, authenticatorData: undefined }),
  ],
  ['credId of 2000 characters', 'E_COMMAND', () => ({ ...genuine, credId: 'x'.repeat(2000) })],
  ['credId with other characters', 'E_COMMAND', () => ({ ...genuine, credId: 'a b' })],
  ['algorithm SHA512', 'E_COMMAND', () => ({ ...byKey(), algorithm: 'SHA512' })],
  ['[bad-input 68] clientData with padding', 'E_COMMAND', () => ({ ...genuine, clientData: `${genuine.clientData}=` })],
  [
    '[bad-input 68] clientData in the alphabet of base64',
    'E_COMMAND',
    () => ({ ...genuine, clientData: `${genuine.clientData}+/` }),
  ],
  ['[bad-input 68] clientData empty', 'E_COMMAND', () => ({ ...genuine, clientData: '' })],
  ['[bad-input 68] clientData of 5 KiB', 'E_COMMAND', () => byPasskey({ clientData: { pad: 'x'.repeat(5000) } })],
  ['signature not text', 'E_COMMAND', () => ({ ...genuine, signature: 5 })],
  ['signature of 2 KiB', 'E_COMMAND', () => ({ ...genuine, signature: 'A'.repeat(2048) })],
  [
    'authenticatorData with junk characters',
    'E_COMMAND',
    () => ({ ...genuine, authenticatorData: `${genuine.authenticatorData}*` }),
  ],
  ['userHandle of 100 bytes', 'E_COMMAND', () => ({ ...genuine, userHandle: toBase64Url(new Uint8Array(100)) })],
  ['[bad-input 67] credId of another credential', 'E_CREDENTIAL_UNKNOWN', () => byPasskey({ credId: 'another' })],
  ["[bad-input 77] another key's signature", 'E_ASSERTION', () => byPasskey({ key: otherKey })],
  [
    'a signature over other client data',
    'E_ASSERTION',
    () => ({ ...genuine, signature: byPasskey({ challenge: 'AAAA' }).signature }),
  ],
  [
    'a signature over other authenticator data',
    'E_ASSERTION',
    () => ({ ...genuine, signature: byPasskey({ signCount: 9 }).signature }),
  ],
  [
    '[bad-input 77] a truncated DER signature',
    'E_ASSERTION',
    () => ({ ...genuine, signature: toBase64Url(Uint8Array.from(parts.bytes.slice(0, -1))) }),
  ],
  [
    '[bad-input 77] a trailing byte after the DER signature',
    'E_ASSERTION',
    () => ({ ...genuine, signature: toBase64Url(Uint8Array.from([...parts.bytes, 0])) }),
  ],
  [
    '[bad-input 77] a trailing byte inside the DER sequence',
    'E_ASSERTION',
    () => ({ ...genuine, signature: der(parts.r, parts.s, [0]) }),
  ],
  [
    'a long-form DER length',
    'E_ASSERTION',
    () => ({ ...genuine, signature: toBase64Url(Uint8Array.from([0x30, 0x81, ...parts.bytes.slice(1)])) }),
  ],
  ['a zero too many before r', 'E_ASSERTION', () => ({ ...genuine, signature: der([0, ...parts.r], parts.s) })],
  ['[bad-input 77] r = 0', 'E_ASSERTION', () => ({ ...genuine, signature: der([0], parts.s) })],
  ['[bad-input 77] s = 0', 'E_ASSERTION', () => ({ ...genuine, signature: der(parts.r, [0]) })],
  ['[bad-input 77] r = n', 'E_ASSERTION', () => ({ ...genuine, signature: der(scalar(order), parts.s) })],
  ['s = n + 1', 'E_ASSERTION', () => ({ ...genuine, signature: der(parts.r, scalar(order + 1n)) })],
  ['a negative r', 'E_ASSERTION', () => ({ ...genuine, signature: der([0x80], parts.s) })],
  ['r and s swapped', 'E_ASSERTION', () => ({ ...genuine, signature: der(parts.s, parts.r) })],
  ['[bad-input 68] client data that is not JSON', 'E_CLIENT_DATA', () => byPasskey({ clientDataText: 'webauthn.get' })],
  [
    '[bad-input 68] client data that is an array',
    'E_CLIENT_DATA',
    () => byPasskey({ clientDataText: '["webauthn.get"]' }),
  ],
  [
    '[bad-input 68] client data with a duplicate challenge',
    'E_CLIENT_DATA',
    () =>
      byPasskey({
        clientDataText: `{"type":"webauthn.get","challenge":"AAAA","challenge":"${challenge}","origin":"${origin}"}`,
      }),
  ],
  [
    '[bad-input 68] client data with a byte order mark',
    'E_CLIENT_DATA',
    () =>
      byPasskey({ clientDataText: `\ufeff{"type":"webauthn.get","challenge":"${challenge}","origin":"${origin}"}` }),
  ],
  ['no challenge', 'E_CLIENT_DATA', () => byPasskey({ clientData: { challenge: undefined } })],
  ['an empty challenge', 'E_CLIENT_DATA', () => byPasskey({ clientData: { challenge: '' } })],
  ['a challenge that is not text', 'E_CLIENT_DATA', () => byPasskey({ clientData: { challenge: [challenge] } })],
  [
    '[bad-input 69] type webauthn.create',
    'E_CLIENT_DATA_TYPE',
    () => byPasskey({ clientData: { type: 'webauthn.create' } }),
  ],
  [
    '[bad-input 69] type key.get by a passkey',
    'E_CLIENT_DATA_TYPE',
    () => byPasskey({ clientData: { type: 'key.get' } }),
  ],
  ['[bad-input 69] type missing', 'E_CLIENT_DATA_TYPE', () => byPasskey({ clientData: { type: undefined } })],
  ['[bad-input 71] crossOrigin true', 'E_CROSS_ORIGIN', () => byPasskey({ clientData: { crossOrigin: true } })],
  ['[bad-input 71] crossOrigin as text', 'E_CROSS_ORIGIN', () => byPasskey({ clientData: { crossOrigin: 'false' } })],
  ['[bad-input 71] topOrigin present', 'E_CROSS_ORIGIN', () => byPasskey({ clientData: { topOrigin: origin } })],
  [
    'another origin',
    'E_CLIENT_DATA_ORIGIN',
    () => byPasskey({ clientData: { origin: 'https://wallets.example.evil' } }),
  ],
  ['an origin with a slash', 'E_CLIENT_DATA_ORIGIN', () => byPasskey({ clientData: { origin: `${origin}/` } })],
  ['no origin', 'E_CLIENT_DATA_ORIGIN', () => byPasskey({ clientData: { origin: undefined } })],
  [
    '[bad-input 76] authenticator data with a byte too many',
    'E_AUTHENTICATOR_DATA',
    () => authData({ trailing: Uint8Array.of(0) }),
  ],
  [
    '[bad-input 76] flag AT and credential data',
    'E_AUTHENTICATOR_DATA',
    () => authData({ flags: 0x45, trailing: Uint8Array.from([...new Uint8Array(16), 0, 1, 7, 0xa0]) }),
  ],
  ['flag ED and nothing after', 'E_AUTHENTICATOR_DATA', () => authData({ flags: 0x85 })],
  ['[bad-input 76] flag AT', 'E_AUTHENTICATOR_DATA', () => authData({ flags: 0x45 })],
  ['flag ED', 'E_AUTHENTICATOR_DATA', () => authData({ flags: 0x85, trailing: Uint8Array.of(0xa0) })],
  ['flag BS without BE', 'E_AUTHENTICATOR_DATA', () => authData({ flags: 0x15 })],
  ['[bad-input 73] flag UP clear', 'E_USER_VERIFICATION', () => authData({ flags: 0x04 })],
  ['[bad-input 73] flag UV clear', 'E_USER_VERIFICATION', () => authData({ flags: 0x01 })],
  ['[bad-input 72] the relying party of another domain', 'E_RP_ID', () => authData({ rpId: 'evil.example' })],
];
for (const [what, code, assertion] of forgeries) {
  test(`refuses a passkey's assertion with ${what}: ${code}`, () => {
    const forged = assertion() as ChallengeAssertion;
    const kind = forged?.kind === 'Key' ? 'Key' : 'Fido2';
    equal(
      codeOf(() => verify(forged, 'P-256', credentialOf(kind, 'P-256'))),
      code,
    );
  });
}

test('[bad-input 76] refuses authenticator data of 36 bytes', () => {
  const short = fromBase64Url(genuine.authenticatorData).slice(0, 36);
  const clientData = fromBase64Url(genuine.clientData);
  const signature = keys['P-256']!.sign(new Uint8Array([...short, ...sha256(clientData)]));

  const forged = { ...genuine, authenticatorData: toBase64Url(short), signature: toBase64Url(signature) };

  equal(
    codeOf(() => verify(forged, 'P-256')),
    'E_AUTHENTICATOR_DATA',
  );
});

const keyForgeries: readonly [what: string, code: string, assertion: () => ChallengeAssertion][] = [
  ['[bad-input 69] type webauthn.get', 'E_CLIENT_DATA_TYPE', () => byKey({ clientData: { type: 'webauthn.get' } })],
  ['[bad-input 69] type key.create', 'E_CLIENT_DATA_TYPE', () => byKey({ clientData: { type: 'key.create' } })],
  ['[bad-input 71] crossOrigin true', 'E_CROSS_ORIGIN', () => byKey({ clientData: { crossOrigin: true } })],
  ['[bad-input 71] topOrigin', 'E_CROSS_ORIGIN', () => byKey({ clientData: { topOrigin: 'x' } })],
  [
    'a duplicate member',
    'E_CLIENT_DATA',
    () => byKey({ clientDataText: `{"type":"key.get","type":"key.get","challenge":"${challenge}"}` }),
  ],
  [
    '__proto__',
    'E_CLIENT_DATA',
    () => byKey({ clientDataText: `{"type":"key.get","challenge":"${challenge}","__proto__":{}}` }),
  ],
  [
    'an unpaired surrogate',
    'E_CLIENT_DATA',
    () => byKey({ clientDataText: `{"type":"key.get","challenge":"${challenge}","x":"\\ud800"}` }),
  ],
  [
    'trailing bytes',
    'E_CLIENT_DATA',
    () => byKey({ clientDataText: `{"type":"key.get","challenge":"${challenge}"}{}` }),
  ],
  [
    '[bad-input 77] an Ed25519 signature with a byte too many',
    'E_ASSERTION',
    () => ({ ...byKey(), signature: toBase64Url(new Uint8Array([...fromBase64Url(byKey().signature), 0])) }),
  ],
];
for (const [what, code, assertion] of keyForgeries) {
  test(`refuses a key's assertion with ${what}: ${code}`, () =>
    equal(
      codeOf(() => verify(assertion())),
      code,
    ));
}

test('never reads a passkey assertion as one of a key', () => {
  // The bytes a passkey signs, presented as client data of a key: the signature verifies, the text is no JSON.
  const message = new Uint8Array([
    ...fromBase64Url(genuine.authenticatorData),
    ...sha256(fromBase64Url(genuine.clientData)),
  ]);
  const forged: ChallengeAssertion = {
    kind: 'Key',
    credId: 'my-credential',
    clientData: toBase64Url(message),
    signature: genuine.signature,
  };

  equal(
    codeOf(() => verify(forged, 'P-256', credentialOf('Fido2', 'P-256'))),
    'E_CREDENTIAL_KIND',
  );
  equal(
    codeOf(() => verify(forged, 'P-256', credentialOf('Key', 'P-256'))),
    'E_CLIENT_DATA',
  );
});

test('[bad-input 77] an assertion made with SHA-512 does not verify', () => {
  const assertion = byKey({}, 'P-256');
  const signature = sign('sha512', fromBase64Url(assertion.clientData), keys['P-256']!.privateKey);

  equal(
    codeOf(() => verify({ ...assertion, signature: toBase64Url(signature) }, 'P-256')),
    'E_ASSERTION',
  );
});

test('[bad-input 78] accepts (r, n−s): the challenge, not the signature, is used once', () => {
  const s = BigInt(`0x${Buffer.from(parts.s).toString('hex')}`);

  equal(verify({ ...genuine, signature: der(parts.r, scalar(order - s)) }, 'P-256').challenge, challenge);
});

test('brings every DER signature to the r‖s that Node makes of it', () => {
  for (let k = 0; k < 200; k++) {
    const raw = keys['secp256k1']!.sign(Uint8Array.of(k), 'raw');
    const strict = canonicalSignature(
      'secp256k1',
      fromBase64Url(der(scalar(toBigInt(raw.slice(0, 32))), scalar(toBigInt(raw.slice(32))))),
      { raw: false },
    );
    deepEqual(strict, raw);
  }
});

test('the message of a refusal names what is wrong', () => {
  throws(() => verify(byPasskey({ clientData: { type: 'key.get' } }), 'P-256'), {
    message: 'clientData.type must be webauthn.get',
  });
  throws(() => verify(byPasskey({ flags: 1 }), 'P-256'), { message: 'user verification is required' });
  throws(() => verify(byPasskey({ rpId: 'x' }), 'P-256'), { message: 'relying party id does not match' });
  throws(() => verify(byPasskey({ clientData: { crossOrigin: true } }), 'P-256'), {
    message: 'cross-origin assertions are not accepted',
  });
});

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

test('a claimed challenge is text', () => {
  equal(claimedChallengeText(utf8('{"challenge":"AAAA"}'), 'Key'), 'AAAA');
  equal(
    codeOf(() => claimedChallengeText(utf8('{"challenge":5}'), 'Key')),
    'E_CLIENT_DATA',
  );
  equal(
    codeOf(() => claimedChallengeText(utf8('{}'), 'Fido2')),
    'E_CLIENT_DATA',
  );
});
