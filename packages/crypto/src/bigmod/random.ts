/** Uniform integers from a source of bytes, by rejection: no bias, and every draw uses fresh bytes. */
import { check } from '../errors.ts';
import { bitLength, fromBytes, gcd } from './integers.ts';

export type RandomBytes = (n: number) => Uint8Array;

/** Uniform in 0 … m−1. */
export function randomBelow(random: RandomBytes, m: bigint): bigint {
  check(m > 0n, 'E_INTEGER', 'There is no integer to draw.');
  const bits = bitLength(m - 1n);
  const excess = (8 - (bits & 7)) & 7;
  for (;;) {
    const bytes = random((bits + 7) >> 3);
    if (bytes.length > 0) bytes[0] = (bytes[0] as number) & (0xff >> excess);
    const value = fromBytes(bytes);
    bytes.fill(0);
    if (value < m) return value;
  }
}

/** Uniform in Z*_m. */
export function randomUnit(random: RandomBytes, m: bigint): bigint {
  check(m > 1n, 'E_INTEGER', 'A modulus is greater than 1.');
  for (;;) {
    const value = randomBelow(random, m);
    if (gcd(value, m) === 1n) return value;
  }
}

/** Uniform in −bound … bound, both included: the papers' ±B. */
export function randomSigned(random: RandomBytes, bound: bigint): bigint {
  check(bound >= 0n, 'E_INTEGER', 'A bound is not negative.');
  return randomBelow(random, 2n * bound + 1n) - bound;
}
