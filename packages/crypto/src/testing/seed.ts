/** Randomness of this room's tests: one seed per process, printed, and taken from HOLDFAST_TEST_SEED when set. */
import { randomInt } from 'node:crypto';
import { enc, HashRng, i } from '../transcript/index.ts';

export const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? randomInt(2 ** 31));
console.log(`HOLDFAST_TEST_SEED=${seed}`);

/** A source of randomness that repeats for the same seed and label. */
export function seeded(label: string): (n: number) => Uint8Array {
  const rng = new HashRng(enc('holdfast/test/v1', i.uint(seed), i.text(label)));
  return (n) => rng.bytes(n);
}
