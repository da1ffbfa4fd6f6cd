/** Algorand networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'algorand', kind: 'Algorand', schemes: [eddsa] } as const;

export const algorandNetworks: readonly Network[] = [
  { ...common, name: 'Algorand', native: { symbol: 'ALGO', decimals: 6 }, testnet: false, tier: 1, confirmations: 7 },
  { ...common, name: 'AlgorandTestnet', native: { symbol: 'ALGO', decimals: 6 }, testnet: true },
];
