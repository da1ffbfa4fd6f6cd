/** Substrate networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'substrate', kind: 'Substrate', schemes: [eddsa] } as const;

export const substrateNetworks: readonly Network[] = [
  { ...common, name: 'Kusama', native: { symbol: 'KSM', decimals: 12 }, testnet: false, tier: 2 },
  { ...common, name: 'KusamaAssetHub', native: { symbol: 'KSM', decimals: 12 }, testnet: false },
  { ...common, name: 'Paseo', native: { symbol: 'PAS', decimals: 10 }, testnet: true },
  { ...common, name: 'PaseoAssetHub', native: { symbol: 'PAS', decimals: 10 }, testnet: true },
  { ...common, name: 'Polkadot', native: { symbol: 'DOT', decimals: 10 }, testnet: false, tier: 2 },
  { ...common, name: 'PolkadotAssetHub', native: { symbol: 'DOT', decimals: 10 }, testnet: false },
  { ...common, name: 'Westend', native: { symbol: 'WND', decimals: 12 }, testnet: true },
  { ...common, name: 'WestendAssetHub', native: { symbol: 'WND', decimals: 12 }, testnet: true },
];
