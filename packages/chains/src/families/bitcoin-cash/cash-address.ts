/** CashAddr (bitcoincash.org/spec/cashaddr.html, CHIP-2022-05 for 32-byte script hashes and token-aware types). */
import { check, refuse } from '../../errors/index.ts';
import { concat } from '../bytes.ts';

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
/** Generators of the BCH code over GF(2^40). */
const generators = [0x98f2bc8e61n, 0x79b76d99e2n, 0xf33e5fb3c4n, 0xae2eabe2a8n, 0x1e4f43e470n] as const;
const mask = (1n << 35n) - 1n;

const prefixes: Readonly<Record<string, string>> = {
  BitcoinCash: 'bitcoincash',
  BitcoinCashTestnet: 'bchtest',
};

export function cashPrefix(networkName: string): string {
  return prefixes[networkName] ?? refuse('network', `${networkName} has no CashAddr prefix`, 'E_NETWORK');
}

/** P2PKH of a 20-byte hash. */
export function encodeCashAddress(keyHash: Uint8Array, networkName: string): string {
  const prefix = cashPrefix(networkName);
  const words = toWords(concat(Uint8Array.of(0), keyHash));
  const check = polymod([...prefixWords(prefix), 0, ...words, 0, 0, 0, 0, 0, 0, 0, 0]);
  const checksum = Array.from({ length: 8 }, (_, n) => Number((check >> BigInt(5 * (7 - n))) & 31n));
  return `${prefix}:${[...words, ...checksum].map((word) => alphabet[word]).join('')}`;
}

/** With the prefix or without, in lower case; throws ChainError E_BODY at `path`. */
export function scriptOfCashAddress(address: string, networkName: string, path = 'to'): Uint8Array {
  const prefix = cashPrefix(networkName);
  const says = `is not a CashAddr address of ${networkName}`;
  const payload = address.startsWith(`${prefix}:`) ? address.slice(prefix.length + 1) : address;
  check(/^[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{42,112}$/.test(payload), path, says);
  const words = [...payload].map((letter) => alphabet.indexOf(letter));
  check(polymod([...prefixWords(prefix), 0, ...words]) === 0n, path, `${says}: its checksum does not hold`);
  const [version = 0xff, ...hash] = fromWords(words.slice(0, -8), path, says);
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

function prefixWords(prefix: string): number[] {
  return [...prefix].map((letter) => letter.charCodeAt(0) & 31);
}

function polymod(words: readonly number[]): bigint {
  let sum = 1n;
  for (const word of words) {
    const top = sum >> 35n;
    sum = ((sum & mask) << 5n) ^ BigInt(word);
    for (const [bit, generator] of generators.entries()) if ((top >> BigInt(bit)) & 1n) sum ^= generator;
  }
  return sum ^ 1n;
}

function toWords(bytes: Uint8Array): number[] {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((group) => Number.parseInt(group.padEnd(5, '0'), 2));
}

/** The bits that fill up the last byte must be zero and fewer than a word. */
function fromWords(words: readonly number[], path: string, says: string): number[] {
  const bits = words.map((word) => word.toString(2).padStart(5, '0')).join('');
  const whole = bits.length - (bits.length % 8);
  check(bits.length - whole < 5 && !bits.slice(whole).includes('1'), path, says);
  return (bits.slice(0, whole).match(/.{8}/g) ?? []).map((group) => Number.parseInt(group, 2));
}
