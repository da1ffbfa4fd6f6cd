/** Shelley addresses (CIP-19): a header byte of type and network, then hashes; wallets are enterprise addresses of a key. */
import { blake2b } from '@noble/hashes/blake2.js';
import { bech32 } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { concat } from '../bytes.ts';
import type { Network, PublicKeyRef } from '../types.ts';

const ENTERPRISE_KEY = 0x60;
/** No limit: base addresses have 103 characters. */
const lettersMax = 120;

export const networkId = (network: Network): 0 | 1 => (network.testnet ? 0 : 1);
const prefixOf = (network: Network) => (network.testnet ? 'addr_test' : 'addr');

export function ownAddressBytes(key: PublicKeyRef, network: Network): Uint8Array {
  return concat(Uint8Array.of(ENTERPRISE_KEY | networkId(network)), blake2b(key.publicKey, { dkLen: 28 }));
}

export function formatAddress(bytes: Uint8Array, network: Network): string {
  return bech32.encode(prefixOf(network), bech32.toWords(bytes), lettersMax);
}

/** Of a kind that can be paid, and of this network; throws ChainError at `path`. */
export function parseAddress(address: string, network: Network, path = 'to'): Uint8Array {
  const says = `is not an address of ${network.name}`;
  check(address.length <= lettersMax && address === address.toLowerCase(), path, says);
  let bytes: Uint8Array;
  try {
    const { prefix, words } = bech32.decode(address as `${string}1${string}`, lettersMax);
    check(prefix === prefixOf(network), path, says);
    bytes = bech32.fromWords(words);
  } catch (cause) {
    return refuse(path, `${says}: ${cause instanceof Error ? cause.message.slice(0, 80) : 'unreadable'}`);
  }
  checkAddressBytes(bytes, network, path);
  return bytes;
}

export function checkAddressBytes(bytes: Uint8Array, network: Network, path: string): void {
  const [header = 0xff] = bytes;
  const type = header >> 4;
  // 0 to 3: with a stake key or script; 4 and 5: with a pointer, of which there are a handful; 6 and 7: enterprise.
  const length = type <= 3 ? 57 : type === 6 || type === 7 ? 29 : 0;
  check(bytes.length === length, path, 'is not an address that can be paid');
  check((header & 15) === networkId(network), path, `is an address of another network than ${network.name}`);
}
