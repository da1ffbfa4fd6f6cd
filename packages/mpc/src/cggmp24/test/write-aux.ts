/**
 * Writes vectors/aux: five signers' auxiliary material at full size, secrets included, for tests. Takes minutes.
 *
 *     node packages/mpc/dist/cggmp24/test/write-aux.js --anew
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { crtModulus, randomBelow, randomUnit, safePrime } from '@holdfast/crypto/bigmod';
import { primeBits } from '../parameters.ts';
import { auxFile, type TestAuxText } from './aux-fixtures.ts';

const parties = 5;

// Test runners run whatever lies in a folder of this name.
const wanted = process.argv.includes('--anew');

for (let index = 1; wanted && index <= parties; index += 1) {
  const p = await safePrime(primeBits);
  const q = await safePrime(primeBits);
  const pHat = await safePrime(primeBits);
  const qHat = await safePrime(primeBits);
  const { m: NHat, pow } = crtModulus(pHat, qHat, 1);
  const tau = randomUnit(randomBytes, NHat);
  const t = (tau * tau) % NHat;
  const lambda = randomBelow(randomBytes, ((pHat - 1n) * (qHat - 1n)) / 4n);
  const values = { p, q, pHat, qHat, lambda, N: p * q, NHat, s: pow(t, lambda), t };
  const text = Object.fromEntries(Object.entries(values).map(([name, v]) => [name, v.toString(16)])) as TestAuxText;
  writeFileSync(auxFile(index), `${JSON.stringify(text, undefined, 2)}\n`);
}
