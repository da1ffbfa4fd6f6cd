/**
 * Addresses and the scripts they stand for: base58check P2PKH and P2SH, bech32 SegWit version 0 (BIP-173), bech32m
 * Taproot (BIP-350). Only the network's own prefixes; a checksum that does not hold is refused.
 */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { Address, OutScript } from '@scure/btc-signer';
import { check, refuse } from '../../errors/index.ts';
import { bytesToBigInt, concat } from '../bytes.ts';
import type { PublicKeyRef } from '../types.ts';
import { bitcoinParameters } from './parameters.ts';

/** What the wallet of a key is paid to: P2TR with BIP-86's tweak for Schnorr, P2WPKH or, without SegWit, P2PKH. */
export type OwnKind = 'tr' | 'wpkh' | 'pkh';

export function ownKind(key: PublicKeyRef, networkName: string): OwnKind {
  if (key.scheme === 'Schnorr') return 'tr';
  return networkName !== '' && bitcoinParameters(networkName).bech32 === '' ? 'pkh' : 'wpkh';
}

export function ownScript(key: PublicKeyRef, kind: OwnKind): Uint8Array {
  switch (kind) {
    case 'tr':
      return taprootScript(tweakedKey(xOnly(key), new Uint8Array(0)));
    case 'wpkh':
      return Uint8Array.of(0x00, 0x14, ...hash160(key.publicKey));
    case 'pkh':
      return pkhScript(hash160(key.publicKey));
    default:
      return kind satisfies never;
  }
}

export function addressOfScript(script: Uint8Array, networkName: string): string | undefined {
  const parameters = bitcoinParameters(networkName);
  try {
    const decoded = OutScript.decode(script);
    const hasAddress = ['pkh', 'sh', 'wpkh', 'wsh', 'tr'].includes(decoded.type);
    const needsSegwit = !['pkh', 'sh'].includes(decoded.type);
    if (!hasAddress || (needsSegwit && parameters.bech32 === '')) return undefined;
    return Address(parameters).encode(decoded as Parameters<ReturnType<typeof Address>['encode']>[0]);
  } catch {
    // Data carriers and scripts of a form nobody named: there is no address to show.
    return undefined;
  }
}

/** Throws ChainError E_BODY at `path` for anything but an address of this network in its usual spelling. */
export function scriptOfAddress(address: string, networkName: string, path = 'to'): Uint8Array {
  const parameters = bitcoinParameters(networkName);
  const says = `is not an address of ${networkName}`;
  check(address.length <= 90, path, says);
  // BIP-173 allows all upper case, for QR codes.
  const usual = address === address.toUpperCase() && /^[A-Z0-9]+$/.test(address) ? address.toLowerCase() : address;
  try {
    const decoded = Address(parameters).decode(usual);
    if (decoded.type === 'p2a') throw new Error('anyone can spend it');
    if (Address(parameters).encode(decoded) !== usual) throw new Error('not its usual spelling');
    return OutScript.encode(decoded);
  } catch (cause) {
    refuse(path, `${says}: ${cause instanceof Error ? cause.message.slice(0, 80) : 'unreadable'}`);
  }
}

export function hash160(bytes: Uint8Array): Uint8Array {
  return ripemd160(sha256(bytes));
}

export function pkhScript(keyHash: Uint8Array): Uint8Array {
  return Uint8Array.of(0x76, 0xa9, 0x14, ...keyHash, 0x88, 0xac);
}

/** BIP-341: Q = lift_x(P) + int(hashTapTweak(P ‖ root))·G, x-only. */
export function tweakedKey(internal: Uint8Array, root: Uint8Array): Uint8Array {
  const tweak = bytesToBigInt(schnorr.utils.taggedHash('TapTweak', concat(internal, root)));
  const order = secp256k1.Point.Fn.ORDER;
  check(tweak < order, 'psbt', 'the taproot tweak is out of range');
  const point = schnorr.utils.lift_x(bytesToBigInt(internal)).add(secp256k1.Point.BASE.multiply(tweak));
  return point.toBytes(true).subarray(1);
}

export function taprootScript(output: Uint8Array): Uint8Array {
  return Uint8Array.of(0x51, 0x20, ...output);
}

export function xOnly(key: PublicKeyRef): Uint8Array {
  return key.publicKey.subarray(1);
}
