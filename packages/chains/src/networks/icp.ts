/** Icp networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { ecdsa, eddsa } from './schemes.ts';

const common = { family: 'icp', kind: 'Icp', schemes: [ecdsa, eddsa] } as const;

export const icpNetworks: readonly Network[] = [
  {
    ...common,
    name: 'InternetComputer',
    native: { symbol: 'ICP', decimals: 8 },
    testnet: false,
    tier: 1,
    confirmations: 2,
  },
  { ...common, name: 'Origyn', native: { symbol: 'OGY', decimals: 8 }, testnet: false },
];
