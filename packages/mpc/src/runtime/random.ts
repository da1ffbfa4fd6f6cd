/**
 * Hedged randomness for one run. Fresh bytes are hashed with the execution id, the party and, where there is one,
 * a secret of the party: two processes restored from one snapshot draw different nonces in different runs, and a
 * weak source alone does not reveal them (attack row 58).
 */
import { enc, equalBytes, i, sha512 } from '@holdfast/crypto/transcript';
import { check } from './guards.ts';
import type { RunContext } from './types.ts';

const freshBytes = 64;

export interface HedgeOptions {
  /** Distinct per purpose within one run. */
  readonly label: string;
  /** A long-lived secret of this party, e.g. its share. */
  readonly secret?: Uint8Array;
}

export function hedgedRandom(ctx: RunContext, { label, secret }: HedgeOptions): (n: number) => Uint8Array {
  let previous: Uint8Array = new Uint8Array(freshBytes);
  let counter = 0;

  return (n) => {
    const fresh = ctx.env.random(freshBytes);
    check(fresh.length === freshBytes, 'E_RANDOM');
    // A stuck source repeats itself (or answers zeros, the first value compared with).
    check(!equalBytes(fresh, previous), 'E_RANDOM');
    previous = fresh;
    counter += 1;
    const out = new Uint8Array(n);
    for (let block = 0; block * 64 < n; block += 1) {
      const bytes = sha512(
        enc(
          'mpc/random/v1',
          i.bytes(ctx.execId),
          i.uint(ctx.self),
          i.text(label),
          i.uint(counter),
          i.uint(block),
          secret === undefined ? i.absent : i.bytes(secret),
          i.bytes(fresh),
        ),
      );
      out.set(bytes.subarray(0, Math.min(64, n - block * 64)), block * 64);
      bytes.fill(0);
    }
    return out;
  };
}
