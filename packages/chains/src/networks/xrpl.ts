/** Xrpl networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { ecdsa, eddsa } from './schemes.ts';

const common = { family: 'xrpl', kind: 'Xrpl', schemes: [ecdsa, eddsa] } as const;

export const xrplNetworks: readonly Network[] = [
  { ...common, name: 'XrpLedger', native: { symbol: 'XRP', decimals: 6 }, testnet: false, tier: 2 },
  { ...common, name: 'XrpLedgerTestnet', native: { symbol: 'XRP', decimals: 6 }, testnet: true },
];
