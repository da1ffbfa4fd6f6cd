/** Aptos networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'aptos', kind: 'Aptos', schemes: [eddsa] } as const;

export const aptosNetworks: readonly Network[] = [
  { ...common, name: 'Aptos', native: { symbol: 'APT', decimals: 8 }, testnet: false, tier: 1, confirmations: 30 },
  { ...common, name: 'AptosTestnet', native: { symbol: 'APT', decimals: 8 }, testnet: true },
];
