/** Fingerprints of public keys, for two people to compare: the same digits that the api and the signers name keys by. */
import { toHex, utf8 } from '@holdfast/contract/wire';
import { sha256 } from '@holdfast/crypto/transcript';

const GROUPS = 8;

/** The first 128 bits of SHA-256 over the PEM text, in eight groups of four hex digits. */
export function fingerprintOf(publicKey: string): readonly string[] {
  return groupsOf(toHex(sha256(utf8(publicKey)))).slice(0, GROUPS);
}

export const groupsOf = (hex: string): readonly string[] => hex.toUpperCase().match(/.{1,4}/g) ?? [];
