/**
 * Accounts of Hedera: `0.0.n`, and the aliases by which an account can be paid before it has a number (HIP-32, HIP-583): the
 * Ethereum address of a secp256k1 key, or the key itself. The first payment to an alias makes the account.
 */

import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { check } from '../../errors/index.ts';
import { bytesToBigInt, concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { parseAddress } from '../evm/address.ts';
import { protoField, protoMessage } from '../protobuf.ts';
import type { PublicKeyRef } from '../types.ts';

/** Shard and realm are 0 on every network there is. */
export type Account = { readonly num: bigint } | { readonly alias: Uint8Array };

const i64Max = (1n << 63n) - 1n;
/** DER before a key (RFC 8410; SEC 1), as SDKs write keys in aliases. */
const ed25519Der = '302a300506032b6570032100';
const ecdsaDer = '302d300706052b8104000a032200';
/** Fields of `Key` (basic_types.proto): ed25519, ECDSA_secp256k1. */
const keyFields = { EdDSA: 2, ECDSA: 7 } as const;

/** What a wallet is shown as: the Ethereum address of a secp256k1 key, the alias `0.0.<DER of the key>` of an Ed25519 key. */
export function addressOf(key: PublicKeyRef): string {
  if (key.scheme === 'EdDSA') return `0.0.${ed25519Der}${toHex0x(key.publicKey).slice(2)}`;
  return toHex0x(evmAlias(key.publicKey));
}

export function parseAccount(text: string, path: string): Account {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) {
    const alias = hexMember({ [path]: parseAddress(text, path) }, path, { exactly: 20 });
    // Twelve zero bytes and a number are another way to write 0.0.n (HIP-583).
    check(bytesToBigInt(alias.subarray(0, 12)) !== 0n, path, 'is the number of an account; write it as 0.0.n');
    return { alias };
  }
  const rest = /^0\.0\.([0-9a-f]{1,94})$/.exec(text)?.[1];
  check(rest !== undefined, path, 'is not a Hedera account: 0.0.n, 0x and 40 hex digits, or 0.0. and a public key');
  for (const [scheme, der, bytes] of [
    ['EdDSA', ed25519Der, 32],
    ['ECDSA', ecdsaDer, 33],
  ] as const)
    if (rest.startsWith(der) && rest.length === der.length + 2 * bytes) {
      const key = hexMember({ [path]: rest.slice(der.length) }, path, { exactly: bytes });
      return { alias: protoMessage(keyFields[scheme], key) };
    }
  check(/^[1-9][0-9]{0,18}$/.test(rest) && BigInt(rest) <= i64Max, path, 'is not a Hedera account');
  return { num: BigInt(rest) };
}

/** For people; what an alias holds is told by its length. */
export function accountText(account: Account): string {
  if ('num' in account) return `0.0.${account.num}`;
  const hex = toHex0x(account.alias);
  if (account.alias.length === 20) return hex;
  const [tag, length] = account.alias;
  if (tag === 0x12 && length === 32 && account.alias.length === 34) return `0.0.${ed25519Der}${hex.slice(6)}`;
  if (tag === 0x3a && length === 33 && account.alias.length === 35) return `0.0.${ecdsaDer}${hex.slice(6)}`;
  return `alias ${hex}`;
}

export const sameAccount = (a: Account, b: Account): boolean => accountText(a) === accountText(b);

/** `AccountID`. */
export const encodeAccount = (account: Account): Uint8Array =>
  'num' in account ? protoField(3, account.num) : protoField(4, account.alias);

/** Whether paying this account is paying the key itself. */
export function isOwn(account: Account, key: PublicKeyRef): boolean {
  if ('num' in account) return false;
  const own = [protoMessage(keyFields[key.scheme === 'EdDSA' ? 'EdDSA' : 'ECDSA'], key.publicKey)];
  if (key.scheme === 'ECDSA') own.push(evmAlias(key.publicKey));
  return own.some((each) => equal(each, account.alias));
}

function evmAlias(publicKey: Uint8Array): Uint8Array {
  const uncompressed = secp256k1.Point.fromBytes(publicKey).toBytes(false);
  return keccak_256(concat(uncompressed.subarray(1))).subarray(12);
}
