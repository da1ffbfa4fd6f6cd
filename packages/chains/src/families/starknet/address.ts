/**
 * The address an account contract has (docs.starknet.io, "Contract address"), of the class whose hash OpenZeppelin
 * publishes for its AccountUpgradeable 1.0.0 (docs.openzeppelin.com/contracts-cairo/1.0.0/presets), which Starknet
 * Foundry deploys on both networks. Salt and only constructor argument are the public key.
 */
import { bytesToBigInt } from '../bytes.ts';
import type { PublicKeyRef } from '../types.ts';
import { pedersenMany, shortString } from './felt.ts';

export const accountClass = 0x05b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564n;
const prefix = shortString('STARKNET_CONTRACT_ADDRESS');
/** Addresses are below it. */
export const addressBound = (1n << 251n) - 256n;

export const publicKeyX = (key: PublicKeyRef): bigint => bytesToBigInt(key.publicKey.subarray(1));

export const accountAddress = (key: PublicKeyRef): bigint => addressOfX(publicKeyX(key));

export function addressOfX(x: bigint): bigint {
  const found = known.get(x) ?? pedersenMany([prefix, 0n, x, accountClass, pedersenMany([x])]) % addressBound;
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(x, found);
  return found;
}

/** Eight hashes of some milliseconds each, and a transaction asks for its address several times. */
const known = new Map<bigint, bigint>();
const KNOWN_MAX = 1_024;

/** 0x and 64 digits. */
export const addressText = (address: bigint): string => `0x${address.toString(16).padStart(64, '0')}`;
