/** Primes: OpenSSL's own search, one that can be interrupted, and OpenSSL's test of 64 rounds (128 above 2048 bits). */
import { checkPrimeSync, constants, createPublicKey, generatePrime, publicEncrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { check } from '../errors.ts';
import { fromBytes, toBytes } from './integers.ts';
import { type RandomBytes, randomBelow } from './random.ts';

const generate = promisify(
  (bits: number, done: (error: Error | null, prime: bigint) => void) =>
    void generatePrime(bits, { safe: true, bigint: true }, done),
);

/** Miller–Rabin with random bases; a composite chosen by an adversary passes with probability below 2^−128. */
export function isProbablePrime(n: bigint): boolean {
  return n > 1n && checkPrimeSync(toBytes(n));
}

/**
 * A random prime p of exactly `bits` bits, its two top bits set, with (p−1)/2 prime too; p ≡ 3 mod 4. Runs in the
 * thread pool and takes seconds at 1536 bits.
 */
export async function safePrime(bits: number): Promise<bigint> {
  check(Number.isSafeInteger(bits) && bits >= 64 && bits <= 4096, 'E_INTEGER', 'A safe prime has 64 to 4096 bits.');
  const p = await generate(bits);
  check(p >> BigInt(bits - 2) === 3n, 'E_INTEGER', 'The top two bits of a prime are not set.');
  check((p & 3n) === 3n, 'E_INTEGER', 'A safe prime is 3 mod 4.');
  return p;
}

/** Odd primes below this bound are sieved out before OpenSSL sees a candidate. */
const sieveMax = 1 << 20;
/** Candidates of one random start: about as many as there are between two safe primes of 1536 bits. */
const windowSize = 1 << 18;
let smallPrimes: Uint32Array | undefined;

/**
 * The same, searched here and now, three times faster than OpenSSL's search, in steps of a millisecond: a worker thread
 * that does it can be ended at any moment, where a native search holds up the end of the whole process for seconds.
 * Candidates (p−1)/2 follow a random start upwards, as in OpenSSL; sieve and Fermat's test sort out, and what is
 * returned has passed `isProbablePrime`.
 */
export function findSafePrime(bits: number, random: RandomBytes): bigint {
  check(Number.isSafeInteger(bits) && bits >= 64 && bits <= 3072, 'E_INTEGER', 'A safe prime has 64 to 3072 bits.');
  const top = 3n << BigInt(bits - 3);
  for (;;) {
    // (p−1)/2 is odd and has its two top bits set; so then has p.
    const start = (top + randomBelow(random, 1n << BigInt(bits - 3))) | 1n;
    const isOut = sieve(start);
    for (let k = 0; k < windowSize; k += 1) {
      if (isOut[k] === 1) continue;
      const half = start + 2n * BigInt(k);
      const p = 2n * half + 1n;
      if (!passesFermat(half) || !passesFermat(p)) continue;
      if (p >> BigInt(bits - 2) === 3n && isProbablePrime(half) && isProbablePrime(p)) return p;
    }
  }
}

/** Marks k where start + 2k, or twice it plus one, has a small factor. */
function sieve(start: bigint): Uint8Array {
  smallPrimes ??= primesBelow(sieveMax);
  const isOut = new Uint8Array(windowSize);
  for (const r of smallPrimes) {
    const rest = Number(start % BigInt(r));
    const halfOfR = (r + 1) / 2; // 2⁻¹ mod r.
    // start + 2k ≡ 0, and start + 2k ≡ −2⁻¹ ≡ (r−1)/2.
    for (const target of [0, r - halfOfR]) {
      const difference = (target - rest + r) % r;
      const first = (difference & 1) === 0 ? difference / 2 : (difference + r) / 2;
      for (let k = first; k < windowSize; k += r) isOut[k] = 1;
    }
  }
  return isOut;
}

/** Odd primes. */
function primesBelow(bound: number): Uint32Array {
  const isOut = new Uint8Array(bound);
  const primes: number[] = [];
  for (let n = 3; n < bound; n += 2) {
    if (isOut[n] === 1) continue;
    primes.push(n);
    for (let k = n * n; k < bound; k += 2 * n) isOut[k] = 1;
  }
  return Uint32Array.from(primes);
}

/**
 * 2^(n−1) ≡ 1 mod n, by OpenSSL's public RSA operation, which takes any exponent up to 3072 bits. Its test for
 * primality would be as fast on composites, but repeats itself 64 times on every (p−1)/2 that is prime for nothing.
 */
function passesFermat(n: bigint): boolean {
  const bytes = toBytes(n);
  const text = (value: Uint8Array): string => Buffer.from(value).toString('base64url');
  const key = createPublicKey({ key: { kty: 'RSA', n: text(bytes), e: text(toBytes(n - 1n)) }, format: 'jwk' });
  const two = new Uint8Array(bytes.length);
  two[two.length - 1] = 2;
  return fromBytes(publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, two)) === 1n;
}
