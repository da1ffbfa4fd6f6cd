/** The four primes of one party, in the form in which they are stored, sealed and wiped. */
import { findSafePrime, fromBytes, isProbablePrime, type RandomBytes, toBytes } from '@holdfast/crypto/bigmod';
import { type AuxOwn, primeBits } from '../cggmp24/index.ts';

/** Big-endian, 192 bytes each. */
export interface AuxPrimes {
  readonly p: Uint8Array;
  readonly q: Uint8Array;
  readonly pHat: Uint8Array;
  readonly qHat: Uint8Array;
}

export const primeBytes = primeBits / 8;

/** One safe prime of full size. Takes seconds of its thread. */
export function findAuxPrime(random: RandomBytes): Uint8Array {
  return toBytes(findSafePrime(primeBits, random), primeBytes);
}

/** Bigints cannot be wiped: convert late, and where the arithmetic happens. */
export function auxOwn({ p, q, pHat, qHat }: AuxPrimes): Required<AuxOwn> {
  return { p: fromBytes(p), q: fromBytes(q), pHat: fromBytes(pHat), qHat: fromBytes(qHat) };
}

/** Four different numbers of full length, ≡ 3 mod 4. Whether they are primes takes `isSafePrime`, which is slow. */
export function areAuxPrimes(primes: AuxPrimes): boolean {
  const all = [primes.p, primes.q, primes.pHat, primes.qHat];
  if (!all.every((bytes) => bytes.length === primeBytes && (bytes[0] as number) >= 0xc0)) return false;
  if (!all.every((bytes) => ((bytes[primeBytes - 1] as number) & 3) === 3)) return false;
  return new Set(all.map((bytes) => fromBytes(bytes))).size === all.length;
}

/** A prime that was stored and comes back: half a second of work. */
export function isSafePrime(bytes: Uint8Array): boolean {
  const p = fromBytes(bytes);
  return isProbablePrime(p) && isProbablePrime((p - 1n) / 2n);
}
