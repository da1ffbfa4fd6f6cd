/** Accounts of Concordium: 32 bytes in base58check of version 1; tokens of CIS-2 contracts likewise, of version 2. */
import { sha256 } from '@noble/hashes/sha2.js';
import { createBase58check } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { leb128, Reader } from '../binary.ts';
import { concat } from '../bytes.ts';

const base58check = createBase58check(sha256);
const versions = { account: 1, token: 2 } as const;
const u64Bits = 64;

export const encodeAccount = (account: Uint8Array): string =>
  base58check.encode(concat(Uint8Array.of(versions.account), account));

export function parseAccount(text: string, path: string, code?: 'E_COMPLETION'): Uint8Array {
  const bytes = decode(text);
  const isAccount = bytes?.length === 33 && bytes[0] === versions.account;
  check(isAccount, path, 'is not a Concordium account', code ?? 'E_BODY');
  return bytes.subarray(1);
}

export interface Token {
  readonly index: bigint;
  readonly subindex: bigint;
  /** At most 255 bytes; empty where the contract has one token. */
  readonly id: Uint8Array;
}

export function parseToken(text: string, path: string): Token {
  const bytes = decode(text);
  if (bytes === undefined || bytes[0] !== versions.token) refuse(path, 'is not the address of a token (CIS-2)');
  const reader = new Reader(bytes, path);
  reader.byte();
  const token = { index: reader.leb128(u64Bits), subindex: reader.leb128(u64Bits), id: reader.take(reader.left) };
  check(token.id.length <= 255, path, 'is not the address of a token (CIS-2)');
  return token;
}

export function tokenText({ index, subindex, id }: Token): string {
  return base58check.encode(concat(Uint8Array.of(versions.token), leb128(index), leb128(subindex), id));
}

function decode(text: string): Uint8Array | undefined {
  if (!/^[1-9A-HJ-NP-Za-km-z]{8,400}$/.test(text)) return undefined;
  try {
    return base58check.decode(text);
  } catch {
    // A wrong checksum; who asks says what it is not.
    return undefined;
  }
}
