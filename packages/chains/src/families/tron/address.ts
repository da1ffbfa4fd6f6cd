/** Addresses: 41 and the account as Ethereum derives it, in base58check (developers.tron.network, "Account"). */
import { sha256 } from '@noble/hashes/sha2.js';
import { createBase58check } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { concat } from '../bytes.ts';
import { addressBytes } from '../evm/key-address.ts';
import type { PublicKeyRef } from '../types.ts';

const base58check = createBase58check(sha256);
const version = 0x41;

/** 21 bytes. */
export function accountOf(key: PublicKeyRef): Uint8Array {
  return concat(Uint8Array.of(version), addressBytes(key));
}

export const encodeAddress = (account: Uint8Array): string => base58check.encode(account);

export const isAccount = (bytes: Uint8Array): boolean => bytes.length === 21 && bytes[0] === version;

/** 21 bytes. */
export function decodeAddress(text: string, path: string): Uint8Array {
  check(/^T[1-9A-HJ-NP-Za-km-z]{33}$/.test(text), path, 'is not a TRON address');
  let account: Uint8Array;
  try {
    account = base58check.decode(text);
  } catch {
    // The decoder's own message names no member.
    refuse(path, 'is not a TRON address: its checksum is wrong');
  }
  check(isAccount(account), path, 'is not a TRON address');
  return account;
}
