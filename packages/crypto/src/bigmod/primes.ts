/** Primes by OpenSSL: made off the event loop, tested with 64 rounds up to 2048 bits and 128 above. */
import { checkPrimeSync, generatePrime } from 'node:crypto';
import { promisify } from 'node:util';
import { check } from '../errors.ts';
import { toBytes } from './integers.ts';

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
