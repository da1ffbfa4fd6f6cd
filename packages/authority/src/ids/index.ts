/** Ids, derived from what made the thing, so that nobody can point one at something else: docs/specs/ids.md. */

import { toBase64Url, utf8 } from '@holdfast/contract/wire';
import { enc, i, sha256 } from '@holdfast/crypto/transcript';

const alphabet = '0123456789abcdefghijklmnopqrstuv';
const ID_CHARS = 26;

/**
 * `<prefix>-5-5-16`: the first 130 bits of SHA-256(enc("holdfast/id/v1", prefix, nullifier, ordinal)).
 *
 *     deriveId('wa', nullifier)  // wa-1f04s-lqc9q-0123456789abcdef
 */
export function deriveId(prefix: string, nullifier: Uint8Array, ordinal = 0): string {
  if (nullifier.length !== 32) throw new RangeError('a nullifier is 32 bytes');
  const text = base32hex(sha256(enc('holdfast/id/v1', i.text(prefix), i.bytes(nullifier), i.uint(ordinal))), ID_CHARS);
  return `${prefix}-${text.slice(0, 5)}-${text.slice(5, 10)}-${text.slice(10)}`;
}

/** An organisation is its genesis. */
export function orgIdOf(genesisHash: Uint8Array): string {
  return deriveId('or', genesisHash);
}

/** A managed permission of an organisation: by name, so that a new one later moves no other. */
export function permissionIdOf(genesisHash: Uint8Array, name: string): string {
  return deriveId('pm', sha256(enc('holdfast/permission/v1', i.bytes(genesisHash), i.text(name))));
}

/** The credential id of a service account's key: base64url of a text id that begins with `ci-`. */
export function accountCredentialIdOf(nullifier: Uint8Array): string {
  return toBase64Url(utf8(deriveId('ci', nullifier)));
}

/** `cl-` and the first 130 bits of the cluster fingerprint. */
export function clusterIdOf(fingerprint: Uint8Array): string {
  return `cl-${base32hex(fingerprint, ID_CHARS)}`;
}

/** The first `chars` digits of the bytes in base 32 (RFC 4648 §7, lower case). */
function base32hex(bytes: Uint8Array, chars: number): string {
  let text = '';
  let bits = 0;
  let pending = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= 5 && text.length < chars) {
      bits -= 5;
      text += alphabet[(pending >> bits) & 31];
    }
    pending &= (1 << bits) - 1;
    if (text.length === chars) return text;
  }
  throw new RangeError('too few bytes for an id');
}
