import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { bitLength, isProbablePrime, modulus } from '@holdfast/crypto/bigmod';
import { primeBits } from '../index.ts';
import { testAux, testAuxCount, testAuxPublics } from './index.ts';

test('the ready-made auxiliary material has full size and is what its README says', () => {
  const primes = new Set<bigint>();
  for (let index = 1; index <= testAuxCount; index += 1) {
    const { own, lambda, public: publics } = testAux(index);
    for (const p of [own.p, own.q, own.pHat, own.qHat]) {
      primes.add(p);
      equal(bitLength(p), primeBits);
      equal(p >> BigInt(primeBits - 2), 3n);
      // The smaller half alone: testing 20 primes with 128 rounds would take seconds.
      if (index === 1) ok(isProbablePrime((p - 1n) / 2n));
      equal(modulus(p).pow(2n, p - 1n), 1n);
    }
    equal(publics.N, own.p * own.q);
    equal(publics.ringPedersen.N, own.pHat * own.qHat);
    const { N, s, t } = publics.ringPedersen;
    equal(modulus(N).pow(t, lambda), s);
  }
  equal(primes.size, 4 * testAuxCount);
  equal(testAuxPublics().get(2), testAux(2).public);
});
