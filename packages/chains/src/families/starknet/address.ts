/**
 * The address an account contract will have (docs.starknet.io, "Contract address"), of the class whose hash OpenZeppelin
 * publishes for its AccountUpgradeable 1.0.0 (docs.openzeppelin.com/contracts-cairo/1.0.0/presets), which Starknet
 * Foundry deploys on both networks. Salt and only constructor argument are the public key; nobody deploys it for us.
 */
import { bytesToBigInt } from '../bytes.ts';
import type { PublicKeyRef } from '../types.ts';
import { pedersenMany, shortString } from './felt.ts';

const accountClass = 0x05b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564n;
const prefix = shortString('STARKNET_CONTRACT_ADDRESS');
const addressBound = (1n << 251n) - 256n;

export function accountAddress(key: PublicKeyRef): bigint {
  const x = bytesToBigInt(key.publicKey.subarray(1));
  return pedersenMany([prefix, 0n, x, accountClass, pedersenMany([x])]) % addressBound;
}

/** 0x and 64 digits. */
export const addressText = (address: bigint): string => `0x${address.toString(16).padStart(64, '0')}`;
