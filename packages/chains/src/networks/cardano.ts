/** Cardano networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'cardano', kind: 'Cardano', schemes: [eddsa] } as const;

export const cardanoNetworks: readonly Network[] = [
  { ...common, name: 'Cardano', native: { symbol: 'ADA', decimals: 6 }, testnet: false, tier: 2 },
  { ...common, name: 'CardanoPreprod', native: { symbol: 'ADA', decimals: 6 }, testnet: true },
];
