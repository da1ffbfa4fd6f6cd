/** Seeded randomness for tests: the same seed gives the same run, byte for byte. */
import { createHash } from 'node:crypto';

export interface SeededRandom {
  bytes(n: number): Uint8Array;
  /** Uniform enough in 0…bound−1 for scheduling. */
  below(bound: number): number;
  chance(probability: number): boolean;
  /** An independent stream. */
  fork(label: string): SeededRandom;
}

export function seededRandom(seed: string): SeededRandom {
  let counter = 0;
  let pool: Uint8Array = new Uint8Array(0);

  function bytes(n: number): Uint8Array {
    const out = new Uint8Array(n);
    for (let at = 0; at < n; ) {
      if (pool.length === 0) {
        pool = createHash('sha512').update(`${seed}\n${counter}`).digest();
        counter += 1;
      }
      const part = pool.subarray(0, n - at);
      out.set(part, at);
      at += part.length;
      pool = pool.subarray(part.length);
    }
    return out;
  }

  const below = (bound: number): number => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes(4);
    return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % bound;
  };

  return {
    bytes,
    below,
    chance: (probability) => below(1_000_000) < probability * 1_000_000,
    fork: (label) => seededRandom(`${seed}/${label}`),
  };
}

/** Runs a randomised test body; a failure names the seed that repeats it. */
export function underSeed<T>(seed: string, body: (seed: string) => T): T {
  try {
    return body(seed);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`with seed "${seed}": ${message}`, { cause });
  }
}
