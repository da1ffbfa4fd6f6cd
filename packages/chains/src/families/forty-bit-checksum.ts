/**
 * The text form that CashAddr (bitcoincash.org/spec/cashaddr.html) and Kaspa's addresses share: a prefix, a colon, words of
 * five bits and a checksum of 40 bits over both.
 */
import { check } from '../errors/index.ts';

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
/** Generators of the BCH code over GF(2^40). */
const generators = [0x98f2bc8e61n, 0x79b76d99e2n, 0xf33e5fb3c4n, 0xae2eabe2a8n, 0x1e4f43e470n] as const;
const mask = (1n << 35n) - 1n;

/** With the prefix. */
export function encodeWords(prefix: string, bytes: Uint8Array): string {
  const words = toWords(bytes);
  const sum = polymod([...prefixWords(prefix), 0, ...words, 0, 0, 0, 0, 0, 0, 0, 0]);
  const checksum = Array.from({ length: 8 }, (_, n) => Number((sum >> BigInt(5 * (7 - n))) & 31n));
  return `${prefix}:${[...words, ...checksum].map((word) => alphabet[word]).join('')}`;
}

/** Lower case, without the prefix; throws ChainError E_BODY at `path`, whose message begins with `says`. */
export function decodeWords(prefix: string, payload: string, path: string, says: string): Uint8Array {
  check(/^[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{42,112}$/.test(payload), path, says);
  const words = [...payload].map((letter) => alphabet.indexOf(letter));
  check(polymod([...prefixWords(prefix), 0, ...words]) === 0n, path, `${says}: its checksum does not hold`);
  return Uint8Array.from(fromWords(words.slice(0, -8), path, says));
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
