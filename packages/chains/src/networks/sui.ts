/** Sui networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'sui', kind: 'Sui', schemes: [eddsa] } as const;

export const suiNetworks: readonly Network[] = [
  { ...common, name: 'Sui', native: { symbol: 'SUI', decimals: 9 }, testnet: false },
  { ...common, name: 'SuiTestnet', native: { symbol: 'SUI', decimals: 9 }, testnet: true },
];
