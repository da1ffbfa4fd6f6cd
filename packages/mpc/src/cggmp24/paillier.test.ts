import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../simulator/index.ts';
import { areMembers, balanced, decryptionKey, encrypt, encryptionKey } from './paillier.ts';
import { testAux } from './test/index.ts';

const aux = testAux(1);
const own = decryptionKey(aux.own);
const peer = encryptionKey(aux.public.N);
const { N } = own;
const random = (seed: string): bigint => BigInt(`0x${Buffer.from(seededRandom(seed).bytes(383)).toString('hex')}`);

test('encrypting with the factors and without gives the same ciphertext, and decrypting the plaintext back', () => {
  for (const m of [0n, 1n, -1n, random('m'), -random('m'), (N - 1n) / 2n, -(N - 1n) / 2n]) {
    const r = random(`r ${m % 97n}`);
    const C = encrypt(own, m, r);

    equal(C, encrypt(peer, m, r));
    equal(own.decrypt(C), m);
    equal(own.randomizerOf(C), r);
  }
  equal(own.decrypt(encrypt(own, N + 5n, 7n)), 5n);
});

test('ciphertexts add and multiply their plaintexts', () => {
  const [a, b] = [random('a') >> 1500n, random('b') >> 2900n];
  const [A, B] = [encrypt(peer, a, random('ra')), encrypt(peer, -b, random('rb'))];

  equal(own.decrypt(peer.byN2.mul(A, B)), a - b);
  equal(own.decrypt(peer.byN2.pow(A, b)), a * b);
  equal(own.decrypt(own.byN2.pow(A, -b)), -a * b);
});

test('row 13: members are what is between 0 and the modulus and shares no factor with it', () => {
  const C = encrypt(peer, 3n, 5n);
  const { p } = aux.own;
  for (const key of [own, peer]) {
    equal(areMembers(key, { ciphertexts: [C, 1n, N * N - 1n], units: [1n, N - 1n] }), true);
    for (const bad of [0n, -C, N, 2n * N, p, p * p, N * N, N * N + C])
      equal(areMembers(key, { ciphertexts: [C, bad] }), false);
    for (const bad of [0n, -1n, N, N + 1n, p, 5n * p])
      equal(areMembers(key, { ciphertexts: [C], units: [1n, bad] }), false);
  }
});

test('an equation with a power is the same whichever side the power stands on', () => {
  const [base, e] = [random('base'), random('e') >> 2800n];
  const right = random('right');
  for (const exponent of [e, -e, 0n]) {
    const left = peer.byN2.mul(right, peer.byN2.pow(base, exponent));
    equal(balanced(peer.byN2, { left, right, base, e: exponent }), true);
    equal(balanced(peer.byN2, { left: left + 1n, right, base, e: exponent }), false);
  }
});
