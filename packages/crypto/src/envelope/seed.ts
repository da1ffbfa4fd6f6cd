/** From the private keys that people hold to the scalars that are shared. */
import { sha512 } from '@noble/hashes/sha2.js';
import { bigIntToBytes, bytesToBigInt, isBytes } from '../bytes.ts';
import { ED25519_ORDER } from '../curves/parameters.ts';
import { check } from '../errors.ts';

/**
 * The scalar of an Ed25519 seed (RFC 8032 §5.1.5) modulo the group order, 32 bytes big-endian. The prefix half of
 * the hash is dropped: shares cannot make the deterministic signatures of the seed, only ones that verify alike.
 */
export function ed25519ScalarOfSeed(seed: Uint8Array): Uint8Array {
  check(isBytes(seed) && seed.length === 32, 'E_SCALAR', 'An Ed25519 seed is 32 bytes.');
  const hash = sha512(seed);
  const s = hash.slice(0, 32);
  hash.fill(0);
  s[0] = (s[0] as number) & 0xf8;
  s[31] = ((s[31] as number) & 0x7f) | 0x40;
  const scalar = bigIntToBytes(bytesToBigInt(s.reverse()) % ED25519_ORDER, 32);
  s.fill(0);
  return scalar;
}
