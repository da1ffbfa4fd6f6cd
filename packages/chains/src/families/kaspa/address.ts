/** Kaspa's addresses and the scripts they stand for (rusty-kaspa crypto/addresses, crypto/txscript). */
import { check, refuse } from '../../errors/index.ts';
import { concat } from '../bytes.ts';
import { decodeWords, encodeWords } from '../forty-bit-checksum.ts';
import type { PublicKeyRef } from '../types.ts';

const prefixes: Readonly<Record<string, string>> = { Kaspa: 'kaspa', KaspaTestnet11: 'kaspatest' };
const version = { schnorr: 0, ecdsa: 1, script: 8 } as const;

export function kaspaAddress(key: PublicKeyRef, networkName: string): string {
  const payload =
    key.scheme === 'Schnorr'
      ? concat(Uint8Array.of(version.schnorr), key.publicKey.subarray(1))
      : concat(Uint8Array.of(version.ecdsa), key.publicKey);
  return encodeWords(prefixOf(networkName), payload);
}

/** The prefix belongs to it; throws ChainError E_BODY at `path`. */
export function scriptOfKaspaAddress(address: string, networkName: string, path = 'to'): Uint8Array {
  const prefix = prefixOf(networkName);
  const says = `is not an address of ${networkName}`;
  check(address.startsWith(`${prefix}:`), path, says);
  const [kind, ...rest] = decodeWords(prefix, address.slice(prefix.length + 1), path, says);
  const bytes = Uint8Array.from(rest);
  if (kind === version.schnorr && bytes.length === 32) return Uint8Array.of(0x20, ...bytes, 0xac);
  if (kind === version.ecdsa && bytes.length === 33) return Uint8Array.of(0x21, ...bytes, 0xab);
  if (kind === version.script && bytes.length === 32) return Uint8Array.of(0xaa, 0x20, ...bytes, 0x87);
  return refuse(path, `${says}: its kind is not known`);
}

export function ownKaspaScript(key: PublicKeyRef): Uint8Array {
  return key.scheme === 'Schnorr'
    ? Uint8Array.of(0x20, ...key.publicKey.subarray(1), 0xac)
    : Uint8Array.of(0x21, ...key.publicKey, 0xab);
}

function prefixOf(networkName: string): string {
  return prefixes[networkName] ?? refuse('network', `${networkName} has no Kaspa address prefix`, 'E_NETWORK');
}
