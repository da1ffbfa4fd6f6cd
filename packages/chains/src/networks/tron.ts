/** Tron networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { ecdsa } from './schemes.ts';

const common = { family: 'tron', kind: 'Tron', schemes: [ecdsa] } as const;

export const tronNetworks: readonly Network[] = [
  { ...common, name: 'Tron', native: { symbol: 'TRX', decimals: 6 }, testnet: false, tier: 1, confirmations: 19 },
  { ...common, name: 'TronNile', native: { symbol: 'TRX', decimals: 6 }, testnet: true },
];
