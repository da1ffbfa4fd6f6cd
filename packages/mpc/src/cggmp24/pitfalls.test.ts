/** Entries of the public catalogue of pitfalls that concern the moduli themselves; the rest are rows of the attack table. */
import { equal, ok } from 'node:assert/strict';
import { checkPrimeSync } from 'node:crypto';
import { test } from 'node:test';
import { abs, bitLength, gcd, inverse, isProbablePrime, safePrime } from '@holdfast/crypto/bigmod';
import { modulusBitsMin } from './parameters.ts';
import { testAux, testAuxCount } from './test/index.ts';

test('[pitfall small-d-wiener-bound] the exponents that undo powers of a modulus are far above the reach of Wiener and Boneh–Durfee', () => {
  for (let party = 1; party <= testAuxCount; party += 1) {
    const { own, lambda, public: publics } = testAux(party);
    const { p, q, pHat, qHat } = own;
    // N^-1 mod φ(N) takes N-th roots in Π^mod and Π^dec; Boneh–Durfee reaches N^0.292.
    const d = inverse(publics.N, (p - 1n) * (q - 1n));
    ok(bitLength(d) > modulusBitsMin / 2, `${bitLength(d)} bits`);
    // λ is the secret exponent between the two bases.
    ok(bitLength(lambda) > modulusBitsMin / 2);
    ok(lambda < (pHat - 1n) * (qHat - 1n));
    // Nor are the factors so close together that Fermat's method finds them.
    for (const difference of [abs(p - q), abs(pHat - qHat)]) ok(bitLength(difference) > 1_400);
  }
});

test('[pitfall non-safe-prime-modulus] [pitfall tss-lib-ntilde-safe-primes] the primes that a set-up makes are safe primes', async () => {
  for (let k = 0; k < 3; k += 1) {
    const p = await safePrime(512);
    const half = (p - 1n) / 2n;
    equal(bitLength(p), 512);
    ok(checkPrimeSync(p) && checkPrimeSync(half));
    equal(p % 4n, 3n);
  }
  const moduli = Array.from({ length: testAuxCount }, (_, at) => testAux(at + 1).own);
  for (const { pHat, qHat } of moduli.slice(0, 1))
    for (const prime of [pHat, qHat]) ok(isProbablePrime((prime - 1n) / 2n));
  const primes = moduli.flatMap(({ p, q, pHat, qHat }) => [p, q, pHat, qHat]);
  for (const [at, one] of primes.entries()) for (const other of primes.slice(at + 1)) equal(gcd(one, other), 1n);
});
