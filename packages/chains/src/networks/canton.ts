/** Canton networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'canton', kind: 'Canton', schemes: [eddsa] } as const;

export const cantonNetworks: readonly Network[] = [
  { ...common, name: 'Canton', native: { symbol: 'CC', decimals: 10 }, testnet: false },
  { ...common, name: 'CantonDevnet', native: { symbol: 'CC', decimals: 10 }, testnet: true },
  { ...common, name: 'CantonTestnet', native: { symbol: 'CC', decimals: 10 }, testnet: true },
];
