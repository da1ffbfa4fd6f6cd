/** Classic addresses: base58check in XRPL's own alphabet, version 0 (xrpl.org, "Addresses"). */

import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base58xrp } from '@scure/base';
import { check } from '../../errors/index.ts';
import { concat, equal } from '../bytes.ts';
import type { PublicKeyRef } from '../types.ts';

/** 33 bytes as the ledger has it: Ed25519 keys carry ED in front. */
export function ledgerKey(key: PublicKeyRef): Uint8Array {
  return key.curve === 'ed25519' ? concat(Uint8Array.of(0xed), key.publicKey) : key.publicKey;
}

/** 20 bytes. */
export function accountId(key: PublicKeyRef): Uint8Array {
  return ripemd160(sha256(ledgerKey(key)));
}

export function encodeAddress(account: Uint8Array): string {
  const payload = concat(Uint8Array.of(0), account);
  return base58xrp.encode(concat(payload, checksum(payload)));
}

export function decodeAddress(text: string, path: string): Uint8Array {
  check(text.length <= 64, path, 'is not an XRPL address');
  check(!/^[XT]/.test(text), path, 'is an X-address; give the classic address and the destination tag as memo');
  check(/^r[1-9A-HJ-NP-Za-km-z]{24,34}$/.test(text), path, 'is not an XRPL address');
  const bytes = base58xrp.decode(text);
  check(
    bytes.length === 25 && bytes[0] === 0 && equal(checksum(bytes.subarray(0, 21)), bytes.subarray(21)),
    path,
    'is not an XRPL address: its checksum is wrong',
  );
  return bytes.slice(1, 21);
}

function checksum(payload: Uint8Array): Uint8Array {
  return sha256(sha256(payload)).subarray(0, 4);
}
