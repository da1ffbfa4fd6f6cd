/**
 * Arithmetic of integers that OpenSSL does not offer to JavaScript: bytes, greatest common divisors, inverses, the
 * Jacobi symbol, integer roots. All of it is variable-time in its arguments: docs/specs/big-integers.md says which of
 * them may be secret and why.
 */
import { bytesToBigInt } from '../bytes.ts';
import { check } from '../errors.ts';

/** Big-endian; no bytes give zero. */
export function fromBytes(bytes: Uint8Array): bigint {
  return bytesToBigInt(bytes);
}

/** Big-endian, left-padded to exactly `length` bytes; without a length as short as it goes (zero = no bytes). */
export function toBytes(value: bigint, length?: number): Uint8Array {
  check(value >= 0n, 'E_INTEGER', 'A negative integer has no unsigned bytes.');
  const text = value === 0n ? '' : value.toString(16);
  const digits = length === undefined ? text.length + (text.length & 1) : 2 * length;
  check(text.length <= digits, 'E_INTEGER', 'The integer needs more bytes than there are.');
  return new Uint8Array(Buffer.from(text.padStart(digits, '0'), 'hex'));
}

export function bitLength(value: bigint): number {
  const text = (value < 0n ? -value : value).toString(16);
  return text === '0' ? 0 : 4 * text.length - (Math.clz32(Number.parseInt(text[0] as string, 16)) - 28);
}

/** The representative in [0, m). */
export function mod(a: bigint, m: bigint): bigint {
  const r = a % m;
  return r < 0n ? r + m : r;
}

export function abs(a: bigint): bigint {
  return a < 0n ? -a : a;
}

export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [abs(a), abs(b)];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** a⁻¹ mod m; refuses where there is none. */
export function inverse(a: bigint, m: bigint): bigint {
  let [r0, r1] = [m, mod(a, m)];
  let [t0, t1] = [0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  check(r0 === 1n && m > 1n, 'E_INTEGER', 'The value has no inverse under this modulus.');
  return mod(t0, m);
}

/** The Jacobi symbol (a/n) of an odd positive n: −1, 0 or 1. */
export function jacobi(a: bigint, n: bigint): -1 | 0 | 1 {
  check(n > 0n && (n & 1n) === 1n, 'E_INTEGER', 'The Jacobi symbol needs an odd positive modulus.');
  let [x, y] = [mod(a, n), n];
  let sign: -1 | 1 = 1;
  while (x !== 0n) {
    const twos = trailingZeros(x);
    x >>= BigInt(twos);
    // (2/y) = −1 exactly for y ≡ ±3 mod 8.
    const low = Number(y & 7n);
    if ((twos & 1) === 1 && (low === 3 || low === 5)) sign = -sign as -1 | 1;
    // Quadratic reciprocity: the sign turns when both are ≡ 3 mod 4.
    if ((low & 3) === 3 && Number(x & 3n) === 3) sign = -sign as -1 | 1;
    [x, y] = [y % x, x];
  }
  return y === 1n ? sign : 0;
}

/** ⌊√n⌋ by Newton's method from above. */
export function isqrt(n: bigint): bigint {
  check(n >= 0n, 'E_INTEGER', 'A negative integer has no square root.');
  if (n < 2n) return n;
  let x = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

/** Square and multiply, for exponents of any size ≥ 0. Variable-time in everything: the last resort of `modulus`. */
export function powByBigInt(base: bigint, exponent: bigint, m: bigint): bigint {
  let result = 1n % m;
  const b = mod(base, m);
  for (const bit of exponent.toString(2)) {
    result = (result * result) % m;
    if (bit === '1') result = (result * b) % m;
  }
  return exponent === 0n ? 1n % m : result;
}

function trailingZeros(x: bigint): number {
  let count = 0;
  for (let rest = x; ; rest >>= 32n) {
    const word = Number(rest & 0xffff_ffffn);
    if (word !== 0) return count + 31 - Math.clz32(word & -word);
    count += 32;
  }
}
