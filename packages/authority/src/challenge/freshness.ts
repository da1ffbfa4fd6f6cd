/** Freshness tokens (rulings 1): what makes it impossible to have a challenge signed for later. */

import { fromBase64Url, toBase64Url, WireError } from '@holdfast/contract/wire';
import { enc, i, sha256 } from '@holdfast/crypto/transcript';
import { refuse } from '../errors/index.ts';
import type { Base64Url, FreshToken } from '../types/index.ts';

export const SIGNERS = 5;
export const TOKEN_BYTES = 16;

/**
 * Field `b` of a challenge: SHA-256 of enc("fresh/v1", [(1,τ1) … (5,τ5)]), base64url. All five positions are
 * encoded, a signer without a token as absent, so that no two lists share a digest.
 */
export function freshDigest(tokens: readonly FreshToken[]): Base64Url {
  const byIndex = new Map<number, Uint8Array>();
  for (const [index, token] of tokens) {
    if (!Number.isInteger(index) || index < 1 || index > SIGNERS || byIndex.has(index)) malformed(index);
    byIndex.set(index, readToken(index, token));
  }
  const positions = Array.from({ length: SIGNERS }, (_, k) => {
    const token = byIndex.get(k + 1);
    return token === undefined ? i.absent : i.list([i.uint(k + 1), i.bytes(token)]);
  });
  return toBase64Url(sha256(enc('fresh/v1', i.list(positions))));
}

function readToken(index: number, token: string): Uint8Array {
  try {
    return fromBase64Url(token, { bytes: TOKEN_BYTES });
  } catch (error) {
    if (error instanceof WireError) malformed(index);
    throw error;
  }
}

function malformed(index: number): never {
  return refuse('E_CHALLENGE_TOKENS', 'the freshness tokens must be 16 bytes each, one per signer', { index });
}
