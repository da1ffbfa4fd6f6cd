/** Randomness of the suite's cases: SHA-256 in counter mode over a printed seed, so that a failure can be run again. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToBigInt, concat } from '../families/bytes.ts';

export interface Random {
  bytes(length: number): Uint8Array;
  /** 0 ≤ value < below. */
  int(below: number): number;
  /** min ≤ value ≤ max, every bit length about equally often, so that the edges of encodings are met. */
  amount(max: bigint, min?: bigint): bigint;
  pick<T>(from: readonly T[]): T;
  chance(oneIn: number): boolean;
}

export function seededRandom(seed: string): Random {
  const start = new TextEncoder().encode(`holdfast conformance ${seed} `);
  let counter = 0;
  let pool = new Uint8Array(0);
  const bytes = (length: number): Uint8Array => {
    while (pool.length < length) {
      pool = concat(pool, sha256(concat(start, new TextEncoder().encode(String(counter))))) as Uint8Array<ArrayBuffer>;
      counter += 1;
    }
    const out = pool.slice(0, length);
    pool = pool.slice(length);
    return out;
  };
  // The bias of 48 bits over a few thousand choices does not matter to a test.
  const int = (below: number) => Number(bytesToBigInt(bytes(6)) % BigInt(below));
  return {
    bytes,
    int,
    amount(max, min = 1n) {
      const bits = 1 + int(max.toString(2).length);
      const value = bytesToBigInt(bytes(32)) % (1n << BigInt(bits));
      return value > max ? max : value < min ? min : value;
    },
    pick: (from) => from[int(from.length)] as (typeof from)[number],
    chance: (oneIn) => int(oneIn) === 0,
  };
}
