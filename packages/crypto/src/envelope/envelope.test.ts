import { deepEqual, equal, notDeepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, fromHex, toHex } from '../bytes.ts';
import { curve } from '../curves/index.ts';
import type { CurveName, Scalar } from '../curves/types.ts';
import { split } from '../sharing/index.ts';
import { nodeOpen, nodeRecipient, nodeSeal } from '../testing/node-envelope.ts';
import { seeded } from '../testing/seed.ts';
import { readVectors } from '../testing/vectors.ts';
import {
  decodeExportShare,
  decodeImportShare,
  ed25519ScalarOfSeed,
  encodeExportShare,
  encodeImportShare,
  generateRecipient,
  open,
  recipientPublicKey,
  seal,
} from './index.ts';

const refusedEnvelope = { name: 'CryptoError', code: 'E_ENVELOPE' };
const refusedFormat = { name: 'CryptoError', code: 'E_SHARE_FORMAT' };
const curves: readonly CurveName[] = ['secp256k1', 'stark', 'ed25519'];
const hex = (text: string): Uint8Array => fromHex(text, 'E_ENVELOPE');
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

interface Vectors {
  seal: {
    curve: CurveName;
    privateKey: string;
    publicKey: string;
    ephemeral: string;
    plaintext: string;
    sealed: string;
  }[];
}
const { seal: vectors } = readVectors<Vectors>('envelope/sealed.json');

function importPlaintext(name: CurveName, random: (n: number) => Uint8Array): Uint8Array {
  const c = curve(name);
  const { shares, publicShares } = split(c, { secret: c.scalar.random(random), t: 3, n: 5 }, random);
  return encodeImportShare({
    curve: name,
    secretShare: shares[0] as Scalar,
    publicShares: publicShares.map((X_j) => c.encodeUncompressed(X_j)),
  });
}

test('import and export shares have the sizes measured on the reference', () => {
  const random = seeded('sizes');
  const { publicKey34: to } = generateRecipient(random);
  const sizes = curves.map((name) => seal({ to, plaintext: importPlaintext(name, random), random }).length);
  const exported = encodeExportShare({ curve: 'secp256k1', index: 3, secretShare: new Uint8Array(32).fill(7) });

  deepEqual(sizes, [1008, 984, 666]);
  equal(exported.length, 232);
  equal(seal({ to, plaintext: exported, random }).length, 281);
});

test('seals and opens as the vectors of the second implementation', () => {
  for (const vector of vectors) {
    const plaintext = hex(vector.plaintext);
    const sealed = seal({ to: hex(vector.publicKey), plaintext, random: () => hex(vector.ephemeral) });

    equal(toHex(sealed), vector.sealed);
    deepEqual(open({ privateKey: hex(vector.privateKey), sealed }), plaintext);
    equal(toHex(recipientPublicKey(hex(vector.privateKey))), vector.publicKey);
    equal(decodeImportShare(plaintext).curve, vector.curve);
  }
});

for (const name of curves) {
  test(`${name} shares cross between this implementation and one on node:crypto, both ways`, () => {
    const random = seeded(`cross ${name}`);
    const plaintext = importPlaintext(name, random);
    const ours = generateRecipient(random);
    const theirs = nodeRecipient(curve('secp256k1').scalar.random(random));

    for (let round = 0; round < 3; round++) {
      deepEqual(open({ privateKey: ours.privateKey33, sealed: nodeSeal(ours.publicKey34, plaintext) }), plaintext);
      const sealed = seal({ to: theirs.publicKey, plaintext, random });
      equal(Buffer.compare(nodeOpen(theirs.privateKey, sealed), plaintext), 0);
    }
  });
}

test('an empty plaintext seals to 49 bytes', () => {
  const random = seeded('empty');
  const { publicKey34: to, privateKey33: privateKey } = generateRecipient(random);
  const sealed = seal({ to, plaintext: new Uint8Array(0), random });

  equal(sealed.length, 49);
  equal(open({ privateKey, sealed }).length, 0);
});

test('every envelope has a key of its own', () => {
  const random = seeded('fresh');
  const { publicKey34: to } = generateRecipient(random);
  const plaintext = utf8('the same words');

  notDeepEqual(seal({ to, plaintext, random }), seal({ to, plaintext, random }));
});

test('refuses an envelope with any byte altered', () => {
  const random = seeded('altered');
  const { publicKey34: to, privateKey33: privateKey } = generateRecipient(random);
  const sealed = seal({ to, plaintext: utf8('secret'), random });

  for (let at = 0; at < sealed.length; at++) {
    const altered = sealed.map((byte, k) => (k === at ? byte ^ 1 : byte));
    throws(() => open({ privateKey, sealed: altered }), refusedEnvelope, `byte ${at}`);
  }
});

test('refuses an envelope sealed to another signer', () => {
  const random = seeded('other');
  const [mine, other] = [generateRecipient(random), generateRecipient(random)];
  const sealed = seal({ to: other.publicKey34, plaintext: utf8('secret'), random });

  throws(() => open({ privateKey: mine.privateKey33, sealed }), refusedEnvelope);
});

test('refuses envelopes that are too short, too long or not bytes', () => {
  const random = seeded('length');
  const { publicKey34: to, privateKey33: privateKey } = generateRecipient(random);
  const sealed = seal({ to, plaintext: utf8('secret'), random });

  for (let length = 0; length < 49; length++) {
    throws(() => open({ privateKey, sealed: sealed.subarray(0, length) }), refusedEnvelope);
  }
  throws(() => open({ privateKey, sealed: new Uint8Array(65536 + 50) }), refusedEnvelope);
  throws(() => open({ privateKey, sealed: concatBytes(sealed, Uint8Array.of(0)) }), refusedEnvelope);
  throws(() => open({ privateKey, sealed: toHex(sealed) as unknown as Uint8Array }), refusedEnvelope);
  throws(() => open({ privateKey, sealed: nodeSeal(to, new Uint8Array(65537)) }), refusedEnvelope);
  throws(() => seal({ to, plaintext: new Uint8Array(65537), random }), refusedEnvelope);
  equal(open({ privateKey, sealed: nodeSeal(to, new Uint8Array(65536)) }).length, 65536);
});

test('row 24: refuses ephemeral and recipient points that are not points', () => {
  const random = seeded('points');
  const { publicKey34: to, privateKey33: privateKey } = generateRecipient(random);
  const sealed = seal({ to, plaintext: utf8('secret'), random });
  const bad = [
    new Uint8Array(33),
    hex(`02${'00'.repeat(31)}05`),
    hex(`02${'ff'.repeat(32)}`),
    hex(`04${'11'.repeat(32)}`),
    hex(`06${'11'.repeat(32)}`),
  ];

  for (const point of bad) {
    throws(() => open({ privateKey, sealed: concatBytes(sealed.subarray(0, -33), point) }), refusedEnvelope);
    throws(() => seal({ to: concatBytes(Uint8Array.of(1), point), plaintext: utf8('x'), random }), refusedEnvelope);
  }
});

test('refuses keys of another scheme, length or range', () => {
  const random = seeded('keys');
  const { publicKey34: to, privateKey33: privateKey } = generateRecipient(random);
  const sealed = seal({ to, plaintext: utf8('secret'), random });
  const withScheme = (key: Uint8Array, scheme: number): Uint8Array =>
    concatBytes(Uint8Array.of(scheme), key.subarray(1));
  const order = hex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');

  for (const bad of [withScheme(to, 0), withScheme(to, 2), to.subarray(1), concatBytes(to, Uint8Array.of(0))]) {
    throws(() => seal({ to: bad, plaintext: utf8('x'), random }), refusedEnvelope);
  }
  const badPrivate = [
    withScheme(privateKey, 0),
    privateKey.subarray(1),
    concatBytes(privateKey, Uint8Array.of(0)),
    concatBytes(Uint8Array.of(1), new Uint8Array(32)),
    concatBytes(Uint8Array.of(1), order),
  ];
  for (const bad of badPrivate) {
    throws(() => open({ privateKey: bad, sealed }), refusedEnvelope);
    throws(() => recipientPublicKey(bad), refusedEnvelope);
  }
});

test('opening leaves the private key and the envelope as they were', () => {
  const random = seeded('untouched');
  const { publicKey34: to, privateKey33: privateKey } = generateRecipient(random);
  const sealed = seal({ to, plaintext: utf8('secret'), random });
  const before = [toHex(privateKey), toHex(sealed)];

  open({ privateKey, sealed });

  deepEqual([toHex(privateKey), toHex(sealed)], before);
});

test('import shares parse back, compressed points too', () => {
  const random = seeded('parse');
  for (const name of curves) {
    const c = curve(name);
    const plaintext = importPlaintext(name, random);
    const share = decodeImportShare(plaintext);
    equal(share.curve, name);
    equal(share.publicShares.length, 5);
    const secret = c.scalar.decode(share.secretShare);
    equal(c.equals(c.mulBase(secret), c.decodePointLenient(share.publicShares[0] as Uint8Array)), true);
    deepEqual(encodeImportShare(share), plaintext);

    const compressed = share.publicShares.map((p) => c.encodePoint(c.decodePointLenient(p)));
    deepEqual(decodeImportShare(encodeImportShare({ ...share, publicShares: compressed })).publicShares, compressed);
  }
});

test('import shares are the documented text', () => {
  const share = {
    curve: 'ed25519',
    secretShare: new Uint8Array(32).fill(1),
    publicShares: [2, 3].map((b) => new Uint8Array(32).fill(b)),
  } as const;

  equal(
    textOf(encodeImportShare(share)),
    `{"version":1,"secret_share":{"curve":"ed25519","scalar":"${'01'.repeat(32)}"},"public_shares":[` +
      `{"curve":"ed25519","point":"${'02'.repeat(32)}"},{"curve":"ed25519","point":"${'03'.repeat(32)}"}]}`,
  );
});

test('export shares are the documented text and parse back', () => {
  const share = { curve: 'stark', index: 5, secretShare: new Uint8Array(32).fill(7) } as const;
  const encoded = encodeExportShare(share);

  equal(
    textOf(encoded),
    `{"version":1,"index":{"curve":"stark","scalar":"${'00'.repeat(31)}05"},` +
      `"secret_share":{"curve":"stark","scalar":"${'07'.repeat(32)}"}}`,
  );
  deepEqual(decodeExportShare(encoded), share);
});

test('refuses import shares that are not exactly the canonical text', async (t) => {
  const scalar = '01'.repeat(32);
  const point = '02'.repeat(32);
  const one = `{"curve":"ed25519","point":"${point}"}`;
  const good = `{"version":1,"secret_share":{"curve":"ed25519","scalar":"${scalar}"},"public_shares":[${one},${one}]}`;
  decodeImportShare(utf8(good));
  const cases: Record<string, string> = {
    'white space': good.replace(':1,', ': 1,'),
    'a final line break': `${good}\n`,
    'another order of members': `{"secret_share":{"curve":"ed25519","scalar":"${scalar}"},"version":1,"public_shares":[${one},${one}]}`,
    'another order inside': good.replace(one, `{"point":"${point}","curve":"ed25519"}`),
    'an unknown member': good.replace('"version":1', '"version":1,"extra":0'),
    'a member twice': good.replace('"version":1', '"version":1,"version":1'),
    'version 2': good.replace('"version":1', '"version":2'),
    'version as text': good.replace('"version":1', '"version":"1"'),
    'version 1.0': good.replace('"version":1', '"version":1.0'),
    'an escaped character': good.replace('ed25519', 'ed2551\\u0039'),
    'an unknown curve': good.replaceAll('ed25519', 'p256'),
    'two curves': good.replace('"ed25519"', '"stark"'),
    'upper-case hex': good.replace(scalar, 'AB'.repeat(32)),
    '0x before hex': good.replace(scalar, `0x${'01'.repeat(31)}`),
    'a scalar of 31 bytes': good.replace(scalar, '01'.repeat(31)),
    'a scalar of 33 bytes': good.replace(scalar, '01'.repeat(33)),
    'odd hex': good.replace(scalar, `${'01'.repeat(31)}1`),
    'a scalar as number': good.replace(`"${scalar}"`, '1'),
    'a point of 33 bytes on ed25519': good.replace(one, one.replace(point, '02'.repeat(33))),
    'one public share': good.replace(`${one},${one}`, one),
    'no public share': good.replace(`${one},${one}`, ''),
    '33 public shares': good.replace(`${one},${one}`, new Array(33).fill(one).join()),
    'public shares as object': good.replace(`[${one},${one}]`, '{}'),
    'a null public share': good.replace(`${one},${one}`, `${one},null`),
    'no secret share': good.replace(`"secret_share":{"curve":"ed25519","scalar":"${scalar}"},`, ''),
    __proto__: good.replace('"version":1', '"__proto__":{"version":1}'),
    'an array': '[]',
    null: 'null',
    'a number': '1',
    nothing: '',
    'text cut short': good.slice(0, -1),
    'a byte order mark': `\ufeff${good}`,
    'too long': good + ' '.repeat(9000),
  };

  const because: Record<string, RegExp> = {
    'version 2': /version/,
    'version as text': /version/,
    'public shares as object': /lists the public shares/,
    'two curves': /one curve/,
    'an unknown curve': /on secp256k1, stark or ed25519/,
    'text cut short': /is JSON/,
    nothing: /is JSON/,
    'too long': /at most 8192 bytes/,
  };
  for (const [name, text] of Object.entries(cases)) {
    const error = { ...refusedFormat, message: because[name] ?? /./ };
    await t.test(name, () => throws(() => decodeImportShare(utf8(text)), error));
  }
  throws(() => decodeImportShare(concatBytes(utf8(good), Uint8Array.of(0xff))), refusedFormat);
  throws(() => decodeImportShare(good as unknown as Uint8Array), refusedFormat);
});

test('refuses export shares that are not exactly the canonical text', () => {
  const good = textOf(encodeExportShare({ curve: 'stark', index: 5, secretShare: new Uint8Array(32).fill(7) }));
  const index = `${'00'.repeat(31)}05`;
  const cases: [text: string, because: RegExp][] = [
    [good.replace(index, '00'.repeat(32)), /index is 1 to 65535/],
    [good.replace(index, '01'.repeat(32)), /index is 1 to 65535/],
    [good.replace(index, `${'00'.repeat(29)}010000`), /index is 1 to 65535/],
    [good.replace('"stark"', '"secp256k1"'), /one curve/],
    [good.replaceAll('"stark"', '"p256"'), /on secp256k1, stark or ed25519/],
    [good.replace(':1', ':2'), /version/],
    [good.replace('"version":1,', ''), /version/],
    [`${good} `, /compact JSON/],
    [good.toUpperCase(), /version/],
  ];

  for (const [text, message] of cases) throws(() => decodeExportShare(utf8(text)), { ...refusedFormat, message }, text);
});

test('refuses to encode shares of wrong sizes', () => {
  const ok = {
    curve: 'ed25519',
    secretShare: new Uint8Array(32),
    publicShares: [new Uint8Array(32), new Uint8Array(32)],
  } as const;
  throws(() => encodeImportShare({ ...ok, secretShare: new Uint8Array(31) }), refusedFormat);
  throws(() => encodeImportShare({ ...ok, publicShares: [new Uint8Array(32), new Uint8Array(33)] }), refusedFormat);
  throws(() => encodeImportShare({ ...ok, publicShares: [] }), refusedFormat);
  throws(() => encodeImportShare({ ...ok, curve: 'p256' as CurveName }), refusedFormat);
  for (const index of [0, -1, 1.5, 65536]) throws(() => encodeExportShare({ ...ok, index }), refusedFormat);
});

test('the message of a failed parse does not repeat the text', () => {
  try {
    decodeImportShare(utf8('{"secret_share":deadbeef'));
  } catch (error) {
    equal(/deadbeef/.test(String((error as Error).message) + String((error as Error).cause)), false);
    return;
  }
  throw new Error('was accepted');
});

test('an Ed25519 seed becomes the scalar of its RFC 8032 public key', () => {
  const c = curve('ed25519');
  const { ed25519 } = readVectors<{ ed25519: { seed: string; point: string }[] }>('crypto/multiples.json');

  for (const { seed, point } of ed25519) {
    const scalar = ed25519ScalarOfSeed(hex(seed));
    equal(toHex(c.encodePoint(c.mulBase(c.scalar.decode(scalar)))), point);
  }
  throws(() => ed25519ScalarOfSeed(new Uint8Array(31)), { code: 'E_SCALAR' });
  throws(() => ed25519ScalarOfSeed(new Uint8Array(64)), { code: 'E_SCALAR' });
});
