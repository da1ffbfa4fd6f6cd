import { equal, throws } from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toBase64 } from '@holdfast/contract/wire';
import { pemOfEd25519, pemOfRsa } from '../assertion/index.ts';
import { codeOf, testKey } from '../testing/index.ts';
import type { KeyAlgorithm } from '../types/index.ts';
import { nodeVerify, parsePublicKey } from './index.ts';

const algorithms: readonly KeyAlgorithm[] = ['Ed25519', 'P-256', 'secp256k1', 'RSA'];
const keys = Object.fromEntries(algorithms.map((name) => [name, testKey(name)]));
const pem = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' }).toString();
const message = new TextEncoder().encode('message');

for (const algorithm of algorithms) {
  const key = keys[algorithm]!;
  const good = () => key.sign(message, 'raw');

  test(`verifies ${algorithm} and nothing like it`, () => {
    const o = { publicKey: key.publicKey, algorithm, message, signature: good() };
    const other = testKey(algorithm === 'RSA' ? 'Ed25519' : algorithm);
    const flipped = good();
    flipped[10]! ^= 1;

    equal(nodeVerify.verifySignature(o), true);
    equal(nodeVerify.verifySignature({ ...o, signature: flipped }), false);
    equal(nodeVerify.verifySignature({ ...o, message: new TextEncoder().encode('massage') }), false);
    equal(nodeVerify.verifySignature({ ...o, signature: new Uint8Array(0) }), false);
    equal(nodeVerify.verifySignature({ ...o, signature: new Uint8Array(o.signature.length) }), false);
    equal(nodeVerify.verifySignature({ ...o, publicKey: other.publicKey }), false);
  });

  test(`never verifies ${algorithm} under the name of another algorithm`, () => {
    for (const claimed of algorithms.filter((name) => name !== algorithm)) {
      equal(
        nodeVerify.verifySignature({ publicKey: key.publicKey, algorithm: claimed, message, signature: good() }),
        false,
      );
    }
  });

  test(`recognises ${algorithm}, with and without the final line break`, () => {
    equal(parsePublicKey(key.publicKey).algorithm, algorithm);
    equal(parsePublicKey(key.publicKey.trimEnd()).algorithm, algorithm);
  });
}

test('reads PKCS#1 for RSA, which some clients send', () => {
  const text = keys['RSA']!.publicObject.export({ format: 'pem', type: 'pkcs1' }).toString();

  equal(parsePublicKey(text).algorithm, 'RSA');
  equal(
    nodeVerify.verifySignature({ publicKey: text, algorithm: 'RSA', message, signature: keys['RSA']!.sign(message) }),
    true,
  );
});

const rsa = (modulusLength: number, publicExponent: number) =>
  pem(generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey);
const tooWeak = 'RSA keys need at least 2048 bits and exponent 65537';
const notSupported = 'key type is not supported; use Ed25519, P-256, secp256k1 or RSA';
const notOneBlock = 'publicKey must be one PEM SubjectPublicKeyInfo block';
const modulus = Uint8Array.from(
  Buffer.from(String(keys['RSA']!.publicObject.export({ format: 'jwk' }).n), 'base64url'),
);

const ed = keys['Ed25519']!.publicKey;
const der = keys['P-256']!.publicObject.export({ format: 'der', type: 'spki' });
const wrap = (bytes: Uint8Array, label = 'PUBLIC KEY') =>
  `-----BEGIN ${label}-----\n${toBase64(bytes).replace(/(.{64})(?=.)/g, '$1\n')}\n-----END ${label}-----\n`;
const offCurve = Uint8Array.from(der);
offCurve[der.length - 1]! ^= 1;
const point = der.subarray(-65);
const compressed = Uint8Array.from([
  ...fromHex('3039301306072a8648ce3d020106082a8648ce3d030107032200'),
  2 + (point[64]! & 1),
  ...point.subarray(1, 33),
]);
// id-dsa (RFC 3279 §2.3.2) with p = 23, q = 11, g = 2 and y = 4.
const dsa = fromHex('301c301406072a8648ce380401300902011702010b020102030400020104');
const identity = fromHex('3019301306072a8648ce3d020106082a8648ce3d03010703020000');

const refusedKeys: readonly [what: string, text: string, message: string][] = [
  ['[bad-input 81] RSA with 512 bits', rsa(512, 65537), tooWeak],
  ['[bad-input 81] RSA with 1024 bits', rsa(1024, 65537), tooWeak],
  ['[bad-input 81] RSA with exponent 3', rsa(2048, 3), tooWeak],
  ['[bad-input 81] RSA with exponent 1', pemOfRsa({ n: modulus, e: Uint8Array.of(1) }), tooWeak],
  [
    'RSA with a modulus of 16384 bits',
    pemOfRsa({ n: new Uint8Array(2048).fill(255), e: Uint8Array.of(1, 0, 1) }),
    'RSA keys may have at most 8192 bits',
  ],
  [
    'RSA of 32768 bits, before anything is read',
    pemOfRsa({ n: new Uint8Array(4096).fill(255), e: Uint8Array.of(1, 0, 1) }),
    notOneBlock,
  ],
  ['base64 that is not canonical', ed.replace('MC', 'M=C'), notOneBlock],
  ['base64 of a wrong length', ed.replace('MC', 'MCA'), notOneBlock],
  ['[bad-input 82] RSA-PSS', pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey), notSupported],
  ['[bad-input 82] DSA', wrap(dsa), notSupported],
  ['[bad-input 82] X25519', pem(generateKeyPairSync('x25519').publicKey), notSupported],
  ['[bad-input 82] Ed448', pem(generateKeyPairSync('ed448').publicKey), notSupported],
  ['[bad-input 82] P-224', pem(generateKeyPairSync('ec', { namedCurve: 'secp224r1' }).publicKey), notSupported],
  ['[bad-input 82] P-384', pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey), notSupported],
  ['[bad-input 84] two blocks', ed + ed, notOneBlock],
  ['[bad-input 84] a certificate', wrap(der, 'CERTIFICATE'), notOneBlock],
  ['an EC key under the label of RSA', wrap(der, 'RSA PUBLIC KEY'), notOneBlock],
  ['[bad-input 84] text before the block', `Subject: me\n${ed}`, notOneBlock],
  ['[bad-input 84] text after the block', `${ed}comment`, notOneBlock],
  ['[bad-input 84] CRLF', ed.replaceAll('\n', '\r\n'), notOneBlock],
  ['an empty line', ed.replace('-----\n', '-----\n\n'), notOneBlock],
  ['spaces', ed.replace('-----\n', '-----\n '), notOneBlock],
  ['[bad-input 84] a point that is not on the curve', wrap(offCurve), notOneBlock],
  ['a compressed point', wrap(compressed), notOneBlock],
  ['[bad-input 84] the identity', wrap(identity), notOneBlock],
  ['[bad-input 84] trailing bytes in the DER', wrap(Uint8Array.from([...der, 0])), notOneBlock],
  ['nothing', '', notOneBlock],
  ['5,000 characters', 'x'.repeat(5000), notOneBlock],
  ['a bare base64 text', toBase64(der), notOneBlock],
];
for (const [what, text, expected] of refusedKeys) {
  test(`refuses ${what}: ${expected}`, () => {
    throws(() => parsePublicKey(text), { code: 'E_PUBLIC_KEY', message: expected });
  });
}

test('[bad-input 83] refuses a private key in any wrapping, without repeating it', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const text of [
    privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    privateKey.export({ format: 'pem', type: 'sec1' }).toString(),
    `${ed}${keys['RSA']!.privateKey.export({ format: 'pem', type: 'pkcs1' })}`,
  ]) {
    throws(() => parsePublicKey(text), {
      code: 'E_PRIVATE_KEY_SENT',
      message: 'you sent a private key; treat it as exposed and generate a new one',
    });
  }
});

// The eight points of small order and the encodings of them that are not canonical (cr.yp.to/ecdh.html; RFC 8032 §5.1.3).
const weak = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];
test('[bad-input 84] refuses Ed25519 keys under which anybody can sign', () => {
  for (const hex of weak)
    equal(
      codeOf(() => parsePublicKey(pemOfEd25519(fromHex(hex)))),
      'E_PUBLIC_KEY',
      hex,
    );
});

test('a Node key object is what a parsed text names', () => {
  const text = keys['secp256k1']!.publicKey;

  equal(createPublicKey(text).asymmetricKeyDetails?.namedCurve, 'secp256k1');
  equal(parsePublicKey(text).algorithm, 'secp256k1');
});
