/** Ton networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'ton', kind: 'Ton', schemes: [eddsa] } as const;

export const tonNetworks: readonly Network[] = [
  { ...common, name: 'Ion', native: { symbol: 'ION', decimals: 9 }, testnet: false, tier: 1, confirmations: 15 },
  { ...common, name: 'IonTestnet', native: { symbol: 'ION', decimals: 9 }, testnet: true },
  { ...common, name: 'Ton', native: { symbol: 'TON', decimals: 9 }, testnet: false, tier: 1, confirmations: 15 },
  { ...common, name: 'TonTestnet', native: { symbol: 'TON', decimals: 9 }, testnet: true },
];
