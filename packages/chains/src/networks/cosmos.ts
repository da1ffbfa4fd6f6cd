/** Cosmos networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { ecdsa } from './schemes.ts';

const common = { family: 'cosmos', kind: 'Cosmos', schemes: [ecdsa] } as const;

export const cosmosNetworks: readonly Network[] = [
  { ...common, name: 'BabylonGenesis', native: { symbol: 'BABY', decimals: 6 }, testnet: false },
  { ...common, name: 'BabylonTestnet5', native: { symbol: 'BABY', decimals: 6 }, testnet: true },
  { ...common, name: 'CosmosHub4', native: { symbol: 'ATOM', decimals: 6 }, testnet: false },
  { ...common, name: 'CosmosIcsTestnet', native: { symbol: 'ATOM', decimals: 6 }, testnet: true },
  { ...common, name: 'SeiAtlantic2', native: { symbol: 'SEI', decimals: 6 }, testnet: true },
  {
    ...common,
    name: 'SeiPacific1',
    native: { symbol: 'SEI', decimals: 6 },
    testnet: false,
    tier: 1,
    confirmations: 150,
  },
];
