/** SS58 (docs.polkadot.com, "Accounts"): prefix, 32 bytes, two bytes of a BLAKE2b hash, in base58. */
import { blake2b } from '@noble/hashes/blake2.js';
import { base58 } from '@scure/base';
import { check } from '../../errors/index.ts';
import { concat, equal } from '../bytes.ts';

const marker = new TextEncoder().encode('SS58PRE');

/** Prefixes below 64, which take one byte: all of ours do. */
export function encodeAddress(publicKey: Uint8Array, prefix: number): string {
  const body = concat(Uint8Array.of(prefix), publicKey);
  return base58.encode(concat(body, checksum(body)));
}

/** Prefix of addresses that are meant for any chain. */
const generic = 42;

/** The account of an address of this chain or of any: 32 bytes. */
export function decodeRecipient(text: string, prefix: number, path: string): Uint8Array {
  const account = decodeAddress(text, path);
  const given = base58.decode(text)[0];
  check(given === prefix || given === generic, path, 'is an address of another chain');
  return account;
}

/** The account of an address of any chain with a prefix of one byte: 32 bytes. */
export function decodeAddress(text: string, path: string): Uint8Array {
  check(/^[1-9A-HJ-NP-Za-km-z]{46,48}$/.test(text), path, 'is not an SS58 address');
  const bytes = base58.decode(text);
  check(bytes.length === 35 && (bytes[0] ?? 64) < 64, path, 'is not an SS58 address of an account');
  check(
    equal(checksum(bytes.subarray(0, 33)), bytes.subarray(33)),
    path,
    'is not an SS58 address: its checksum is wrong',
  );
  return bytes.slice(1, 33);
}

function checksum(body: Uint8Array): Uint8Array {
  return blake2b(concat(marker, body), { dkLen: 64 }).subarray(0, 2);
}
