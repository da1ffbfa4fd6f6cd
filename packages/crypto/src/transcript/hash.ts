/** Hashes, commitments and challenges over the canonical encoding (docs/specs/encoding.md §3). */
import { sha256 as nobleSha256, sha512 as nobleSha512, sha512_256 as nobleSha512Half } from '@noble/hashes/sha2.js';
import { equalBytes } from '../bytes.ts';
import type { Curve, Scalar } from '../curves/types.ts';
import { check } from '../errors.ts';
import { enc, type Item, i } from './encoding.ts';

type PlatformHash = (algorithm: string, bytes: Uint8Array, form: 'buffer') => Uint8Array;

/** OpenSSL's by way of Node, where there is one: four times as fast. Not imported, for browsers load this file too. */
const platform = (
  globalThis as { process?: { getBuiltinModule?(name: string): { readonly hash?: PlatformHash } | undefined } }
).process?.getBuiltinModule?.('node:crypto')?.hash;

/** The platform's where it has the function and agrees on one input; noble's otherwise. */
function chosen(name: string, noble: (bytes: Uint8Array) => Uint8Array): (bytes: Uint8Array) => Uint8Array {
  // A copy: what the platform gives may be a part of something larger.
  const native = (bytes: Uint8Array): Uint8Array => new Uint8Array((platform as PlatformHash)(name, bytes, 'buffer'));
  const sample = enc('holdfast/hash/v1', i.text(name));
  try {
    if (platform !== undefined && equalBytes(native(sample), noble(sample))) return native;
  } catch {
    // Not every build of OpenSSL has every function.
  }
  return noble;
}

export const sha256: (bytes: Uint8Array) => Uint8Array = chosen('sha256', nobleSha256);

export const sha512: (bytes: Uint8Array) => Uint8Array = chosen('sha512', nobleSha512);

/** SHA-512/256 of FIPS 180-4: its own initial values, not a truncation. */
export const sha512_256: (bytes: Uint8Array) => Uint8Array = chosen('sha512-256', nobleSha512Half);

/**
 * SHA-512(enc(tag, execId, index, payload, u)). The index of the committing party inside the hash stops one party
 * from repeating another's commitment. Open by recomputing and `equalBytes`.
 */
export function hashCommit(
  tag: string,
  execId: Uint8Array,
  index: number,
  payload: Uint8Array,
  u: Uint8Array,
): Uint8Array {
  check(execId.length === 32, 'E_ENCODING', 'An execution id is 32 bytes.');
  check(u.length === 32, 'E_ENCODING', 'The opening of a commitment is 32 bytes.');
  check(Number.isSafeInteger(index) && index >= 1, 'E_ENCODING', 'A party index is 1 or more.');
  return sha512(enc(tag, i.bytes(execId), i.uint(index), i.bytes(payload), i.bytes(u)));
}

/**
 * A deterministic stream: SHA-512(enc("mpc/rng/v1", seed, 0)) ‖ SHA-512(enc("mpc/rng/v1", seed, 1)) ‖ …
 * Every byte is handed out once.
 */
export class HashRng {
  readonly #seed: Uint8Array;
  #counter = 0;
  #block: Uint8Array = new Uint8Array(0);

  constructor(seed: Uint8Array) {
    this.#seed = seed;
  }

  bytes(n: number): Uint8Array {
    const out = new Uint8Array(n);
    for (let at = 0; at < n; ) {
      if (this.#block.length === 0) {
        this.#block = sha512(enc('mpc/rng/v1', i.bytes(this.#seed), i.uint(this.#counter++)));
      }
      const part = this.#block.subarray(0, n - at);
      out.set(part, at);
      at += part.length;
      this.#block = this.#block.subarray(part.length);
    }
    return out;
  }
}

/** The stream of one challenge; its seed is SHA-512(enc(tag, …items)), so that it does not keep long inputs. */
export function challengeRng(tag: string, ...items: readonly Item[]): HashRng {
  return new HashRng(sha512(enc(tag, ...items)));
}

/** chal_q, unsigned: 32 bytes masked to the bit length of the order, drawn again while not below it. */
export function challengeScalar(
  curve: Pick<Curve, 'order' | 'scalar'>,
  tag: string,
  ...items: readonly Item[]
): Scalar {
  const rng = challengeRng(tag, ...items);
  const topBits = curve.order.toString(2).length - 248;
  for (;;) {
    const candidate = rng.bytes(32);
    candidate[0] = (candidate[0] as number) & ((1 << topBits) - 1);
    if (isBelow(candidate, curve.order)) return curve.scalar.decode(candidate);
  }
}

/** chal_bits: `m` challenge bits as zeros and ones, taken from ⌈m/8⌉ fresh bytes, each bit used once. */
export function chalBits(m: number, tag: string, ...items: readonly Item[]): Uint8Array {
  check(Number.isSafeInteger(m) && m >= 1 && m <= 65536, 'E_ENCODING', 'A challenge has 1 to 65536 bits.');
  const bytes = challengeRng(tag, ...items).bytes(Math.ceil(m / 8));
  return Uint8Array.from({ length: m }, (_, k) => ((bytes[k >> 3] as number) >> (k & 7)) & 1);
}

function isBelow(bytes: Uint8Array, order: bigint): boolean {
  const text = order.toString(16).padStart(64, '0');
  for (let k = 0; k < 32; k++) {
    const digit = Number.parseInt(text.slice(2 * k, 2 * k + 2), 16);
    const byte = bytes[k] as number;
    if (byte !== digit) return byte < digit;
  }
  return false;
}
