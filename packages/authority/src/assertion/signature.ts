/** Signatures as they arrive, brought to the one form the verify port takes. */
import type { KeyAlgorithm } from '../types/index.ts';

/** Orders of the two curves: SEC 2 §2.4.1 (secp256k1), §2.4.2 (P-256). */
const orders = {
  secp256k1: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  'P-256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
} as const;

const RSA_BYTES_MIN = 256;
const RSA_BYTES_MAX = 1024;

/**
 * ECDSA: strict DER, or r‖s where `raw` allows it, to r‖s with 0 < r, s < n. Anything else: undefined. High s is
 * accepted; replay is settled by the challenge, not by the signature.
 */
export function canonicalSignature(
  algorithm: KeyAlgorithm,
  bytes: Uint8Array,
  o: { readonly raw: boolean },
): Uint8Array | undefined {
  switch (algorithm) {
    case 'Ed25519':
      return bytes.length === 64 ? bytes : undefined;
    case 'RSA':
      return bytes.length >= RSA_BYTES_MIN && bytes.length <= RSA_BYTES_MAX ? bytes : undefined;
    case 'P-256':
    case 'secp256k1': {
      const order = orders[algorithm];
      const pair = readDer(bytes) ?? (o.raw && bytes.length === 64 ? bytes : undefined);
      if (pair === undefined) return undefined;
      const inRange = [pair.subarray(0, 32), pair.subarray(32)].map(toBigInt).every((n) => n > 0n && n < order);
      return inRange ? pair : undefined;
    }
    default:
      return algorithm satisfies never;
  }
}

/** SEQUENCE of two INTEGERs in DER (X.690 §8, §10), nothing after them, each at most 32 bytes of magnitude. */
function readDer(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < 8 || bytes.length > 72 || bytes[0] !== 0x30 || bytes[1] !== bytes.length - 2) return undefined;
  const pair = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0x02 || length < 1 || length > 33 || at + 2 + length > bytes.length) return undefined;
    let magnitude = bytes.subarray(at + 2, at + 2 + length);
    const first = magnitude[0] ?? 0;
    if (first >= 0x80) return undefined;
    if (first === 0 && length > 1) {
      // A leading zero is there only to keep the number positive.
      if ((magnitude[1] ?? 0) < 0x80) return undefined;
      magnitude = magnitude.subarray(1);
    }
    if (magnitude.length > 32) return undefined;
    pair.set(magnitude, end - magnitude.length);
    at += 2 + length;
  }
  return at === bytes.length ? pair : undefined;
}

function toBigInt(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
