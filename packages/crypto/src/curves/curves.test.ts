import { deepEqual, equal, throws } from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import { describe, test } from 'node:test';
import { ED25519_TORSION_SUBGROUP, ed25519 as nobleEd25519 } from '@noble/curves/ed25519.js';
import { bigIntToBytes, concatBytes, fromHex, toHex } from '../bytes.ts';
import { curve as nobleCurve } from '../curves-noble/index.ts';
import { ed25519ScalarOfSeed } from '../envelope/index.ts';
import { seeded } from '../testing/seed.ts';
import { readVectors } from '../testing/vectors.ts';
import { type Curve, curve, type Point, type Scalar } from './index.ts';
import { SECP256K1_FIELD, STARK } from './parameters.ts';

const badPoint = { name: 'CryptoError', code: 'E_POINT' };
const badScalar = { name: 'CryptoError', code: 'E_SCALAR' };
const hex = (text: string): Uint8Array => fromHex(text, 'E_POINT');

const vectors = readVectors<{
  secp256k1: { k: string; point: string }[];
  ed25519: { seed: string; point: string }[];
  stark: { k: string; x: string }[];
}>('crypto/multiples.json');

const implementations: Curve[] = [
  curve('secp256k1'),
  curve('ed25519'),
  curve('stark'),
  nobleCurve('secp256k1'),
  nobleCurve('ed25519'),
];

for (const c of implementations) {
  const { scalar } = c;
  const parse = (k: string): Scalar => scalar.decode(hex(k.padStart(64, '0')));
  const random = seeded(`${c.name} ${c.backend}`);

  describe(`${c.name} on ${c.backend}`, () => {
    test('gives the published multiples of the base point', () => {
      if (c.name === 'secp256k1') {
        for (const { k, point } of vectors.secp256k1) equal(toHex(c.encodeUncompressed(c.mulBase(parse(k)))), point);
      } else if (c.name === 'stark') {
        for (const { k, x } of vectors.stark) equal(toHex(c.affine(c.mulBase(parse(k))).x), x);
      } else {
        for (const { seed, point } of vectors.ed25519) {
          equal(toHex(c.encodePoint(c.mulBase(scalar.decode(ed25519ScalarOfSeed(hex(seed)))))), point);
        }
      }
    });

    test('keeps the laws of a group of order q', () => {
      for (let round = 0; round < 3; round++) {
        const [a, b, k] = [scalar.random(random), scalar.random(random), scalar.random(random)];
        const [A, B] = [c.mulBase(a), c.mulBase(b)];
        const same = (left: Point, right: Point): void => equal(c.equals(left, right), true);

        same(c.add(A, B), c.mulBase(scalar.add(a, b)));
        same(c.sub(A, B), c.mulBase(scalar.sub(a, b)));
        same(c.neg(A), c.mulBase(scalar.neg(a)));
        same(c.mulSecret(A, k), c.mulBase(scalar.mul(a, k)));
        same(c.mulPublic(A, k), c.mulBase(scalar.mul(a, k)));
        same(c.mulEncoded(c.encodePoint(A), k), c.mulBase(scalar.mul(a, k)));
        same(c.mulSecret(c.mulSecret(A, k), scalar.invert(k)), A);
        same(c.sum([A, B, c.neg(A), c.identity]), B);
        same(
          c.linear([
            { k, p: A },
            { k: a, p: c.neg(B) },
          ]),
          c.sub(c.mulBase(scalar.mul(k, a)), c.mulBase(scalar.mul(a, b))),
        );
        same(c.add(A, A), c.mulSmall(A, 2));
        equal(c.equals(A, B), false);
      }
    });

    test('multiplies by small integers of either sign', () => {
      const A = c.mulBase(scalar.random(random));
      let total = c.identity;
      for (let k = 0; k <= 40; k++) {
        equal(c.equals(c.mulSmall(A, k), total), true);
        equal(c.equals(c.mulSmall(A, -k), c.neg(total)), true);
        equal(c.equals(c.mulPublic(A, scalar.fromBigInt(BigInt(-k))), c.neg(total)), true);
        total = c.add(total, A);
      }
      for (const k of [2 ** 31 - 1, 1 - 2 ** 31, 123456789]) {
        equal(c.equals(c.mulSmall(A, k), c.mulSecret(A, scalar.fromBigInt(BigInt(k)))), true);
      }
      for (const k of [2 ** 31, -(2 ** 31), 1.5, Number.NaN]) throws(() => c.mulSmall(A, k), badScalar);
    });

    test('adds small multiples', () => {
      const [A, B] = [c.mulBase(scalar.random(random)), c.mulBase(scalar.random(random))];
      for (const j of [-1000, -9, -8, -3, -1, 0, 1, 2, 8, 9, 2 ** 31 - 1]) {
        for (const k of [-8, 1, 7, 100]) {
          const sum = c.sumSmall([
            { k: j, p: A },
            { k: 5, p: c.identity },
            { k, p: B },
          ]);
          equal(c.equals(sum, c.add(c.mulSmall(A, j), c.mulSmall(B, k))), true, `${j}, ${k}`);
        }
        const nothing = [
          { k: j, p: A },
          { k: -j, p: A },
        ];
        equal(c.isIdentity(c.sumSmall(nothing)), true);
      }
      equal(c.isIdentity(c.sumSmall([])), true);
      for (const k of [2 ** 31, -(2 ** 31), 1.5, Number.NaN]) throws(() => c.sumSmall([{ k, p: A }]), badScalar);
    });

    test('treats the identity as an element that has no encoding', () => {
      const A = c.mulBase(scalar.random(random));
      const zeros: Point[] = [
        c.identity,
        c.add(A, c.neg(A)),
        c.sub(A, A),
        c.sum([]),
        c.sum([c.identity, c.identity]),
        c.linear([]),
        c.linear([{ k: scalar.zero, p: A }]),
        c.mulBase(scalar.zero),
        c.mulSecret(A, scalar.zero),
        c.mulPublic(A, scalar.zero),
        c.mulPublic(c.identity, scalar.one),
        c.mulSecret(c.identity, scalar.one),
        c.mulSmall(c.identity, 5),
        c.neg(c.identity),
        c.linear([
          { k: scalar.one, p: A },
          { k: scalar.fromBigInt(-1n), p: A },
        ]),
      ];

      for (const zero of zeros) {
        equal(c.isIdentity(zero), true);
        equal(c.equals(zero, c.identity), true);
        equal(c.equals(zero, A), false);
        equal(c.equals(c.add(zero, A), A), true);
        throws(() => c.encodePoint(zero), badPoint);
        throws(() => c.encodeUncompressed(zero), badPoint);
        throws(() => c.encodePoints([A, zero]), badPoint);
      }
      equal(c.isIdentity(A), false);
    });

    test('encodes and decodes, and hands out no memory of its own', () => {
      const points = Array.from({ length: 4 }, () => c.mulBase(scalar.random(random)));
      const encoded = points.map((p) => c.encodePoint(p));
      deepEqual(c.encodePoints(points), encoded);

      for (const [k, p] of points.entries()) {
        const bytes = encoded[k] as Uint8Array;
        const decoded = c.decodePoint(bytes);
        equal(c.equals(decoded, p), true);
        equal(c.equals(c.decodePointLenient(c.encodeUncompressed(p)), p), true);
        equal(c.equals(c.decodePointLenient(bytes), p), true);
        const expected = toHex(bytes);
        bytes.fill(0);
        c.encodePoint(p).fill(0);
        c.encodeUncompressed(p).fill(0);
        equal(toHex(c.encodePoint(p)), expected);
        equal(toHex(c.encodePoint(decoded)), expected);
      }
    });

    test('row 24: refuses every encoding that is not the canonical one of a point in the group', () => {
      const valid = c.encodePoint(c.mulBase(scalar.random(random)));
      const bad = [
        ...(c.name === 'ed25519' ? badEd25519(valid) : badWeierstrass(c, valid)),
        new Uint8Array(0),
        new Uint8Array(32),
        new Uint8Array(33),
        new Uint8Array(65),
        valid.subarray(1),
        concatBytes(valid, Uint8Array.of(0)),
      ];

      for (const bytes of bad) {
        throws(() => c.decodePoint(bytes), badPoint, toHex(bytes));
        for (const k of [0n, 1n, 8n, 12345n, c.order - 1n]) {
          throws(() => c.mulEncoded(bytes, scalar.fromBigInt(k)), badPoint, toHex(bytes));
        }
      }
      for (const value of [undefined, null, 'text', [...valid], new Uint16Array(valid)]) {
        throws(() => c.decodePoint(value as unknown as Uint8Array), badPoint);
        throws(() => c.decodePointLenient(value as unknown as Uint8Array), badPoint);
        throws(() => c.mulEncoded(value as unknown as Uint8Array, scalar.one), badPoint);
      }
    });

    test('row 24: the lenient decoder takes both SEC 1 forms and nothing else', () => {
      if (c.name === 'ed25519') return;
      const P = c.mulBase(scalar.random(random));
      const full = c.encodeUncompressed(P);
      const withPrefix = (prefix: number): Uint8Array => concatBytes(Uint8Array.of(prefix), full.subarray(1));
      const altered = (at: number): Uint8Array => full.map((byte, k) => (k === at ? byte ^ 1 : byte));
      const field = c.name === 'stark' ? STARK.p : SECP256K1_FIELD;

      throws(() => c.decodePoint(full), badPoint);
      for (const prefix of [0, 1, 2, 3, 5, 6, 7]) {
        throws(() => c.decodePointLenient(withPrefix(prefix)), { ...badPoint, message: /Not an encoded point/ });
      }
      throws(() => c.decodePointLenient(altered(5)), badPoint);
      throws(() => c.decodePointLenient(altered(64)), badPoint);
      throws(() => c.decodePointLenient(full.subarray(0, 64)), badPoint);
      throws(() => c.decodePointLenient(concatBytes(full, Uint8Array.of(0))), badPoint);
      throws(() => c.decodePointLenient(new Uint8Array(65)), badPoint);
      throws(() => c.decodePointLenient(concatBytes(Uint8Array.of(4), new Uint8Array(64))), badPoint);
      // y + p for the same point: the stark prime leaves room for it in 32 bytes.
      const y = BigInt(`0x${toHex(full.subarray(33))}`) + field;
      if (y < 2n ** 256n) {
        throws(() => c.decodePointLenient(concatBytes(full.subarray(0, 33), bigIntToBytes(y, 32))), badPoint);
      }
    });

    test('decodes scalars below the order and no others', () => {
      const q = c.order;
      for (const value of [0n, 1n, q - 1n]) equal(scalar.toBigInt(scalar.decode(bigIntToBytes(value, 32))), value);
      for (const value of [q, q + 1n, 2n ** 256n - 1n])
        throws(() => scalar.decode(bigIntToBytes(value, 32)), badScalar);
      for (const length of [0, 31, 33, 64]) throws(() => scalar.decode(new Uint8Array(length)), badScalar);
      throws(() => scalar.decode('00'.repeat(32) as unknown as Uint8Array), badScalar);

      const bytes = bigIntToBytes(5n, 32);
      const decoded = scalar.decode(bytes);
      bytes.fill(0);
      equal(scalar.toBigInt(decoded), 5n);
    });

    test('computes with scalars as with integers modulo the order', () => {
      const q = c.order;
      const mod = (value: bigint): bigint => ((value % q) + q) % q;
      const edges = [0n, 1n, 2n, q - 1n, q - 2n, q / 2n, q / 2n + 1n, 2n ** 128n, 2n ** 252n - 1n].map(mod);
      const values = [...edges, ...Array.from({ length: 6 }, () => scalar.toBigInt(scalar.random(random)))];
      for (const a of values) {
        const A = scalar.fromBigInt(a);
        equal(scalar.toBigInt(scalar.neg(A)), mod(-a));
        equal(scalar.isZero(A), a === 0n);
        if (a === 0n) throws(() => scalar.invert(A), badScalar);
        else equal(mod(a * scalar.toBigInt(scalar.invert(A))), 1n);
        for (const b of values) {
          const B = scalar.fromBigInt(b);
          equal(scalar.toBigInt(scalar.add(A, B)), mod(a + b));
          equal(scalar.toBigInt(scalar.sub(A, B)), mod(a - b));
          equal(scalar.toBigInt(scalar.mul(A, B)), mod(a * b));
          equal(scalar.equals(A, B), a === b);
        }
        equal(scalar.toBigInt(A), a, 'an argument was changed');
      }
      equal(scalar.toBigInt(scalar.fromBigInt(-5n)), q - 5n);
      equal(scalar.toBigInt(scalar.fromBigInt(3n * q + 4n)), 4n);
    });

    test('reduces wide numbers', () => {
      for (const length of [32, 33, 48, 63, 64]) {
        for (const bytes of [random(length), new Uint8Array(length), new Uint8Array(length).fill(0xff)]) {
          equal(scalar.toBigInt(scalar.reduce(bytes)), BigInt(`0x${toHex(bytes)}`) % c.order);
        }
      }
      for (const length of [0, 31, 65]) throws(() => scalar.reduce(new Uint8Array(length)), badScalar);
    });

    test('adds small multiples of wide numbers, negative ones too, up to its bounds', () => {
      const wide = (length: number): Uint8Array[] => [random(length), new Uint8Array(length).fill(0xff)];
      const sums = [
        [],
        [32, 48, 1].flatMap(wide).map((v, at) => ({ k: at % 2 === 0 ? 12 : -300, v })),
        [{ k: -(2 ** 20), v: new Uint8Array(48).fill(0xff) }],
        [{ k: 2 ** 20, v: new Uint8Array(48).fill(0xff) }],
        [{ k: 5, v: new Uint8Array(0) }],
      ];
      for (const terms of sums) {
        const expected = terms.reduce((sum, { k, v }) => sum + BigInt(k) * BigInt(`0x0${toHex(v)}`), 0n);
        equal(scalar.toBigInt(scalar.sumSmall(terms)), ((expected % c.order) + c.order) % c.order);
      }
      const v = random(48);
      throws(
        () =>
          scalar.sumSmall([
            { k: 2 ** 20, v },
            { k: -1, v },
          ]),
        badScalar,
      );
      throws(() => scalar.sumSmall([{ k: 1.5, v }]), badScalar);
      throws(() => scalar.sumSmall([{ k: 1, v: random(49) }]), badScalar);
    });

    test('adds small multiples of blocks of 32 and of 48 bytes, negative ones too, up to its bounds', () => {
      const streams = [random(4 * 48), new Uint8Array(4 * 48).fill(0xff), random(4 * 48)];
      const views = streams.map(({ buffer, byteOffset, length }) => new DataView(buffer, byteOffset, length));
      const byWidth = [
        [[12], [-300], [7]],
        [
          [5, -6],
          [-1, 2],
          [30, 900],
        ],
        [[0], [2 ** 20], [0]],
        [[0], [-(2 ** 20)], [0]],
      ].flatMap((weights) => [32, 48].map((width) => ({ weights, width: width as 32 | 48 })));
      for (const { weights, width } of byWidth) {
        for (const at of [0, 48, 96]) {
          let expected = 0n;
          for (const [s, each] of weights.entries())
            for (const [l, k] of each.entries())
              expected +=
                BigInt(k) * BigInt(`0x${toHex((streams[s] as Uint8Array).slice(at + width * l).slice(0, width))}`);
          const sum = scalar.sumBlocks({ streams: views, width, at, weights });
          equal(scalar.toBigInt(sum), ((expected % c.order) + c.order) % c.order);
        }
      }
      throws(() => scalar.sumBlocks({ streams: views, width: 48, at: 0, weights: [[2 ** 20], [-1], [0]] }), badScalar);
      throws(() => scalar.sumBlocks({ streams: views, width: 48, at: 0, weights: [[1.5], [1], [1]] }), badScalar);
      throws(() => scalar.sumBlocks({ streams: views, width: 48, at: 0, weights: [[1], [1]] }), badScalar);
      throws(() => scalar.sumBlocks({ streams: views, width: 48, at: 4 * 48, weights: [[1], [1], [1]] }), RangeError);
    });

    test('tells whether every scalar of a column is below the order', () => {
      const [largest, order] = [c.order - 1n, c.order].map((v) => bigIntToBytes(v, 32)) as [Uint8Array, Uint8Array];
      scalar.requireAll(new Uint8Array(0));
      scalar.requireAll(concatBytes(largest, new Uint8Array(32), largest));
      for (const column of [order, concatBytes(order, largest), concatBytes(largest, order), new Uint8Array(33)])
        throws(() => scalar.requireAll(column), badScalar);
      throws(() => scalar.requireAll(new Uint8Array(64).fill(0xff)), badScalar);
    });

    test('reduces 64 bytes at every edge of the order', () => {
      const top = 2n ** 512n - 1n;
      const multiple = top - (top % c.order);
      const edges = [0n, 1n, c.order - 1n, c.order, c.order + 1n, 2n * c.order - 1n, 2n * c.order, c.order << 256n];
      const powers = [255n, 256n, 257n, 260n, 385n, 386n, 387n, 511n].flatMap((e) => [
        2n ** e - 1n,
        2n ** e,
        2n ** e + 1n,
      ]);
      for (const value of [...edges, ...powers, c.order * c.order - 1n, multiple - 1n, multiple, top])
        equal(scalar.toBigInt(scalar.reduce(hex(value.toString(16).padStart(128, '0')))), value % c.order);
    });

    test('draws scalars from 1 to q − 1 and gives up on a broken source', () => {
      for (let k = 0; k < 50; k++) {
        const drawn = scalar.random(random);
        equal(scalar.isZero(drawn), false);
        scalar.decode(drawn);
      }
      // The first draw is zero, the second at the order, the third is taken.
      const draws = [0n, c.order, 7n].map((value) => bigIntToBytes(value, 32));
      equal(scalar.toBigInt(scalar.random(() => draws.shift() as Uint8Array)), 7n);
      throws(() => scalar.random((n) => new Uint8Array(n)), badScalar);
      throws(() => scalar.random((n) => new Uint8Array(n).fill(0xff)), badScalar);
      for (const length of [0, 31, 33, 64]) {
        throws(() => scalar.random(() => new Uint8Array(length).fill(1)), badScalar);
      }
    });

    test('wiping a constant leaves the next one whole', () => {
      scalar.one.fill(0);
      scalar.zero.fill(9);
      equal(scalar.toBigInt(scalar.one), 1n);
      equal(scalar.isZero(scalar.zero), true);
    });

    test('refuses points of another curve', () => {
      const foreign = (c.name === 'stark' ? curve('secp256k1') : curve('stark')).base;
      throws(() => c.add(c.base, foreign), badPoint);
      throws(() => c.encodePoint(foreign), badPoint);
      throws(() => c.mulSecret(foreign, scalar.one), badPoint);
    });

    test('gives affine coordinates on Weierstrass curves only', () => {
      if (c.name === 'ed25519') {
        throws(() => c.affine(c.base), { code: 'E_CURVE' });
        return;
      }
      const P = c.mulBase(scalar.random(random));
      const { x, yOdd } = c.affine(P);
      equal(toHex(c.encodePoint(P)), (yOdd ? '03' : '02') + toHex(x));
      equal(c.affine(c.neg(P)).yOdd, !yOdd);
      throws(() => c.affine(c.identity), badPoint);
    });
  });
}

describe('native and JavaScript backends agree', () => {
  for (const name of ['secp256k1', 'ed25519'] as const) {
    test(name, () => {
      const [a, b] = [curve(name), nobleCurve(name)];
      const random = seeded(`agreement ${name}`);
      // Where no native library loads, this compares noble with itself; load.test.ts says so.
      for (let round = 0; round < 12; round++) {
        const [k, m] = [a.scalar.random(random), a.scalar.random(random)];
        const wide = random(64);
        const through = (c: Curve): string[] => {
          const P = c.decodePoint(c.encodePoint(c.mulBase(k)));
          const Q = c.mulSecret(P, m);
          const R = c.linear([
            { k, p: P },
            { k: m, p: Q },
            { k: c.scalar.fromBigInt(-10n), p: c.base },
          ]);
          const points = [P, Q, R, c.add(P, Q), c.sub(P, R), c.sum([P, Q, R]), c.mulSmall(Q, -77), c.mulPublic(R, k)];
          const { scalar } = c;
          const scalars = [scalar.mul(k, m), scalar.add(k, m), scalar.sub(k, m), scalar.invert(k), scalar.reduce(wide)];
          return [...c.encodePoints(points), ...points.map((p) => c.encodeUncompressed(p)), ...scalars].map(toHex);
        };
        deepEqual(through(a), through(b));
      }
    });
  }

  test('on which byte strings are points of ed25519', () => {
    const [a, b] = [curve('ed25519'), nobleCurve('ed25519')];
    const random = seeded('ed25519 decoding');
    const accepts = (c: Curve, bytes: Uint8Array): boolean => {
      try {
        c.decodePoint(bytes);
        return true;
      } catch {
        return false;
      }
    };
    for (let round = 0; round < 60; round++) {
      const bytes = round % 2 === 0 ? random(32) : a.encodePoint(a.mulBase(a.scalar.random(random)));
      if (round % 4 === 3) bytes[round % 32] = (bytes[round % 32] as number) ^ 1;
      equal(accepts(a, bytes), accepts(b, bytes), toHex(bytes));
    }
  });

  test('on secp256k1, OpenSSL too', () => {
    const c = curve('secp256k1');
    const random = seeded('openssl');
    for (let round = 0; round < 10; round++) {
      const [k, m] = [c.scalar.random(random), c.scalar.random(random)];
      const party = createECDH('secp256k1');
      party.setPrivateKey(k);
      equal(toHex(c.encodePoint(c.mulBase(k))), party.getPublicKey('hex', 'compressed'));
      const P = c.mulBase(m);
      equal(toHex(c.affine(c.mulSecret(P, k)).x), party.computeSecret(c.encodePoint(P)).toString('hex'));
    }
  });
});

function badWeierstrass(c: Curve, valid: Uint8Array): Uint8Array[] {
  const field = c.name === 'stark' ? STARK.p : SECP256K1_FIELD;
  const x = BigInt(`0x${toHex(valid.subarray(1))}`);
  const encode = (prefix: number, value: bigint): Uint8Array =>
    concatBytes(Uint8Array.of(prefix), bigIntToBytes(value, 32));
  return [
    // x = 5 has no point on either curve.
    encode(2, 5n),
    encode(3, 5n),
    encode(2, field),
    encode(2, field + 1n),
    ...(x + field < 2n ** 256n ? [encode(2, x + field), encode(3, x + field)] : []),
    encode(2, 2n ** 256n - 1n),
    ...[0, 1, 4, 5, 6, 7, 0x82].map((prefix) => encode(prefix, x)),
  ];
}

function badEd25519(valid: Uint8Array): Uint8Array[] {
  const p = 2n ** 255n - 19n;
  const encode = (y: bigint, sign = 0): Uint8Array => {
    const bytes = bigIntToBytes(y, 32).reverse();
    bytes[31] = (bytes[31] as number) | (sign << 7);
    return bytes;
  };
  const P = nobleEd25519.Point.fromBytes(valid);
  return [
    encode(1n),
    encode(1n, 1),
    // Not on the curve.
    encode(2n),
    // y and y + p name the same point for y < 19; so do p … 2^255 − 1 in general.
    ...[0n, 1n, 2n, 3n, 4n, 5n, 6n, 18n].flatMap((y) => [encode(y + p), encode(y + p, 1)]),
    ...ED25519_TORSION_SUBGROUP.map(hex),
    // A point of the subgroup with every non-trivial torsion point added.
    ...ED25519_TORSION_SUBGROUP.slice(1).map((torsion) => P.add(nobleEd25519.Point.fromHex(torsion)).toBytes()),
  ];
}
