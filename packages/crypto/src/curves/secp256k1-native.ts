/**
 * secp256k1 on libsecp256k1. Points are kept as 64 bytes x ‖ y, so that no operation takes a square root; the library's
 * 65 are written into arrays that are used again: an array above 64 bytes lives outside the collector's heap and costs as
 * much as an addition of points.
 * Which calls are constant-time in the scalar, read in the library's source: publicKeyCreate (ecmult_gen), ecdh
 * (ecmult_const) and the privateKey… calls are; publicKeyTweakMul and publicKeyTweakAdd (ecmult) are not.
 */

import { invert } from '@noble/curves/abstract/modular.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bigIntToBytes, bytesToBigInt, equalBytes, isAllZero, isBytes } from '../bytes.ts';
import { check, refuse } from '../errors.ts';
import { SECP256K1_ORDER } from './parameters.ts';
import { asSmall, type ScalarArithmetic, scalarField, smallScalar } from './scalar-bytes.ts';
import type { Curve, Point, Scalar } from './types.ts';

/** The part of `secp256k1/bindings` used here. Every function throws an Error on failure. */
export interface Secp256k1Library {
  contextRandomize(seed: Uint8Array): void;
  privateKeyNegate(inPlace: Uint8Array): Uint8Array;
  privateKeyTweakAdd(inPlace: Uint8Array, tweak: Uint8Array): Uint8Array;
  privateKeyTweakMul(inPlace: Uint8Array, tweak: Uint8Array): Uint8Array;
  publicKeyCreate(secret: Uint8Array, compressed: boolean, output: Uint8Array): Uint8Array;
  publicKeyConvert(key: Uint8Array, compressed: boolean, output: Uint8Array): Uint8Array;
  publicKeyCombine(keys: Uint8Array[], compressed: boolean, output: Uint8Array): Uint8Array;
  publicKeyTweakMul(key: Uint8Array, tweak: Uint8Array, compressed: boolean, output: Uint8Array): Uint8Array;
  /** High s is refused. */
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
  ecdh(
    key: Uint8Array,
    secret: Uint8Array,
    options: { hashfn: () => Uint8Array; xbuf: Uint8Array; ybuf: Uint8Array },
    output: Uint8Array,
  ): Uint8Array;
}

const ORDER_BYTES = bigIntToBytes(SECP256K1_ORDER, 32);
const FIELD_BYTES = bigIntToBytes(2n ** 256n - 2n ** 32n - 977n, 32);
/** Largest multiple written as a repeated addend. */
const REPEATED_MAX = 8;
const NOTHING = new Uint8Array(0);
const noHash = (): Uint8Array => NOTHING;
const COMBINED_TO_IDENTITY = 'The sum of the public keys is not valid';

class NativePoint {
  /** x ‖ y; undefined for the identity, which the library cannot hold. Never handed out. */
  readonly bytes: Uint8Array | undefined;

  constructor(bytes: Uint8Array | undefined) {
    this.bytes = bytes;
  }
}

export function nativeSecp256k1(library: Secp256k1Library, backend: string): Curve {
  const scalar = scalarField(SECP256K1_ORDER, nativeArithmetic(library));
  const wrap = (bytes: Uint8Array): Point => new NativePoint(bytes) as unknown as Point;
  const result = (uncompressed: Uint8Array): Point => wrap(uncompressed.slice(1));
  const identity = new NativePoint(undefined) as unknown as Point;
  const read = (p: Point): Uint8Array | undefined => {
    check(p instanceof NativePoint, 'E_POINT', 'A point of another curve.');
    return p.bytes;
  };
  const notIdentity = (p: Point): Uint8Array => {
    const bytes = read(p);
    check(bytes !== undefined, 'E_POINT', 'The identity has no encoding.');
    return bytes;
  };
  const parse = (bytes: Uint8Array): Point => {
    try {
      return result(library.publicKeyConvert(bytes, false, output));
    } catch (cause) {
      refuse('E_POINT', 'Not a valid point.', { cause });
    }
  };
  const isCompressed = (bytes: unknown): bytes is Uint8Array =>
    isBytes(bytes) && bytes.length === 33 && (bytes[0] === 2 || bytes[0] === 3);
  const combine = (keys: Uint8Array[]): Point => {
    if (keys.length === 0) return identity;
    if (keys.length === 1) return wrap(keys[0] as Uint8Array);
    try {
      return result(library.publicKeyCombine(keys.map(asInput), false, output));
    } catch (error) {
      if ((error as Error).message === COMBINED_TO_IDENTITY) return identity;
      throw error;
    }
  };
  const sum = (ps: readonly Point[]): Point => combine(ps.map(read).filter((b) => b !== undefined));
  const neg = (p: Point): Point => {
    const bytes = read(p);
    return bytes === undefined ? identity : wrap(negated(bytes));
  };
  const mulBase = (k: Scalar): Point => (isAllZero(k) ? identity : result(library.publicKeyCreate(k, false, output)));
  const base = mulBase(smallScalar(1));
  const mulSmall = (p: Point, k: number): Point => {
    check(Number.isInteger(k) && Math.abs(k) < 2 ** 31, 'E_SCALAR', 'Not a small integer.');
    const bytes = read(p);
    if (bytes === undefined || k === 0) return identity;
    const signed = k < 0 ? negated(bytes) : bytes;
    // ecmult stops at the top bit of the scalar, so this costs about as much as one addition.
    if (Math.abs(k) === 1) return wrap(signed);
    return result(library.publicKeyTweakMul(asInput(signed), smallScalar(Math.abs(k)), false, output));
  };
  // The library adds any number of points in one call, half a microsecond each; calling it costs six, and mulSmall seven.
  const sumSmall = (terms: readonly { readonly k: number; readonly p: Point }[]): Point => {
    const keys: Uint8Array[] = [];
    for (const { k, p } of terms) {
      const multiple = Math.abs(k) <= REPEATED_MAX ? (k < 0 ? neg(p) : p) : mulSmall(p, k);
      const bytes = read(multiple);
      const times = Math.abs(k) <= REPEATED_MAX ? Math.abs(k) : 1;
      check(Number.isInteger(times), 'E_SCALAR', 'Not a small integer.');
      if (bytes !== undefined) for (let copy = 0; copy < times; copy++) keys.push(bytes);
    }
    return combine(keys);
  };
  const mulPublic = (p: Point, k: Scalar): Point => {
    const bytes = read(p);
    if (bytes === undefined) return identity;
    const small = asSmall(k, ORDER_BYTES);
    if (small !== undefined) return mulSmall(p, small);
    return p === base ? mulBase(k) : result(library.publicKeyTweakMul(asInput(bytes), k, false, output));
  };

  const decodePoint = (bytes: Uint8Array): Point => {
    check(isCompressed(bytes), 'E_POINT', 'A point is 33 bytes with prefix 02 or 03.');
    return parse(bytes);
  };

  return {
    name: 'secp256k1',
    order: SECP256K1_ORDER,
    scalar,
    pointBytes: 33,
    base,
    identity,
    backend,
    decodePoint,
    encodePoint: (p) => compress(notIdentity(p)),
    encodePoints: (ps) => ps.map((p) => compress(notIdentity(p))),
    encodeUncompressed: (p) => new Uint8Array(asInput(notIdentity(p))),
    decodePointLenient(bytes) {
      // The library would also take the hybrid prefixes 06 and 07.
      const isUncompressed = isBytes(bytes) && bytes.length === 65 && bytes[0] === 4;
      check(isUncompressed || isCompressed(bytes), 'E_POINT', 'Not an encoded point.');
      return parse(bytes);
    },
    isIdentity: (p) => read(p) === undefined,
    equals(a, b) {
      const [left, right] = [read(a), read(b)];
      return left === undefined || right === undefined ? left === right : equalBytes(left, right);
    },
    add: (a, b) => sum([a, b]),
    sub: (a, b) => sum([a, neg(b)]),
    neg,
    sum,
    mulBase,
    mulSecret(p, k) {
      const bytes = read(p);
      if (bytes === undefined || isAllZero(k)) return identity;
      const product = new Uint8Array(64);
      const options = { hashfn: noHash, xbuf: product.subarray(0, 32), ybuf: product.subarray(32) };
      library.ecdh(asInput(bytes), k, options, NOTHING);
      return wrap(product);
    },
    mulPublic,
    mulEncoded: (bytes, k) => mulPublic(decodePoint(bytes), k),
    mulSmall,
    sumSmall,
    linear: (terms) => sum(terms.map((term) => mulPublic(term.p, term.k))),
    affine(p) {
      const bytes = notIdentity(p);
      return { x: bytes.slice(0, 32), yOdd: ((bytes[63] as number) & 1) === 1 };
    },
  };
}

/** y becomes p − y. No point has y = 0: the order of the curve is odd. A tenth of a call into the library. */
function negated(xy: Uint8Array): Uint8Array {
  const out = new Uint8Array(xy);
  let borrow = 0;
  for (let k = 31; k >= 0; k--) {
    const d = (FIELD_BYTES[k] as number) - (xy[32 + k] as number) - borrow;
    out[32 + k] = d;
    borrow = (d >> 8) & 1;
  }
  return out;
}

function compress(xy: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(33);
  bytes[0] = 2 | ((xy[63] as number) & 1);
  bytes.set(xy.subarray(0, 32), 1);
  return bytes;
}

/** Where the library writes a point. Read at once: the next call writes there too. */
const output = new Uint8Array(65);
const inputs: Uint8Array[] = [];

/** x ‖ y as the library takes it, valid until the next call: the `at`-th argument of one call. */
function asInput(xy: Uint8Array, at = 0): Uint8Array {
  const input = inputs[at] ?? new Uint8Array(65);
  inputs[at] = input;
  input[0] = 4;
  input.set(xy, 1);
  return input;
}

/** The library refuses zero as an argument and as a result, so zero is handled here. */
function nativeArithmetic(library: Secp256k1Library): ScalarArithmetic {
  const copy = (k: Uint8Array): Scalar => new Uint8Array(k) as Scalar;
  const neg = (a: Scalar): Scalar => {
    const out = copy(a);
    if (!isAllZero(out)) library.privateKeyNegate(out);
    return out;
  };
  const add = (a: Scalar, b: Scalar): Scalar => {
    if (isAllZero(a)) return copy(b);
    const out = copy(a);
    try {
      library.privateKeyTweakAdd(out, b);
    } catch {
      // The library does not say why it refuses: a sum of zero, or a number that is no scalar.
      check(equalBytes(neg(b), a), 'E_SCALAR', 'A scalar is below the group order.');
      return new Uint8Array(32) as Scalar;
    }
    return out;
  };
  const mul = (a: Scalar, b: Scalar): Scalar => {
    if (isAllZero(a) || isAllZero(b)) return new Uint8Array(32) as Scalar;
    const out = copy(a);
    library.privateKeyTweakMul(out, b);
    return out;
  };
  return {
    add,
    mul,
    neg,
    // The library has no inversion. The variable-time one runs on a·h with h = SHA-256(a), masked below q: without
    // a, that product is as good as random, so its timing tells nothing about a. h = 0 would need a preimage.
    invert(a) {
      const h = sha256(a) as Scalar;
      h[0] = (h[0] as number) & 0x7f;
      const blinded = mul(a, h);
      const inverse = bigIntToBytes(invert(bytesToBigInt(blinded), SECP256K1_ORDER), 32) as Scalar;
      const out = mul(inverse, h);
      h.fill(0);
      return out;
    },
    reduce64: reduceWide,
  };
}

/** 2^256 − q, least significant first, 16 bits each. */
const FOLD = limbsOf(bigIntToBytes(2n ** 256n - SECP256K1_ORDER, 18));
const ORDER_LIMBS = limbsOf(ORDER_BYTES);
const HALF_LIMBS = 16;
/**
 * hi·2^256 + lo becomes hi·(2^256 − q) + lo, until it is below 2q: the limbs of hi before each time. From 512 bits to 386,
 * 260, 257; from 417 to 290, 257.
 */
const HIGH_LIMBS = [16, 9, 1, 1] as const;
const HIGH_LIMBS_417 = [11, 3, 1] as const;
/** Zero between two reductions. Products of limbs stay below 2^37, so a number holds every sum exactly. */
const wide = new Float64Array(2 * HALF_LIMBS);
const high = new Float64Array(HALF_LIMBS);

/** 64 big-endian bytes modulo q, the same steps whatever they are: the library has no such call, and two of others cost more. */
function reduceWide(bytes: Uint8Array, bits: number): Scalar {
  for (let k = 0; k < 2 * HALF_LIMBS; k++)
    wide[k] = (bytes[63 - 2 * k] as number) + 256 * (bytes[62 - 2 * k] as number);
  for (const limbs of bits <= 417 ? HIGH_LIMBS_417 : HIGH_LIMBS) {
    for (let k = 0; k < limbs; k++) {
      high[k] = wide[HALF_LIMBS + k] as number;
      wide[HALF_LIMBS + k] = 0;
    }
    for (let k = 0; k < limbs; k++)
      for (let l = 0; l < FOLD.length; l++)
        wide[k + l] = (wide[k + l] as number) + (high[k] as number) * (FOLD[l] as number);
    let carry = 0;
    for (let k = 0; k < HALF_LIMBS + limbs; k++) {
      const limb = (wide[k] as number) + carry;
      carry = Math.floor(limb / 65_536);
      wide[k] = limb - 65_536 * carry;
    }
  }
  // What is left is below 2q: less q, unless that is negative.
  let borrow = 0;
  for (let k = 0; k < HALF_LIMBS; k++) {
    const limb = (wide[k] as number) - (ORDER_LIMBS[k] as number) - borrow;
    borrow = (limb >> 31) & 1;
    high[k] = limb & 0xffff;
  }
  const keep = -borrow & 0xffff;
  const out = new Uint8Array(32) as Scalar;
  for (let k = 0; k < HALF_LIMBS; k++) {
    const limb = ((wide[k] as number) & keep) | ((high[k] as number) & ~keep);
    out[31 - 2 * k] = limb;
    out[30 - 2 * k] = limb >> 8;
  }
  wide.fill(0);
  high.fill(0);
  return out;
}

function limbsOf(bytes: Uint8Array): Float64Array {
  return Float64Array.from({ length: bytes.length / 2 }, (_, k) => {
    const at = bytes.length - 2 - 2 * k;
    return 256 * (bytes[at] as number) + (bytes[at + 1] as number);
  });
}
