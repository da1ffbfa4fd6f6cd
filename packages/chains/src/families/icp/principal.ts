/**
 * Principals and ledger accounts of the Internet Computer (internetcomputer.org, "The Internet Computer Interface
 * Specification", Principals; "ICP ledger", accounts).
 */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha224 } from '@noble/hashes/sha2.js';
import { base32nopad } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { be } from '../binary.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import type { PublicKeyRef } from '../types.ts';

/** SubjectPublicKeyInfo before the key: RFC 8410; SEC 1 with the curve named, the point uncompressed. */
const ed25519Der = '302a300506032b6570032100';
const secp256k1Der = '3056301006072a8648ce3d020106052b8104000a034200';
const selfAuthenticating = 2;
const accountDomain = new TextEncoder().encode('\x0aaccount-id');

export function derOf({ scheme, publicKey }: PublicKeyRef): Uint8Array {
  const [head, key] =
    scheme === 'EdDSA' ? [ed25519Der, publicKey] : [secp256k1Der, secp256k1.Point.fromBytes(publicKey).toBytes(false)];
  return concat(hexMember({ head }, 'head', {}), key);
}

export function principalOf(key: PublicKeyRef): Uint8Array {
  return concat(sha224(derOf(key)), Uint8Array.of(selfAuthenticating));
}

/** Groups of five letters, the checksum first. */
export function principalText(principal: Uint8Array): string {
  const letters = base32nopad.encode(concat(crc32(principal), principal)).toLowerCase();
  return letters.match(/.{1,5}/g)?.join('-') ?? '';
}

export function parsePrincipal(text: string, path: string): Uint8Array {
  check(/^[a-z2-7]{1,5}(-[a-z2-7]{1,5}){1,12}$/.test(text), path, 'is not a principal');
  let bytes: Uint8Array;
  try {
    bytes = base32nopad.decode(text.replaceAll('-', '').toUpperCase());
  } catch {
    // The decoder's own words say no more than that.
    return refuse(path, 'is not a principal');
  }
  const principal = bytes.subarray(4);
  check(principal.length >= 1 && principal.length <= 29, path, 'is not a principal');
  check(principalText(principal) === text, path, 'is not a principal: its checksum is wrong');
  return principal;
}

/** The ledger account of a principal, without a subaccount: 32 bytes, the checksum first. */
export function accountOf(principal: Uint8Array): Uint8Array {
  const hash = sha224(concat(accountDomain, principal, new Uint8Array(32)));
  return concat(crc32(hash), hash);
}

export const accountText = (account: Uint8Array): string => toHex0x(account).slice(2);

export function parseAccount(text: string, path: string): Uint8Array {
  check(/^[0-9a-f]{64}$/.test(text), path, 'is not an account of the ICP ledger: 64 hex digits');
  const account = hexMember({ [path]: text }, path, { exactly: 32 });
  check(
    equal(crc32(account.subarray(4)), account.subarray(0, 4)),
    path,
    'is not an account of the ICP ledger: its checksum is wrong',
  );
  return account;
}

/** ISO-HDLC, as in zip files; big-endian. */
function crc32(bytes: Uint8Array): Uint8Array {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ ((sum & 1) === 1 ? 0xedb88320 : 0);
  }
  return be((sum ^ 0xffffffff) >>> 0, 4);
}
