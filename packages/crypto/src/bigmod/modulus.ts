/**
 * Powers modulo big odd numbers. OpenSSL computes them behind node:crypto's Diffie–Hellman object, three to eight
 * times faster than BigInt and, for the exponent, by its constant-time ladder (BN_mod_exp_mont_consttime). That object
 * refuses some arguments and returns nonsense for others, so every call is guarded: docs/specs/big-integers.md.
 */
import { createDiffieHellman, type DiffieHellman } from 'node:crypto';
import { check } from '../errors.ts';
import { bitLength, fromBytes, gcd, inverse, mod, powByBigInt, toBytes } from './integers.ts';

export interface Modulus {
  readonly m: bigint;
  /** base^exponent mod m. A negative exponent inverts the base first and refuses a base without an inverse. */
  pow(base: bigint, exponent: bigint): bigint;
  /** Powers of one base: its inverse is computed once, so that negative exponents cost no more than positive ones. */
  powers(base: bigint): (exponent: bigint) => bigint;
  mul(a: bigint, b: bigint): bigint;
  /** Refuses a value that shares a factor with m. */
  inverse(a: bigint): bigint;
  /** 0 < a < m and gcd(a, m) = 1: membership in Z*_m. Not reduced first: a + m is not a canonical element. */
  isUnit(a: bigint): boolean;
  /** `isUnit` of each, with one gcd for all of them. */
  areUnits(values: readonly bigint[]): boolean;
}

/** OpenSSL's own limits (OPENSSL_DH_MIN_MODULUS_BITS, OPENSSL_DH_MAX_MODULUS_BITS). */
const nativeBitsMin = 512;
const nativeBitsMax = 10_000;
/** Three peers' N, N², N̂ and some more; beyond it the oldest goes, and would be made again in a millisecond. */
const cachedMax = 64;
const cache = new Map<bigint, Modulus>();

/** The modulus object of a public m > 1, kept for the next call. Secret moduli belong in `crtModulus`. */
export function modulus(m: bigint): Modulus {
  const known = cache.get(m);
  if (known !== undefined) return known;
  const made = secretModulus(m);
  if (cache.size >= cachedMax) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest);
      break;
    }
  }
  cache.set(m, made);
  return made;
}

/** A modulus that must not stay behind in the cache, such as a prime of one's own. */
export function secretModulus(m: bigint): Modulus {
  check(m > 1n, 'E_INTEGER', 'A modulus is greater than 1.');
  const power = powerFunction(m);
  const pow = (base: bigint, exponent: bigint): bigint =>
    exponent < 0n ? power(inverse(base, m), -exponent) : power(mod(base, m), exponent);
  const isUnit = (a: bigint): boolean => a > 0n && a < m && gcd(a, m) === 1n;
  return {
    m,
    pow,
    powers: (base) => {
      const plain = mod(base, m);
      // Not at the first negative exponent: the sign of a mask would show in the time.
      const inverted = gcd(plain, m) === 1n ? inverse(plain, m) : undefined;
      return (exponent) => {
        if (exponent >= 0n) return power(plain, exponent);
        return power(inverted ?? inverse(plain, m), -exponent);
      };
    },
    mul: (a, b) => mod(a * b, m),
    inverse: (a) => inverse(a, m),
    isUnit,
    areUnits: (values) => {
      let product = 1n;
      for (const value of values) {
        if (value <= 0n || value >= m) return false;
        product = (product * value) % m;
      }
      // A product is a unit exactly if every factor is one; zero, the gcd with which is m, is none.
      return gcd(product, m) === 1n;
    },
  };
}

/** Which engine computes the powers of a modulus of this size here: OpenSSL where its self-test passed. */
export function powerBackend(m: bigint): 'openssl' | 'bigint' {
  return nativePower(m) === undefined ? 'bigint' : 'openssl';
}

/** For 0 ≤ base < m and exponent ≥ 0. */
type Power = (base: bigint, exponent: bigint) => bigint;

function powerFunction(m: bigint): Power {
  return nativePower(m) ?? ((base, exponent) => powByBigInt(base, exponent, m));
}

function nativePower(m: bigint): Power | undefined {
  return nativeWorks() ? guardedNative(m) : undefined;
}

/** The power through OpenSSL, or undefined where this m is outside what it computes correctly. */
function guardedNative(m: bigint): Power | undefined {
  const bits = bitLength(m);
  if ((m & 1n) === 0n || bits < nativeBitsMin || bits > nativeBitsMax) return undefined;
  let dh: DiffieHellman;
  try {
    dh = createDiffieHellman(toBytes(m), 2);
  } catch {
    return undefined; // A build whose crypto library rejects such a group computes with BigInt.
  }
  const minusOne = m - 1n;
  /** Undefined where OpenSSL would not say: the base or the result is 0, 1 or m−1. */
  const raw = (base: bigint, exponent: bigint): bigint | undefined => {
    const secret = toBytes(exponent);
    let bytes: Uint8Array;
    try {
      dh.setPrivateKey(secret);
      bytes = dh.computeSecret(toBytes(base));
    } catch {
      return undefined;
    } finally {
      secret.fill(0);
      // OpenSSL clears the exponent it held when it gets the next one.
      dh.setPrivateKey(one);
    }
    const result = fromBytes(bytes);
    return result > 1n && result < minusOne ? result : undefined;
  };
  const power: Power = (base, exponent) => {
    if (exponent === 0n) return 1n;
    if (base <= 1n) return base;
    if (base === minusOne) return (exponent & 1n) === 0n ? 1n : minusOne;
    const result = raw(base, exponent);
    if (result !== undefined) return result;
    // The result is 0, 1 or −1. Times the base it is none of them (0 aside), and still takes constant time.
    const next = raw(base, exponent + 1n);
    if (next === base) return 1n;
    if (next === m - base) return minusOne;
    return powByBigInt(base, exponent, m); // A base that shares a factor with m.
  };
  // Against BigInt once per modulus, with an exponent short enough to cost nothing.
  return power(probe.base, probe.exponent) === powByBigInt(probe.base, probe.exponent, m) ? power : undefined;
}

const one = Uint8Array.of(1);
const probe = { base: 0x9e3779b97f4a7c15f39cc0605cedc835n, exponent: 0x1_0001n };

let works: boolean | undefined;

/**
 * Known answers against BigInt before first use. 2^521−1 is prime, so Fermat's theorem gives results 1 and −1, which
 * OpenSSL refuses; the longer moduli are odd numbers without structure.
 */
function nativeWorks(): boolean {
  works ??= [521, 1536, 3072, 6144].every((bits) => {
    const m = bits === 521 ? (1n << 521n) - 1n : (1n << BigInt(bits)) - (1n << BigInt(bits >> 1)) + probe.base;
    const power = guardedNative(m);
    const exponents = bits === 521 ? [m - 1n, (m - 1n) >> 1n, m, probe.base] : [probe.base, 1n, 2n];
    return (
      power !== undefined &&
      [2n, 3n, m - 2n, probe.base].every((b) => exponents.every((e) => power(b, e) === powByBigInt(b, e, m)))
    );
  });
  return works;
}
