/** Near networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'near', kind: 'Near', schemes: [eddsa] } as const;

export const nearNetworks: readonly Network[] = [
  { ...common, name: 'Near', native: { symbol: 'NEAR', decimals: 24 }, testnet: false },
  { ...common, name: 'NearTestnet', native: { symbol: 'NEAR', decimals: 24 }, testnet: true },
];
