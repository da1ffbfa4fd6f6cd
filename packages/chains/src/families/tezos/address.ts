/** Tezos' base58check names, each kind with a prefix of its own (octez: src/lib_crypto/base58.ml). */

import { blake2b } from '@noble/hashes/blake2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { createBase58check } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { concat, equal } from '../bytes.ts';
import type { PublicKeyRef } from '../types.ts';

const base58check = createBase58check(sha256);

interface Kind {
  readonly prefix: Uint8Array;
  /** Bytes behind the prefix. */
  readonly size: number;
}
/** In the order of the tags that operations give them. */
const implicit: readonly Kind[] = [
  { prefix: Uint8Array.of(6, 161, 159), size: 20 }, // tz1, Ed25519
  { prefix: Uint8Array.of(6, 161, 161), size: 20 }, // tz2, secp256k1
  { prefix: Uint8Array.of(6, 161, 164), size: 20 }, // tz3, P-256
  { prefix: Uint8Array.of(6, 161, 166), size: 20 }, // tz4, BLS
];
const originated: Kind = { prefix: Uint8Array.of(2, 90, 121), size: 20 }; // KT1
const rollup: Kind = { prefix: Uint8Array.of(6, 124, 117), size: 20 }; // sr1
const block: Kind = { prefix: Uint8Array.of(1, 52), size: 32 };
const operation: Kind = { prefix: Uint8Array.of(5, 116), size: 32 };

/** 21 bytes: tag of the curve, then BLAKE2b-160 of the key. */
export function ownHash(key: PublicKeyRef): Uint8Array {
  return concat(Uint8Array.of(curveTag(key)), blake2b(key.publicKey, { dkLen: 20 }));
}

export function curveTag(key: PublicKeyRef): number {
  return key.curve === 'ed25519' ? 0 : 1;
}

/** 21 bytes, as a source; or 22, as a destination. */
export function encodeAddress(bytes: Uint8Array): string {
  if (bytes.length === 21) return encode(implicit[bytes[0] ?? 0] ?? bug(), bytes.subarray(1));
  if (bytes[0] === 0) return encodeAddress(bytes.subarray(1));
  return encode(bytes[0] === 1 ? originated : rollup, bytes.subarray(1, 21));
}

/** 22 bytes, as a destination is written in an operation. */
export function decodeDestination(text: string, path: string): Uint8Array {
  check(
    /^(tz[1-4]|KT1)[1-9A-HJ-NP-Za-km-z]{33}$/.test(text),
    path,
    'is not a Tezos address (tz1, tz2, tz3, tz4 or KT1)',
  );
  const bytes = decode(text, path);
  for (const [tag, kind] of implicit.entries()) {
    const hash = strip(bytes, kind);
    if (hash !== undefined) return concat(Uint8Array.of(0, tag), hash);
  }
  const hash = strip(bytes, originated) ?? refuse(path, 'is not a Tezos address');
  return concat(Uint8Array.of(1), hash, Uint8Array.of(0));
}

/** 32 bytes. */
export function decodeBlock(text: string): Uint8Array | undefined {
  try {
    return strip(base58check.decode(text), block);
  } catch {
    // The library throws on characters and checksums; the caller says what was expected.
    return undefined;
  }
}

export function encodeOperation(hash: Uint8Array): string {
  return encode(operation, hash);
}

export function encodeBlock(hash: Uint8Array): string {
  return encode(block, hash);
}

function encode(kind: Kind, bytes: Uint8Array): string {
  return base58check.encode(concat(kind.prefix, bytes));
}

function decode(text: string, path: string): Uint8Array {
  try {
    return base58check.decode(text);
  } catch {
    // Its message is about the library, not about the address.
    refuse(path, 'is not a Tezos address: its checksum is wrong');
  }
}

function strip(bytes: Uint8Array, { prefix, size }: Kind): Uint8Array | undefined {
  const matches = bytes.length === prefix.length + size && equal(bytes.subarray(0, prefix.length), prefix);
  return matches ? bytes.slice(prefix.length) : undefined;
}

function bug(): never {
  throw new Error('bug: an address of a curve that was never parsed');
}
