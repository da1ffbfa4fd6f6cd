/** Hedera networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { ecdsa, eddsa } from './schemes.ts';

const common = { family: 'hedera', kind: 'Hedera', schemes: [ecdsa, eddsa] } as const;

export const hederaNetworks: readonly Network[] = [
  { ...common, name: 'Hedera', native: { symbol: 'HBAR', decimals: 8 }, testnet: false },
  { ...common, name: 'HederaTestnet', native: { symbol: 'HBAR', decimals: 8 }, testnet: true },
];
