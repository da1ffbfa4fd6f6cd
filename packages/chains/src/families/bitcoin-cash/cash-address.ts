/** CashAddr (bitcoincash.org/spec/cashaddr.html, CHIP-2022-05 for 32-byte script hashes and token-aware types). */
import { check, refuse } from '../../errors/index.ts';
import { concat } from '../bytes.ts';
import { decodeWords, encodeWords } from '../forty-bit-checksum.ts';

const prefixes: Readonly<Record<string, string>> = {
  BitcoinCash: 'bitcoincash',
  BitcoinCashTestnet: 'bchtest',
};

export function cashPrefix(networkName: string): string {
  return prefixes[networkName] ?? refuse('network', `${networkName} has no CashAddr prefix`, 'E_NETWORK');
}

/** P2PKH of a 20-byte hash. */
export function encodeCashAddress(keyHash: Uint8Array, networkName: string): string {
  return encodeWords(cashPrefix(networkName), concat(Uint8Array.of(0), keyHash));
}

/** With the prefix or without, in lower case; throws ChainError E_BODY at `path`. */
export function scriptOfCashAddress(address: string, networkName: string, path = 'to'): Uint8Array {
  const prefix = cashPrefix(networkName);
  const says = `is not a CashAddr address of ${networkName}`;
  const payload = address.startsWith(`${prefix}:`) ? address.slice(prefix.length + 1) : address;
  const [version = 0xff, ...hash] = decodeWords(prefix, payload, path, says);
  const bytes = Uint8Array.from(hash);
  // Version: a zero bit, four of type (2 and 3: the same, able to receive tokens), three of size.
  switch (version) {
    case 0x00:
    case 0x10:
      check(bytes.length === 20, path, says);
      return Uint8Array.of(0x76, 0xa9, 0x14, ...bytes, 0x88, 0xac);
    case 0x08:
    case 0x18:
      check(bytes.length === 20, path, says);
      return Uint8Array.of(0xa9, 0x14, ...bytes, 0x87);
    case 0x0b:
    case 0x1b:
      check(bytes.length === 32, path, says);
      return Uint8Array.of(0xaa, 0x20, ...bytes, 0x87);
    default:
      return refuse(path, `${says}: its kind is not known`);
  }
}
