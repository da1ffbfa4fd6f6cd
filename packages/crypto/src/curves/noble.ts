/**
 * The three curves on @noble/curves: the backend of the stark curve, and of the others in browsers and wherever no
 * native library loads. Scalar arithmetic is on bigints and therefore not constant-time; docs/specs/curves.md says
 * what that means.
 */
import { type CurvePoint, type CurvePointCons, mulAddUnsafe, normalizeZ } from '@noble/curves/abstract/curve.js';
import { Field, invert } from '@noble/curves/abstract/modular.js';
import { weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bigIntToBytes, bytesToBigInt, isBytes } from '../bytes.ts';
import { check, refuse } from '../errors.ts';
import { ED25519_ORDER, SECP256K1_ORDER, STARK } from './parameters.ts';
import { asSmall, scalarField } from './scalar-bytes.ts';
import { starkRoot } from './stark-root.ts';
import type { Curve, CurveName, Point, Scalar, ScalarField } from './types.ts';

const BACKEND = '@noble/curves (JavaScript)';

interface NobleApiPoint extends CurvePoint<bigint, NobleApiPoint> {
  toAffine(): { x: bigint; y: bigint };
}

/** What differs between the curves. */
interface Family {
  readonly name: CurveName;
  readonly order: bigint;
  readonly pointBytes: 32 | 33;
  readonly Point: CurvePointCons<NobleApiPoint>;
  /** Bytes of a length and prefix already looked at; throws anything when they are not a point of the curve. */
  parse(bytes: Uint8Array): NobleApiPoint;
  encode(x: bigint, y: bigint): Uint8Array;
}

export function nobleCurve(name: CurveName): Curve {
  switch (name) {
    case 'secp256k1':
      return build(
        weierstrassFamily(name, SECP256K1_ORDER, secp256k1.Point as unknown as CurvePointCons<NobleApiPoint>),
      );
    case 'stark':
      return build(weierstrassFamily(name, STARK.n, starkPoint() as unknown as CurvePointCons<NobleApiPoint>));
    case 'ed25519':
      return build(edwardsFamily());
    default:
      return unknownCurve(name);
  }
}

/** Scalars on bigints. */
export function bigIntField(order: bigint): ScalarField {
  const toBytes = (value: bigint): Scalar => bigIntToBytes(value, 32) as Scalar;
  return scalarField(order, {
    add: (a, b) => toBytes((bytesToBigInt(a) + bytesToBigInt(b)) % order),
    mul: (a, b) => toBytes((bytesToBigInt(a) * bytesToBigInt(b)) % order),
    neg: (a) => toBytes((order - bytesToBigInt(a)) % order),
    invert: (a) => toBytes(invert(bytesToBigInt(a), order)),
    reduce64: (bytes) => toBytes(bytesToBigInt(bytes) % order),
  });
}

export function unknownCurve(name: never): never {
  refuse('E_CURVE', `Unknown curve ${String(name).slice(0, 64)}.`);
}

function starkPoint() {
  const Fp = Field(STARK.p, { sqrt: starkRoot });
  return weierstrass<bigint>(STARK, { Fp });
}

function weierstrassFamily(name: 'secp256k1' | 'stark', order: bigint, Point: CurvePointCons<NobleApiPoint>): Family {
  return {
    name,
    order,
    pointBytes: 33,
    Point,
    parse: (bytes) => Point.fromBytes(bytes),
    encode: (x, y) => {
      const bytes = new Uint8Array(33);
      bytes[0] = (y & 1n) === 1n ? 3 : 2;
      bytes.set(bigIntToBytes(x, 32), 1);
      return bytes;
    },
  };
}

function edwardsFamily(): Family {
  const Point = ed25519.Point;
  return {
    name: 'ed25519',
    order: ED25519_ORDER,
    pointBytes: 32,
    Point: Point as unknown as CurvePointCons<NobleApiPoint>,
    parse: (bytes) => {
      // zip215 = false: y ≥ p and minus zero are refused (RFC 8032 §5.1.3).
      const p = Point.fromBytes(bytes, false);
      check(p.isTorsionFree(), 'E_POINT', 'The point is not in the prime-order subgroup.');
      return p as unknown as NobleApiPoint;
    },
    encode: (x, y) => {
      const bytes = bigIntToBytes(y, 32).reverse();
      bytes[31] = (bytes[31] as number) | ((x & 1n) === 1n ? 0x80 : 0);
      return bytes;
    },
  };
}

class NoblePoint {
  readonly inner: NobleApiPoint;
  readonly curve: CurveName;
  #affine: { x: bigint; y: bigint } | undefined;

  constructor(curve: CurveName, inner: NobleApiPoint) {
    this.curve = curve;
    this.inner = inner;
  }

  affine(): { x: bigint; y: bigint } {
    this.#affine ??= this.inner.toAffine();
    return this.#affine;
  }

  remember(affine: { x: bigint; y: bigint }): void {
    this.#affine = affine;
  }
}

function build(family: Family): Curve {
  const { name, order, Point } = family;
  const scalar = bigIntField(order);
  const orderBytes = bigIntToBytes(order, 32);
  const wrap = (inner: NobleApiPoint): Point => new NoblePoint(name, inner) as unknown as Point;
  const read = (p: Point): NoblePoint => {
    check(p instanceof NoblePoint && p.curve === name, 'E_POINT', 'A point of another curve.');
    return p;
  };
  const notIdentity = (p: Point): NoblePoint => {
    const point = read(p);
    check(!point.inner.is0(), 'E_POINT', 'The identity has no encoding.');
    return point;
  };
  const base = wrap(Point.BASE);
  const identity = wrap(Point.ZERO);
  const isIdentity = (p: Point): boolean => read(p).inner.is0();

  const parse = (bytes: Uint8Array): Point => {
    let inner: NobleApiPoint;
    try {
      inner = family.parse(bytes);
    } catch (cause) {
      refuse('E_POINT', 'Not a valid point.', { cause });
    }
    check(!inner.is0(), 'E_POINT', 'A point is not the identity.');
    return wrap(inner);
  };
  const decodePoint = (bytes: Uint8Array): Point => {
    check(isBytes(bytes) && bytes.length === family.pointBytes, 'E_POINT', 'A point of a wrong length.');
    return parse(bytes);
  };
  const encodePoint = (p: Point): Uint8Array => {
    const { x, y } = notIdentity(p).affine();
    return family.encode(x, y);
  };
  // Public values, so the faster walk; `multiply` blinds the scalar and runs over a fixed number of windows.
  const mulPublic = (p: Point, k: Scalar): Point => wrap(read(p).inner.multiplyUnsafe(bytesToBigInt(k)));
  const mulSecret = (p: Point, k: Scalar): Point =>
    scalar.isZero(k) || isIdentity(p) ? identity : wrap(read(p).inner.multiply(bytesToBigInt(k)));

  return {
    name,
    order,
    scalar,
    pointBytes: family.pointBytes,
    base,
    identity,
    backend: BACKEND,
    decodePoint,
    encodePoint,
    encodePoints(ps) {
      const points = ps.map(notIdentity);
      const normalized = normalizeZ(
        Point,
        points.map((p) => p.inner),
      );
      points.forEach((p, k) => {
        p.remember((normalized[k] as NobleApiPoint).toAffine());
      });
      return ps.map(encodePoint);
    },
    encodeUncompressed(p) {
      if (name === 'ed25519') return encodePoint(p);
      const { x, y } = notIdentity(p).affine();
      const bytes = new Uint8Array(65);
      bytes[0] = 4;
      bytes.set(bigIntToBytes(x, 32), 1);
      bytes.set(bigIntToBytes(y, 32), 33);
      return bytes;
    },
    decodePointLenient(bytes) {
      const isUncompressed = isBytes(bytes) && name !== 'ed25519' && bytes.length === 65 && bytes[0] === 4;
      check(
        isUncompressed || (isBytes(bytes) && bytes.length === family.pointBytes),
        'E_POINT',
        'Not an encoded point.',
      );
      return parse(bytes);
    },
    isIdentity,
    equals: (a, b) => read(a).inner.equals(read(b).inner),
    add: (a, b) => wrap(read(a).inner.add(read(b).inner)),
    sub: (a, b) => wrap(read(a).inner.subtract(read(b).inner)),
    neg: (p) => wrap(read(p).inner.negate()),
    sum: (ps) => wrap(ps.reduce((total, p) => total.add(read(p).inner), Point.ZERO)),
    mulBase: (k) => mulSecret(base, k),
    mulSecret,
    mulPublic,
    mulEncoded: (bytes, k) => mulPublic(decodePoint(bytes), k),
    mulSmall: (p, k) => wrap(mulSmall(Point, read(p).inner, k)),
    sumSmall: (terms) =>
      wrap(terms.reduce((total, { k, p }) => total.add(mulSmall(Point, read(p).inner, k)), Point.ZERO)),
    linear(terms) {
      let total = Point.ZERO;
      const points: NobleApiPoint[] = [];
      const scalars: bigint[] = [];
      for (const { k, p } of terms) {
        const small = asSmall(k, orderBytes);
        if (small !== undefined && Math.abs(small) < 2 ** 16) {
          total = total.add(mulSmall(Point, read(p).inner, small));
        } else {
          points.push(read(p).inner);
          scalars.push(bytesToBigInt(k));
        }
      }
      return wrap(points.length === 0 ? total : total.add(mulAddUnsafe(Point, points, scalars)));
    },
    affine(p) {
      check(name !== 'ed25519', 'E_CURVE', 'Only Weierstrass curves have this form.');
      const { x, y } = notIdentity(p).affine();
      return { x: bigIntToBytes(x, 32), yOdd: (y & 1n) === 1n };
    },
  };
}

/** By doubling and adding from the top bit. */
function mulSmall(Point: CurvePointCons<NobleApiPoint>, p: NobleApiPoint, k: number): NobleApiPoint {
  check(Number.isInteger(k) && Math.abs(k) < 2 ** 31, 'E_SCALAR', 'Not a small integer.');
  let total = Point.ZERO;
  for (const bit of Math.abs(k).toString(2)) {
    total = total.double();
    if (bit === '1') total = total.add(p);
  }
  return k < 0 ? total.negate() : total;
}
