/** Field elements of Starknet: below 2^251 + 17·2^192 + 1. */
import { keccak, pedersen } from '@scure/starknet';
import { bytesToBigInt } from '../bytes.ts';

export const prime = (1n << 251n) + 17n * (1n << 192n) + 1n;
const printable = /^[\x20-\x7e]*$/;

/** Printable ASCII; other text has no encoding that all libraries agree on. */
export const isPlainText = (text: string): boolean => printable.test(text);

/** At most 31 characters, big-endian; the caller has checked. */
export const shortString = (text: string): bigint => bytesToBigInt(new TextEncoder().encode(text));

/** Pedersen's hash of a list: chained from zero, the length last. */
export function pedersenMany(values: readonly bigint[]): bigint {
  return [...values, BigInt(values.length)].reduce((sum, value) => BigInt(pedersen(sum, value)), 0n);
}

/** Keccak-256 cut to 250 bits: selectors and hashes of types. */
export const selector = (name: string): bigint => keccak(new TextEncoder().encode(name));
