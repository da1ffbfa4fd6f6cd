/**
 * RFC 9380 onto secp256k1, suite `secp256k1_XMD:SHA-256_SSWU_RO_`: nobody knows the discrete logarithm of what comes
 * out, and no input makes it take longer than another (no try-and-increment). docs/specs/glow20.md §2.
 */
import { secp256k1_hasher } from '@noble/curves/secp256k1.js';
import type { Curve, Point } from '../curves/types.ts';
import { check } from '../errors.ts';

/** RFC 9380 §3.1 forbids an empty tag; §5.3.3 hashes one over 255 bytes, which nobody needs here. */
export const DOMAIN_BYTES_MAX = 255;

/** The message hashed to a point of `curve`, which is secp256k1, under the domain separation tag. */
export function hashToSecp256k1(
  curve: Curve,
  { message, domain }: { readonly message: Uint8Array; readonly domain: Uint8Array },
): Point {
  check(curve.name === 'secp256k1', 'E_CURVE', 'This suite hashes to secp256k1.');
  check(
    domain.length >= 1 && domain.length <= DOMAIN_BYTES_MAX,
    'E_ENCODING',
    'A domain separation tag is 1 to 255 bytes.',
  );
  const point = secp256k1_hasher.hashToCurve(message, { DST: domain });
  // The identity has probability 2^−256 and no encoding: toBytes or decodePoint throws.
  return curve.decodePoint(point.toBytes(true));
}
