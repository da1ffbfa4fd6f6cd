/**
 * Scalars as 32 big-endian bytes: what every backend does in the same way. Comparisons and the conditional
 * subtraction look at every byte whatever the value is.
 */
import { bigIntToBytes, bytesToBigInt, equalBytes, isAllZero, isBytes } from '../bytes.ts';
import { check, refuse } from '../errors.ts';
import type { Scalar, ScalarField } from './types.ts';

/** Draws before a source of randomness is called broken; an honest one fails this with probability below 2^-128. */
const DRAWS_MAX = 256;

/** Bounds of sumSmall: 2^20·2^384 stays below 2^160·q, and 2^20 bytes far within 32 bits. */
const SUMMAND_BYTES_MAX = 48;
const SMALL_SUM_MAX = 2 ** 20;
const WIDE_BYTES = 64;
const WORD_BYTES = 4;
/** 2^160·q and 2^404 on either side of it, for an order below 2^256. */
const SUM_BITS = 417;

/** The backend's part of a scalar field. Arguments are valid scalars; results are fresh arrays. */
export interface ScalarArithmetic {
  add(a: Scalar, b: Scalar): Scalar;
  mul(a: Scalar, b: Scalar): Scalar;
  neg(a: Scalar): Scalar;
  /** The argument is not zero. */
  invert(a: Scalar): Scalar;
  /** 64 big-endian bytes modulo the order, of a number below 2^bits; the bound is public, the number may be secret. */
  reduce64(bytes: Uint8Array, bits: number): Scalar;
}

export function scalarField(order: bigint, arithmetic: ScalarArithmetic): ScalarField {
  const orderBytes = bigIntToBytes(order, 32);
  const offset = bigIntToBytes(order << 160n, WIDE_BYTES);
  const offsetWords = new DataView(offset.buffer, offset.byteOffset, WIDE_BYTES);
  /** Zero between two sums; kept, because asking an array for its memory moves it off the collector's heap. */
  const wideSum = new Uint8Array(WIDE_BYTES);
  const words = new DataView(wideSum.buffer);
  const topMask = 0xff >> (256 - order.toString(2).length);

  return {
    order,
    // Fresh each time: a caller may wipe what it was given.
    get zero() {
      return new Uint8Array(32) as Scalar;
    },
    get one() {
      return smallScalar(1);
    },
    decode(bytes) {
      check(isBytes(bytes) && bytes.length === 32, 'E_SCALAR', 'A scalar is 32 bytes.');
      check(isBelow(bytes, orderBytes), 'E_SCALAR', 'A scalar is below the group order.');
      return new Uint8Array(bytes) as Scalar;
    },
    fromBigInt(value) {
      const rest = value % order;
      return bigIntToBytes(rest < 0n ? rest + order : rest, 32) as Scalar;
    },
    toBigInt: (k) => bytesToBigInt(k),
    reduce(bytes) {
      check(isBytes(bytes) && bytes.length >= 32 && bytes.length <= 64, 'E_SCALAR', 'Reduces 32 to 64 bytes.');
      const wide = new Uint8Array(64);
      wide.set(bytes, 64 - bytes.length);
      const reduced = arithmetic.reduce64(wide, 8 * WIDE_BYTES);
      wide.fill(0);
      return reduced;
    },
    sumSmall(terms) {
      let total = 0;
      for (const { k, v } of terms) {
        total += Math.abs(k);
        check(Number.isInteger(k) && total <= SMALL_SUM_MAX, 'E_SCALAR', 'Not small integers.');
        check(v.length <= SUMMAND_BYTES_MAX, 'E_SCALAR', 'Adds up to 48 bytes.');
      }
      for (let t = 0; t < terms.length; t++) addDigits(terms[t] as (typeof terms)[0]);
      // A digit may be negative and above a byte; 2^160·q makes the whole positive.
      const wide = wideSum;
      let carry = 0;
      for (let b = 1; b <= WIDE_BYTES; b++) {
        const own = b <= SUMMAND_BYTES_MAX ? (digits[SUMMAND_BYTES_MAX - b] as number) : 0;
        const digit = own + (offset[WIDE_BYTES - b] as number) + carry;
        wide[WIDE_BYTES - b] = digit;
        carry = digit >> 8;
      }
      digits.fill(0);
      const reduced = arithmetic.reduce64(wide, SUM_BITS);
      wide.fill(0);
      return reduced;
    },
    sumBlocks({ streams, width, at, weights }) {
      check(areSmall(weights) && streams.length === weights.length, 'E_SCALAR', 'Not small integers.');
      let carry = 0;
      for (let b = WIDE_BYTES - WORD_BYTES; b >= 0; b -= WORD_BYTES) {
        const own = b - (WIDE_BYTES - width);
        let digit = offsetWords.getUint32(b) + carry;
        if (own >= 0)
          for (let s = 0; s < streams.length; s++) {
            const each = weights[s] as readonly number[];
            for (let l = 0; l < each.length; l++)
              digit += (each[l] as number) * (streams[s] as DataView).getUint32(at + l * width + own);
          }
        // Below 2^53 in absolute value, hence exact.
        carry = Math.floor(digit / 2 ** 32);
        words.setUint32(b, digit - carry * 2 ** 32);
      }
      const reduced = arithmetic.reduce64(wideSum, SUM_BITS);
      wideSum.fill(0);
      return reduced;
    },
    requireAll(bytes) {
      check(isBytes(bytes) && bytes.length % 32 === 0, 'E_SCALAR', 'A scalar is 32 bytes.');
      let above = 0;
      for (let at = 0; at < bytes.length; at += 32) {
        let borrow = 0;
        for (let k = 31; k >= 0; k--)
          borrow = (((bytes[at + k] as number) - (orderBytes[k] as number) - borrow) >> 8) & 1;
        above |= borrow ^ 1;
      }
      check(above === 0, 'E_SCALAR', 'A scalar is below the group order.');
    },
    random(random) {
      for (let draw = 0; draw < DRAWS_MAX; draw++) {
        const drawn = random(32);
        check(
          isBytes(drawn) && drawn.length === 32,
          'E_SCALAR',
          'The source of randomness gave a wrong number of bytes.',
        );
        const candidate = new Uint8Array(drawn);
        candidate[0] = (candidate[0] as number) & topMask;
        // Whether a draw was thrown away says nothing about the one that is kept.
        if (isBelow(candidate, orderBytes) && !isAllZero(candidate)) return candidate as Scalar;
      }
      refuse('E_SCALAR', 'The source of randomness is broken.');
    },
    isZero: isAllZero,
    equals: equalBytes,
    add: arithmetic.add,
    sub: (a, b) => arithmetic.add(a, arithmetic.neg(b)),
    mul: arithmetic.mul,
    neg: arithmetic.neg,
    invert(a) {
      check(!isAllZero(a), 'E_SCALAR', 'Zero has no inverse.');
      return arithmetic.invert(a);
    },
  };
}

/** Whoever adds columns does so with the same weights again and again. */
const knownSmall = new WeakSet<readonly (readonly number[])[]>();

function areSmall(weights: readonly (readonly number[])[]): boolean {
  if (knownSmall.has(weights)) return true;
  const all = weights.flat();
  if (!all.every(Number.isInteger) || all.reduce((sum, k) => sum + Math.abs(k), 0) > SMALL_SUM_MAX) return false;
  // Another array written to later is the caller's own fault; frozen, it cannot be.
  for (const each of weights) Object.freeze(each);
  knownSmall.add(Object.freeze(weights));
  return true;
}

/** Zero between two sums. One for all, since an array of this size is not made in the collector's heap. */
const digits = new Int32Array(SUMMAND_BYTES_MAX);

/** Digit by digit, without carry. */
function addDigits({ k, v }: { readonly k: number; readonly v: Uint8Array }): void {
  const shift = SUMMAND_BYTES_MAX - v.length;
  for (let b = 0; b < v.length; b++) digits[shift + b] = (digits[shift + b] as number) + k * (v[b] as number);
}

/** A scalar from a small non-negative integer. */
export function smallScalar(value: number): Scalar {
  const bytes = new Uint8Array(32);
  bytes[28] = value >>> 24;
  bytes[29] = value >>> 16;
  bytes[30] = value >>> 8;
  bytes[31] = value;
  return bytes as Scalar;
}

/** a < b for two big-endian numbers of the same length, in constant time. */
export function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  let borrow = 0;
  for (let k = a.length - 1; k >= 0; k--) borrow = (((a[k] as number) - (b[k] as number) - borrow) >> 8) & 1;
  return borrow === 1;
}

/** value − order where value ≥ order, value otherwise; in constant time. */
export function subtractOnce(value: Uint8Array, order: Uint8Array): Uint8Array {
  const difference = new Uint8Array(value.length);
  let borrow = 0;
  for (let k = value.length - 1; k >= 0; k--) {
    const d = (value[k] as number) - (order[k] as number) - borrow;
    difference[k] = d;
    borrow = (d >> 8) & 1;
  }
  const keep = -borrow & 0xff;
  for (let k = 0; k < value.length; k++) {
    difference[k] = ((value[k] as number) & keep) | ((difference[k] as number) & ~keep);
  }
  return difference;
}

/** k as an integer of absolute value below 2^31, where k or order − k is that small. For public scalars. */
export function asSmall(k: Scalar, orderBytes: Uint8Array): number | undefined {
  if (isPrefixZero(k)) return low32(k);
  for (let b = 0; b < 16; b++) if (k[b] !== orderBytes[b]) return undefined;
  const difference = bytesToBigInt(orderBytes) - bytesToBigInt(k);
  return difference < 0x80000000n ? -Number(difference) : undefined;
}

function isPrefixZero(k: Uint8Array): boolean {
  for (let b = 0; b < 28; b++) if (k[b] !== 0) return false;
  return (k[28] as number) < 0x80;
}

function low32(k: Uint8Array): number {
  return (((k[28] as number) << 24) | ((k[29] as number) << 16) | ((k[30] as number) << 8) | (k[31] as number)) >>> 0;
}
