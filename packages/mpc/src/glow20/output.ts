/** From the input to the point that is multiplied, and from the product to the 32 bytes: fixed for ever as version 1. */
import type { Curve, Point } from '@holdfast/crypto/curves';
import { DOMAIN_BYTES_MAX, hashToSecp256k1 } from '@holdfast/crypto/hash-to-curve';
import { enc, i, sha256 } from '@holdfast/crypto/transcript';
import { refuse } from '../runtime/index.ts';

/** What one output is derived from, besides the key. */
export interface DvrfInput {
  /** The domain separation tag of RFC 9380: 1 to 255 bytes. */
  readonly domain: Uint8Array;
  readonly seed: Uint8Array;
}

/** Longer ones would only be hashed; 4 KiB is ours. */
export const SEED_BYTES_MAX = 4096;

/** P_H, by this party itself: it never multiplies a point that somebody sent (mpc-protocols §9.2). */
export function inputPoint(curve: Curve, { domain, seed }: DvrfInput): Point {
  if (domain.length < 1 || domain.length > DOMAIN_BYTES_MAX) refuse('E_G_INPUT', 'A domain is 1 to 255 bytes.');
  if (seed.length < 1 || seed.length > SEED_BYTES_MAX) refuse('E_G_INPUT', `A seed is 1 to ${SEED_BYTES_MAX} bytes.`);
  return hashToSecp256k1(curve, { message: seed, domain });
}

/** Version 1: SHA-256(enc("mpc/dvrf/out/v1", X, domain, seed, x·P_H)). */
export function outputV1(curve: Curve, o: DvrfInput & { readonly publicKey: Point; readonly D: Point }): Uint8Array {
  const [X, D] = curve.encodePoints([o.publicKey, o.D]) as [Uint8Array, Uint8Array];
  return sha256(enc('mpc/dvrf/out/v1', i.point(X), i.bytes(o.domain), i.bytes(o.seed), i.point(D)));
}
