/** Polymesh networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'substrate', kind: 'Polymesh', schemes: [eddsa] } as const;

export const polymeshNetworks: readonly Network[] = [
  { ...common, name: 'Polymesh', native: { symbol: 'POLYX', decimals: 6 }, testnet: false, tier: 1, confirmations: 4 },
  { ...common, name: 'PolymeshTestnet', native: { symbol: 'POLYX', decimals: 6 }, testnet: true },
];
