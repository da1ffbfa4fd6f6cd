/**
 * ed25519 on libsodium. Points are kept in their 32-byte encoding, which is the only form the library exchanges.
 * Multiplication, addition and the scalar calls are constant-time; what libsodium's binding lacks, multiplication of
 * two scalars, is done here on a fixed number of limbs and reduced by the library.
 */
import { bigIntToBytes, equalBytes, isAllZero, isBytes } from '../bytes.ts';
import { check, refuse } from '../errors.ts';
import { ED25519_ORDER } from './parameters.ts';
import { asSmall, type ScalarArithmetic, scalarField, smallScalar } from './scalar-bytes.ts';
import type { Curve, Point, Scalar } from './types.ts';

/** The part of `sodium-native` used here; scalars are little-endian. Failures throw. */
export interface SodiumLibrary {
  crypto_core_ed25519_is_valid_point(p: Uint8Array): boolean;
  crypto_core_ed25519_add(out: Uint8Array, p: Uint8Array, q: Uint8Array): void;
  crypto_core_ed25519_sub(out: Uint8Array, p: Uint8Array, q: Uint8Array): void;
  crypto_core_ed25519_scalar_add(out: Uint8Array, a: Uint8Array, b: Uint8Array): void;
  crypto_core_ed25519_scalar_negate(out: Uint8Array, a: Uint8Array): void;
  crypto_core_ed25519_scalar_invert(out: Uint8Array, a: Uint8Array): void;
  /** 64 bytes in, 32 out. */
  crypto_core_ed25519_scalar_reduce(out: Uint8Array, wide: Uint8Array): void;
  crypto_scalarmult_ed25519_base_noclamp(out: Uint8Array, k: Uint8Array): void;
  crypto_scalarmult_ed25519_noclamp(out: Uint8Array, k: Uint8Array, p: Uint8Array): void;
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

const ORDER_BYTES = bigIntToBytes(ED25519_ORDER, 32);
/** y = 1: how the library writes the identity. */
const IDENTITY_BYTES = Uint8Array.from({ length: 32 }, (_, k) => (k === 0 ? 1 : 0));

class NativePoint {
  /** Canonical encoding. Never handed out. */
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export function nativeEd25519(library: SodiumLibrary, backend: string): Curve {
  const scalar = scalarField(ED25519_ORDER, nativeArithmetic(library));
  const wrap = (bytes: Uint8Array): Point => new NativePoint(bytes) as unknown as Point;
  const identity = wrap(IDENTITY_BYTES);
  const read = (p: Point): Uint8Array => {
    check(p instanceof NativePoint, 'E_POINT', 'A point of another curve.');
    return p.bytes;
  };
  const isIdentity = (p: Point): boolean => equalBytes(read(p), IDENTITY_BYTES);
  const notIdentity = (p: Point): Uint8Array => {
    check(!isIdentity(p), 'E_POINT', 'The identity has no encoding.');
    return read(p);
  };
  const add = (a: Point, b: Point): Point => {
    if (a === identity) return b;
    if (b === identity) return a;
    const out = new Uint8Array(32);
    library.crypto_core_ed25519_add(out, read(a), read(b));
    return wrap(out);
  };
  // x ≠ 0 everywhere in the subgroup but at the identity, so the sign bit alone negates.
  const neg = (p: Point): Point => {
    if (isIdentity(p)) return identity;
    const out = new Uint8Array(read(p));
    out[31] = (out[31] as number) ^ 0x80;
    return wrap(out);
  };
  const sum = (ps: readonly Point[]): Point => ps.reduce(add, identity);
  const mulBase = (k: Scalar): Point => {
    if (isAllZero(k)) return identity;
    const out = new Uint8Array(32);
    const little = littleEndian(k);
    library.crypto_scalarmult_ed25519_base_noclamp(out, little);
    little.fill(0);
    return wrap(out);
  };
  const base = mulBase(smallScalar(1));
  const mulSecret = (p: Point, k: Scalar): Point => {
    if (isAllZero(k) || isIdentity(p)) return identity;
    const out = new Uint8Array(32);
    const little = littleEndian(k);
    library.crypto_scalarmult_ed25519_noclamp(out, little, read(p));
    little.fill(0);
    return wrap(out);
  };
  const mulSmall = (p: Point, k: number): Point => {
    check(Number.isInteger(k) && Math.abs(k) < 2 ** 31, 'E_SCALAR', 'Not a small integer.');
    const size = Math.abs(k);
    const bits = size.toString(2);
    const additions = bits.length - 1 + bits.replaceAll('0', '').length - 1;
    const signed = k < 0 ? neg(p) : p;
    // One addition takes a sixth of the time of one multiplication.
    if (additions > 5) return mulSecret(signed, smallScalar(size));
    let total = identity;
    for (const bit of bits) {
      total = total === identity ? identity : add(total, total);
      if (bit === '1') total = add(total, signed);
    }
    return total;
  };
  const mulPublic = (p: Point, k: Scalar): Point => {
    const small = asSmall(k, ORDER_BYTES);
    if (small !== undefined) return mulSmall(p, small);
    return p === base ? mulBase(k) : mulSecret(p, k);
  };
  const decodePoint = (bytes: Uint8Array): Point => {
    check(isBytes(bytes) && bytes.length === 32, 'E_POINT', 'A point is 32 bytes.');
    // Canonical, on the curve, not of small order (so not the identity), and in the prime-order subgroup.
    check(library.crypto_core_ed25519_is_valid_point(bytes), 'E_POINT', 'Not a valid point.');
    return wrap(new Uint8Array(bytes));
  };
  const encodePoint = (p: Point): Uint8Array => new Uint8Array(notIdentity(p));

  return {
    name: 'ed25519',
    order: ED25519_ORDER,
    scalar,
    pointBytes: 32,
    base,
    identity,
    backend,
    decodePoint,
    encodePoint,
    encodePoints: (ps) => ps.map(encodePoint),
    encodeUncompressed: encodePoint,
    decodePointLenient: decodePoint,
    isIdentity,
    equals: (a, b) => equalBytes(read(a), read(b)),
    add,
    sub: (a, b) => add(a, neg(b)),
    neg,
    sum,
    mulBase,
    mulSecret,
    mulPublic,
    mulEncoded(bytes, k) {
      if (isAllZero(k)) return mulPublic(decodePoint(bytes), k);
      check(isBytes(bytes) && bytes.length === 32, 'E_POINT', 'A point is 32 bytes.');
      const out = new Uint8Array(32);
      try {
        // Refuses by itself what is not canonical, of small order, off the curve or outside the subgroup.
        library.crypto_scalarmult_ed25519_noclamp(out, littleEndian(k), bytes);
      } catch (cause) {
        refuse('E_POINT', 'Not a valid point.', { cause });
      }
      return wrap(out);
    },
    mulSmall,
    sumSmall: (terms) => sum(terms.map((term) => mulSmall(term.p, term.k))),
    linear: (terms) => sum(terms.map((term) => mulPublic(term.p, term.k))),
    affine() {
      check(false, 'E_CURVE', 'Only Weierstrass curves have this form.');
    },
  };
}

function nativeArithmetic(library: SodiumLibrary): ScalarArithmetic {
  const run = (operation: (out: Uint8Array) => void): Scalar => {
    const out = new Uint8Array(32);
    operation(out);
    return out.reverse() as Scalar;
  };
  return {
    add(a, b) {
      const [left, right] = [littleEndian(a), littleEndian(b)];
      const out = run((z) => library.crypto_core_ed25519_scalar_add(z, left, right));
      left.fill(0);
      right.fill(0);
      return out;
    },
    mul(a, b) {
      const wide = multiplyWide(a, b);
      const out = run((z) => library.crypto_core_ed25519_scalar_reduce(z, wide));
      wide.fill(0);
      return out;
    },
    neg(a) {
      const little = littleEndian(a);
      const out = run((z) => library.crypto_core_ed25519_scalar_negate(z, little));
      little.fill(0);
      return out;
    },
    invert(a) {
      const little = littleEndian(a);
      const out = run((z) => library.crypto_core_ed25519_scalar_invert(z, little));
      little.fill(0);
      return out;
    },
    reduce64(bytes) {
      const wide = littleEndian(bytes);
      const out = run((z) => library.crypto_core_ed25519_scalar_reduce(z, wide));
      wide.fill(0);
      return out;
    },
  };
}

function littleEndian(bigEndian: Uint8Array): Uint8Array {
  return new Uint8Array(bigEndian).reverse();
}

const LIMB_BITS = 21;
const LIMBS = 13;
const LIMB = 2 ** LIMB_BITS;

/**
 * The 64 little-endian bytes of a·b. Thirteen limbs of 21 bits in doubles: every column is below 13·2^42 < 2^46, so
 * all arithmetic is exact, and the sequence of operations does not depend on the values.
 */
function multiplyWide(a: Uint8Array, b: Uint8Array): Uint8Array {
  const x = toLimbs(a);
  const y = toLimbs(b);
  const columns = new Float64Array(2 * LIMBS);
  for (let j = 0; j < LIMBS; j++) {
    const x_j = x[j] as number;
    for (let k = 0; k < LIMBS; k++) columns[j + k] = (columns[j + k] as number) + x_j * (y[k] as number);
  }
  const wide = new Uint8Array(72);
  let carry = 0;
  for (let k = 0; k < columns.length; k++) {
    const column = (columns[k] as number) + carry;
    carry = Math.floor(column / LIMB);
    const limb = column - carry * LIMB;
    const at = (k * LIMB_BITS) >> 3;
    const shifted = limb << ((k * LIMB_BITS) & 7);
    wide[at] = (wide[at] as number) | shifted;
    wide[at + 1] = (wide[at + 1] as number) | (shifted >>> 8);
    wide[at + 2] = (wide[at + 2] as number) | (shifted >>> 16);
    wide[at + 3] = (wide[at + 3] as number) | (shifted >>> 24);
  }
  x.fill(0);
  y.fill(0);
  columns.fill(0);
  const product = wide.slice(0, 64);
  wide.fill(0);
  return product;
}

function toLimbs(bigEndian: Uint8Array): Float64Array {
  const little = new Uint8Array(36);
  for (let k = 0; k < 32; k++) little[k] = bigEndian[31 - k] as number;
  const limbs = new Float64Array(LIMBS);
  for (let k = 0; k < LIMBS; k++) {
    const at = (k * LIMB_BITS) >> 3;
    const word =
      (little[at] as number) |
      ((little[at + 1] as number) << 8) |
      ((little[at + 2] as number) << 16) |
      ((little[at + 3] as number) << 24);
    limbs[k] = (word >>> ((k * LIMB_BITS) & 7)) & (LIMB - 1);
  }
  little.fill(0);
  return limbs;
}
