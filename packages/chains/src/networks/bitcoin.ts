/** Bitcoin networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { ecdsa, schnorr } from './schemes.ts';

const common = { family: 'bitcoin', kind: 'Bitcoin', schemes: [ecdsa, schnorr] } as const;
/** Dogecoin has no SegWit, and so no Taproot. */
const doge = { ...common, schemes: [ecdsa], native: { symbol: 'DOGE', decimals: 8 } } as const;

export const bitcoinNetworks: readonly Network[] = [
  { ...common, name: 'Bitcoin', native: { symbol: 'BTC', decimals: 8 }, testnet: false, tier: 1, confirmations: 2 },
  { ...common, name: 'BitcoinSignet', native: { symbol: 'BTC', decimals: 8 }, testnet: true },
  { ...common, name: 'BitcoinTestnet3', native: { symbol: 'BTC', decimals: 8 }, testnet: true },
  { ...common, name: 'BitcoinTestnet4', native: { symbol: 'BTC', decimals: 8 }, testnet: true },
  { ...doge, name: 'Dogecoin', testnet: false, tier: 1, confirmations: 40 },
  { ...doge, name: 'DogecoinTestnet', testnet: true },
  { ...common, name: 'Litecoin', native: { symbol: 'LTC', decimals: 8 }, testnet: false, tier: 1, confirmations: 12 },
  { ...common, name: 'LitecoinTestnet', native: { symbol: 'LTC', decimals: 8 }, testnet: true },
];
