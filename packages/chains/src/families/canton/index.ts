/**
 * Canton: parties named after a key, and hashes of what a participant node has prepared, signed as they are. What a
 * transaction holds depends on contracts that only the node sees: nothing is built or read here.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { check, refuse } from '../../errors/index.ts';
import { be } from '../binary.ts';
import { concat, hexMember, toHex0x } from '../bytes.ts';
import { planPlain } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Family } from '../types.ts';

/** The name before the fingerprint, which tells parties of one key apart; ours have one. */
const hint = 'wallet';
/** `HashPurpose.PublicKeyFingerprint` (digital-asset/canton, crypto/HashPurpose.scala). */
const fingerprintPurpose = 12;
/** Multihash: SHA-256 of 32 bytes. */
const multihash = Uint8Array.of(0x12, 0x20);

export const canton: Family = {
  name: 'canton',

  address: ({ publicKey }) => `${hint}::${toHex0x(fingerprintOf(publicKey)).slice(2)}`,

  plan({ key, body }) {
    if (body['kind'] !== 'Transaction') return planPlain(key, body, ['Transaction']);
    const hash = hashOf(body);
    return {
      items: [{ algorithm: 'eddsa', message: hash }],
      facts: { interpreted: false, kind: 'Transaction', summary: [{ label: 'Hash', value: toHex0x(hash) }] },
    };
  },

  assemble({ signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    return { signature: wire(raw, concat(r, s)) };
  },
};

/** Of the raw key, as Canton's own wallet kit takes it. */
function fingerprintOf(publicKey: Uint8Array): Uint8Array {
  return concat(multihash, sha256(concat(be(fingerprintPurpose, 4), publicKey)));
}

/** Of a prepared transaction 32 bytes; of changes of the topology the same as a multihash, 34 bytes. */
function hashOf(body: Body): Uint8Array {
  const hash = hexMember(body, 'transaction', { min: 32, max: 34 });
  const isTopology = hash.length === 34 && hash[0] === multihash[0] && hash[1] === multihash[1];
  check(hash.length === 32 || isTopology, 'transaction', 'must be the hash of a prepared transaction');
  return hash;
}
