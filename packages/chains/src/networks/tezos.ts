/** Tezos networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { ecdsa, eddsa } from './schemes.ts';

const common = { family: 'tezos', kind: 'Tezos', schemes: [eddsa, ecdsa] } as const;

export const tezosNetworks: readonly Network[] = [
  { ...common, name: 'Tezos', native: { symbol: 'XTZ', decimals: 6 }, testnet: false, tier: 2 },
  { ...common, name: 'TezosGhostnet', native: { symbol: 'XTZ', decimals: 6 }, testnet: true },
  { ...common, name: 'TezosShadownet', native: { symbol: 'XTZ', decimals: 6 }, testnet: true },
];
