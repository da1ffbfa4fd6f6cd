/** Kaspa networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { ecdsa, schnorr } from './schemes.ts';

const common = { family: 'kaspa', kind: 'Kaspa', schemes: [ecdsa, schnorr] } as const;

export const kaspaNetworks: readonly Network[] = [
  { ...common, name: 'Kaspa', native: { symbol: 'KAS', decimals: 8 }, testnet: false, tier: 1, confirmations: 20 },
  { ...common, name: 'KaspaTestnet11', native: { symbol: 'KAS', decimals: 8 }, testnet: true },
];
