/**
 * Ready-made auxiliary material at full size, so that tests need not search for twenty safe primes. Its secrets are
 * published in vectors/aux: scripts/check-rooms.mjs keeps this folder out of everything that is not a test.
 */
import { readFileSync } from 'node:fs';
import type { AuxOwn, AuxPublic } from '../parameters.ts';

/** Hex integers. */
export type TestAuxText = Readonly<Record<'p' | 'q' | 'pHat' | 'qHat' | 'lambda' | 'N' | 'NHat' | 's' | 't', string>>;

export interface TestAux {
  readonly own: Required<AuxOwn>;
  /** s = t^λ mod N̂; erased after set-up everywhere but here. */
  readonly lambda: bigint;
  readonly public: AuxPublic;
}

export const testAuxCount = 5;

export function auxFile(index: number): URL {
  return new URL(`../../../../../vectors/aux/${index}.json`, import.meta.url);
}

const loaded = new Map<number, TestAux>();

/** The material of party 1 … 5; the same object at every call. */
export function testAux(index: number): TestAux {
  const known = loaded.get(index);
  if (known !== undefined) return known;
  const text = JSON.parse(readFileSync(auxFile(index), 'utf8')) as TestAuxText;
  const read = (name: keyof TestAuxText): bigint => BigInt(`0x${text[name]}`);
  const made: TestAux = {
    own: { p: read('p'), q: read('q'), pHat: read('pHat'), qHat: read('qHat') },
    lambda: read('lambda'),
    public: { N: read('N'), ringPedersen: { N: read('NHat'), s: read('s'), t: read('t') } },
  };
  loaded.set(index, made);
  return made;
}

/** The public values of parties 1 … n by index, as a signing run takes them. */
export function testAuxPublics(n = testAuxCount): ReadonlyMap<number, AuxPublic> {
  return new Map(Array.from({ length: n }, (_, k) => [k + 1, testAux(k + 1).public]));
}
