/** The two signature kinds that need no chain: a digest as it is, and the bytes of a message for EdDSA. */

import { check, refuse } from '../errors/index.ts';
import { bytesToBigInt, hexMember, toHex0x } from './bytes.ts';
import type { PublicKeyRef, SigningPlan } from './types.ts';

/** Starknet signs digests in [0, 2^251) (mpc-protocols §1.2). */
const starkDigestMax = 1n << 251n;

export function planHash(key: PublicKeyRef, body: Readonly<Record<string, unknown>>): SigningPlan {
  check(key.scheme !== 'EdDSA', 'kind', 'EdDSA keys sign messages, not hashes; use kind Message', 'E_KIND');
  const digest = hexMember(body, 'hash', { exactly: 32 });
  const facts = opaque('Hash', toHex0x(digest));
  if (key.scheme === 'ECDSA') {
    check(body['taprootMerkleRoot'] === undefined, 'taprootMerkleRoot', 'is for Schnorr keys only');
    if (key.curve === 'stark')
      check(bytesToBigInt(digest) < starkDigestMax, 'hash', 'must be below 2^251 for a stark key');
    return { items: [{ algorithm: 'ecdsa', digest }], facts };
  }
  const root = taprootRoot(body);
  return {
    items: [{ algorithm: 'bip340', message: digest, ...(root === undefined ? {} : { taprootMerkleRoot: root }) }],
    facts,
  };
}

export function planMessage(key: PublicKeyRef, body: Readonly<Record<string, unknown>>): SigningPlan {
  if (key.scheme !== 'EdDSA') refuse('kind', 'Message needs an EdDSA key or an EVM network; use kind Hash', 'E_KIND');
  const message = hexMember(body, 'message', { min: 1, max: 65_536 });
  return { items: [{ algorithm: 'eddsa', message }], facts: opaque('Message', `${message.length} bytes`) };
}

export function unknownKind(body: Readonly<Record<string, unknown>>, accepted: readonly string[]): never {
  refuse(
    'kind',
    `${String(body['kind']).slice(0, 64)} cannot be signed here; accepted: ${accepted.join(', ')}`,
    'E_KIND',
  );
}

function taprootRoot(body: Readonly<Record<string, unknown>>): Uint8Array | undefined {
  const value = body['taprootMerkleRoot'];
  if (value === undefined) return undefined;
  if (value === '' || value === '0x') return new Uint8Array(0);
  return hexMember(body, 'taprootMerkleRoot', { exactly: 32 });
}

function opaque(kind: string, value: string): SigningPlan['facts'] {
  return { interpreted: false, kind, summary: [{ label: kind === 'Hash' ? 'Hash' : 'Message', value }] };
}

/** For families that add kinds of their own to the two above. */
export function planPlain(
  key: PublicKeyRef,
  body: Readonly<Record<string, unknown>>,
  own: readonly string[],
): SigningPlan {
  if (body['kind'] === 'Hash') return planHash(key, body);
  if (body['kind'] === 'Message') return planMessage(key, body);
  return unknownKind(body, [...own, key.scheme === 'EdDSA' ? 'Message' : 'Hash']);
}
