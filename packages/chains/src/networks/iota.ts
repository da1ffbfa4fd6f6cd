/** Iota networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'iota', kind: 'Iota', schemes: [eddsa] } as const;

export const iotaNetworks: readonly Network[] = [
  { ...common, name: 'Iota', native: { symbol: 'IOTA', decimals: 9 }, testnet: false, tier: 1 },
  { ...common, name: 'IotaTestnet', native: { symbol: 'IOTA', decimals: 9 }, testnet: true },
  { ...common, name: 'IotaZodianet', native: { symbol: 'IOTA', decimals: 9 }, testnet: true },
];
