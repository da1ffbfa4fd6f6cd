/** BitcoinCash networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { ecdsa } from './schemes.ts';

const common = { family: 'bitcoin-cash', kind: 'BitcoinCash', schemes: [ecdsa] } as const;

export const bitcoinCashNetworks: readonly Network[] = [
  { ...common, name: 'BitcoinCash', native: { symbol: 'BCH', decimals: 8 }, testnet: false },
  { ...common, name: 'BitcoinCashTestnet', native: { symbol: 'BCH', decimals: 8 }, testnet: true },
];
