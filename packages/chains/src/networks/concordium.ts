/** Concordium networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'concordium', kind: 'Concordium', schemes: [eddsa] } as const;

export const concordiumNetworks: readonly Network[] = [
  { ...common, name: 'Concordium', native: { symbol: 'CCD', decimals: 6 }, testnet: false },
  { ...common, name: 'ConcordiumTestnet', native: { symbol: 'CCD', decimals: 6 }, testnet: true },
];
