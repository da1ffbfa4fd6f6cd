/** EVM addresses as people write them: 0x and 40 hex digits, with the checksum of EIP-55 where cases are mixed. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { check } from '../../errors/index.ts';

const form = /^0x[0-9a-fA-F]{40}$/;

/** Lower case. `path` names the member of the body. Throws ChainError E_BODY. */
export function parseAddress(value: unknown, path: string): string {
  check(typeof value === 'string' && form.test(value), path, 'is not an Ethereum address (0x and 40 hex digits)');
  const lower = value.toLowerCase();
  const digits = value.slice(2);
  const plain = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  check(plain || value === checksummed(lower), path, 'has a wrong checksum');
  return lower;
}

/** EIP-55: a letter is upper case where the nibble of the hash of the lower-case digits is 8 or more. */
function checksummed(lower: string): string {
  const digits = lower.slice(2);
  const hash = keccak_256(new TextEncoder().encode(digits));
  const nibble = (at: number) => ((hash[at >> 1] ?? 0) >> (at % 2 === 0 ? 4 : 0)) & 0xf;
  return `0x${[...digits].map((digit, at) => (nibble(at) >= 8 ? digit.toUpperCase() : digit)).join('')}`;
}
