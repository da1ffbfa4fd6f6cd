/**
 * The known-answer test that every backend passes before it computes anything for us: published multiples,
 * encodings, the edge cases that libraries get wrong, and agreement of the different ways to one result.
 * Sources of the numbers: vectors/crypto/README.md.
 */
import { concatBytes, equalBytes, fromHex, toHex } from '../bytes.ts';
import { check } from '../errors.ts';
import { SECP256K1_FIELD } from './parameters.ts';
import type { Curve, CurveName, Point, Scalar } from './types.ts';

interface KnownAnswers {
  /** Scalar and encoded k·G. */
  readonly multiples: readonly (readonly [k: string, point: string])[];
  /** Encodings that decodePoint refuses. */
  readonly refused: readonly string[];
}

const ANSWERS: Record<CurveName, KnownAnswers> = {
  secp256k1: {
    multiples: [
      ['1', '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'],
      ['2', '02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5'],
      ['3', '02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9'],
      ['18ebbb95eed0e13', '02a90cc3d3f3e146daadfc74ca1372207cb4b725ae708cef713a98edd73d99ef29'],
      [
        'aa5e28d6a97a2479a65527f7290311a3624d4cc0fa1578598ee3c2613bf99522',
        '0234f9460f0e4f08393d192b3c5133a6ba099aa0ad9fd54ebccfacdfa239ff49c6',
      ],
    ],
    refused: [
      '00',
      `00${'00'.repeat(32)}`,
      // x = 5 has no point; x = p + 1 would be the point of x = 1; x-only, uncompressed and hybrid forms.
      `02${'00'.repeat(31)}05`,
      `02${(SECP256K1_FIELD + 1n).toString(16)}`,
      '0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
      '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
    ],
  },
  ed25519: {
    multiples: [
      ['1', '5866666666666666666666666666666666666666666666666666666666666666'],
      ['2', 'c9a3f86aae465f0e56513864510f3997561fa2c9e85ea21dc2292309f3cd6022'],
      // RFC 8032 §7.1, tests 1 to 3.
      [
        'fe94d9006f020a5a3c080d96827fffce8852346655006e96ae99be612ac2c7c',
        'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      ],
      [
        '12e502eb0249a255e1c827f3b6b6c7ea21f1371569f98e5707992d506d199c7',
        '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      ],
      [
        'ca91e9981a125131bf5c2c54e7f4db9a8e2e0bc2ccf1360cba6e9daa4be76ef',
        'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      ],
    ],
    refused: [
      // The identity, minus zero, orders 2, 4 and 8, a base point plus torsion, y = p + 1, y = 2 (not on the curve).
      `01${'00'.repeat(31)}`,
      `01${'00'.repeat(30)}80`,
      `ec${'ff'.repeat(30)}7f`,
      '00'.repeat(32),
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
      '98519eadf35b995233b51b5cd23e9cc5a28b639b5a4af0ec903cb960d81b7819',
      `ee${'ff'.repeat(30)}7f`,
      `02${'00'.repeat(31)}`,
    ],
  },
  stark: {
    multiples: [
      ['1', '0301ef15c18599971b7beced415a40f0c7deacfd9b0d1819e03d723d8bc943cfca'],
      // StarkWare crypto-cpp, TestGetPublicKey.
      ['12', '03019661066e96a8b9f06a1d136881ee924dfb6a885239caa5fd3f87a54c6b25c4'],
      [
        '3c1e9550e66958296d11b60f8e8e7a7ad990d07fa65d5f7652c4a6c87d4e3cc',
        '02077a3b314db07c45076d11f62b6f9e748a39790441823307743cf00d6597ea43',
      ],
    ],
    refused: [
      '00',
      `00${'00'.repeat(32)}`,
      // x = p, x = p + the base point's, x = 5 (no point).
      '020800000000000011000000000000000000000000000000000000000000000001',
      '0309ef15c1859997' + '2c7beced415a40f0c7deacfd9b0d1819e03d723d8bc943cfcb',
      `02${'00'.repeat(31)}05`,
    ],
  },
};

/** Throws CryptoError E_BACKEND at the first wrong answer. */
export function selfTest(curve: Curve): void {
  const { multiples, refused } = ANSWERS[curve.name];
  const { scalar } = curve;
  const points: Point[] = [];
  const scalars: Scalar[] = [];

  for (const [k, encoded] of multiples) {
    const secret = scalar.decode(fromHex(k.padStart(64, '0'), 'E_BACKEND'));
    const point = curve.mulBase(secret);
    expect(toHex(curve.encodePoint(point)) === encoded, curve, 'a published multiple');
    const decoded = curve.decodePoint(fromHex(encoded, 'E_BACKEND'));
    expect(curve.equals(decoded, point), curve, 'decoding');
    const again = curve.decodePointLenient(curve.encodeUncompressed(point));
    expect(curve.equals(again, point), curve, 'the uncompressed form');
    points.push(decoded);
    scalars.push(secret);
  }
  for (const encoded of refused) {
    const bytes = fromHex(encoded, 'E_BACKEND');
    expectRefused(() => curve.decodePoint(bytes), curve);
    expectRefused(() => curve.mulEncoded(bytes, scalar.fromBigInt(8n)), curve);
    expectRefused(() => curve.mulEncoded(bytes, scalar.one), curve);
    expectRefused(() => curve.mulEncoded(bytes, scalar.zero), curve);
  }
  expectRefused(() => curve.encodePoint(curve.identity), curve);
  if (curve.pointBytes === 33) testUncompressedForms(curve);
  testScalars(curve);

  const [a, b] = [scalars.at(-1) as Scalar, scalars.at(-2) as Scalar];
  const [A, B] = [points.at(-1) as Point, points.at(-2) as Point];
  const same = (left: Point, right: Point, what: string): void => expect(curve.equals(left, right), curve, what);
  const product = curve.mulBase(scalar.mul(a, b));
  same(curve.mulSecret(A, b), product, 'secret multiplication');
  same(curve.mulPublic(B, a), product, 'public multiplication');
  same(curve.mulEncoded(curve.encodePoint(B), a), product, 'multiplication of an encoded point');
  same(curve.mulEncoded(curve.encodePoint(B), scalar.one), B, '1·B, encoded');
  same(curve.mulEncoded(curve.encodePoint(B), scalar.zero), curve.identity, '0·B, encoded');
  same(curve.add(A, B), curve.mulBase(scalar.add(a, b)), 'addition');
  same(curve.sub(A, B), curve.mulBase(scalar.sub(a, b)), 'subtraction');
  same(curve.add(A, A), curve.mulSmall(A, 2), 'doubling');
  same(curve.mulSmall(A, -20), curve.neg(curve.mulPublic(A, scalar.fromBigInt(20n))), 'small multiples');
  same(
    curve.linear([
      { k: a, p: B },
      { k: scalar.fromBigInt(-3n), p: A },
    ]),
    curve.sub(product, curve.mulSmall(A, 3)),
    'linear',
  );
  same(curve.sum([A, B, curve.neg(A)]), B, 'sums');

  same(curve.add(A, curve.neg(A)), curve.identity, 'A − A');
  same(curve.sum([]), curve.identity, 'the empty sum');
  same(curve.add(curve.identity, A), A, 'O + A');
  same(curve.mulBase(scalar.zero), curve.identity, '0·G');
  same(curve.mulSecret(A, scalar.zero), curve.identity, '0·A');
  same(curve.mulSecret(curve.identity, a), curve.identity, 'a·O');
  same(curve.mulPublic(A, scalar.fromBigInt(-1n)), curve.neg(A), '(q−1)·A');
  expect(curve.isIdentity(curve.mulSmall(A, 0)), curve, '0·A');
}

/** Lenient decoding takes 65 bytes with prefix 04 of a point on the curve, and nothing near it. */
function testUncompressedForms(curve: Curve): void {
  const good = curve.encodeUncompressed(curve.base);
  const hybrid = new Uint8Array(good);
  hybrid[0] = 6 | ((good[64] as number) & 1);
  const offCurve = new Uint8Array(good);
  offCurve[64] = (good[64] as number) ^ 1;
  expectRefused(() => curve.decodePoint(good), curve);
  expectRefused(() => curve.decodePointLenient(hybrid), curve);
  expectRefused(() => curve.decodePointLenient(offCurve), curve);
  expectRefused(() => curve.decodePointLenient(concatBytes(good, Uint8Array.of(0))), curve);
}

function testScalars(curve: Curve): void {
  const { scalar, order } = curve;
  const minusOne = scalar.fromBigInt(-1n);
  const same = (a: Scalar, b: bigint, what: string): void => expect(scalar.toBigInt(a) === b, curve, what);
  expectRefused(() => scalar.decode(fromHex(order.toString(16).padStart(64, '0'), 'E_BACKEND')), curve);
  expectRefused(() => scalar.decode(new Uint8Array(32).fill(0xff)), curve);
  expectRefused(() => scalar.decode(new Uint8Array(31)), curve);
  expectRefused(() => scalar.invert(scalar.zero), curve);
  expect(equalBytes(scalar.decode(minusOne), minusOne), curve, 'the largest scalar');
  same(scalar.add(minusOne, scalar.one), 0n, '(q−1) + 1');
  same(scalar.add(minusOne, minusOne), order - 2n, '(q−1) + (q−1)');
  same(scalar.sub(scalar.zero, scalar.one), order - 1n, '0 − 1');
  same(scalar.mul(minusOne, minusOne), 1n, '(q−1)·(q−1)');
  same(scalar.mul(minusOne, scalar.zero), 0n, '(q−1)·0');
  same(scalar.neg(scalar.zero), 0n, '−0');
  same(scalar.mul(scalar.invert(scalar.fromBigInt(7n)), scalar.fromBigInt(7n)), 1n, '7·7⁻¹');
  same(scalar.reduce(new Uint8Array(64).fill(0xff)), (2n ** 512n - 1n) % order, 'reduction of 64 bytes');
  same(scalar.reduce(new Uint8Array(32).fill(0xff)), (2n ** 256n - 1n) % order, 'reduction of 32 bytes');
}

function expect(holds: boolean, curve: Curve, what: string): void {
  check(holds, 'E_BACKEND', `${curve.backend} gives a wrong answer on ${curve.name}: ${what}.`);
}

function expectRefused(call: () => unknown, curve: Curve): void {
  let refused = false;
  try {
    call();
  } catch {
    refused = true;
  }
  expect(refused, curve, 'it takes an input that it has to refuse');
}
