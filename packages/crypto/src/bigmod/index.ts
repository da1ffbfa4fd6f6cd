/** Big integers of Paillier and ring-Pedersen: guarded OpenSSL powers, CRT on own moduli, primes, random integers. */
export { type CrtModulus, crtModulus } from './crt.ts';
export {
  abs,
  bitLength,
  fromBytes,
  gcd,
  inverse,
  isqrt,
  jacobi,
  mod,
  powByBigInt,
  toBytes,
} from './integers.ts';
export { type Modulus, modulus, powerBackend, secretModulus } from './modulus.ts';
export { findSafePrime, isProbablePrime, safePrime } from './primes.ts';
export { type RandomBytes, randomBelow, randomSigned, randomUnit } from './random.ts';
