/** Starknet networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { stark } from './schemes.ts';

const common = { family: 'starknet', kind: 'Starknet', schemes: [stark] } as const;

export const starknetNetworks: readonly Network[] = [
  { ...common, name: 'Starknet', native: { symbol: 'STRK', decimals: 18 }, testnet: false },
  { ...common, name: 'StarknetSepolia', native: { symbol: 'STRK', decimals: 18 }, testnet: true },
];
