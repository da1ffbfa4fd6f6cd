/** Stellar networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'stellar', kind: 'Stellar', schemes: [eddsa] } as const;

export const stellarNetworks: readonly Network[] = [
  { ...common, name: 'Stellar', native: { symbol: 'XLM', decimals: 7 }, testnet: false, tier: 1, confirmations: 2 },
  { ...common, name: 'StellarTestnet', native: { symbol: 'XLM', decimals: 7 }, testnet: true },
];
