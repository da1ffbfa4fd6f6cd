/** The account of a key: the last 20 bytes of the keccak of its uncompressed point. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { PublicKeyRef } from '../types.ts';

export function addressBytes(key: PublicKeyRef): Uint8Array {
  const uncompressed = secp256k1.Point.fromBytes(key.publicKey).toBytes(false);
  return keccak_256(uncompressed.subarray(1)).subarray(12);
}
