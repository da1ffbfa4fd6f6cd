/** The real background threads: a prime, a job, and an end in the middle of both. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { isSafePrime, primeBytes } from '@holdfast/mpc/aux-setup';
import { createAuxiliaryEngine } from './index.ts';

test('a thread finds a safe prime of full size, and another carries out jobs', async () => {
  const engine = createAuxiliaryEngine();
  const proofs = engine.proofs();
  const moduli = [
    { from: 1, N: 15n },
    { from: 2, N: 35n },
    { from: 3, N: 77n },
    { from: 4, N: 13n },
  ];

  const [prime, culprits] = await Promise.all([
    engine.prime(),
    proofs.run({ name: 'aux/coprime', input: { self: 1, moduli } }),
  ]);

  equal(prime.length, primeBytes);
  equal((prime[0] as number) >= 0xc0, true);
  equal(isSafePrime(prime), true);
  deepEqual(culprits, [2, 3]);
  engine.close();
});

test('closing ends a search and a job at once', async () => {
  const engine = createAuxiliaryEngine();
  const proofs = engine.proofs();
  const under = [engine.prime(), proofs.run({ name: 'aux/coprime', input: { self: 1, moduli: [] } })];
  const ends = Promise.all(under.map((each) => rejects(each, /ended|stopping/)));

  engine.close();

  await ends;
  await rejects(proofs.run({ name: 'aux/coprime', input: {} }), /stopping/);
});
