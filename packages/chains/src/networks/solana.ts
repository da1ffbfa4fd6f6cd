/** Solana networks of the public API (reference wallets.md §2). */
import type { Network } from '../families/types.ts';
import { eddsa } from './schemes.ts';

const common = { family: 'solana', kind: 'Solana', schemes: [eddsa] } as const;

export const solanaNetworks: readonly Network[] = [
  { ...common, name: 'Solana', native: { symbol: 'SOL', decimals: 9 }, testnet: false, tier: 1, confirmations: 8 },
  { ...common, name: 'SolanaDevnet', native: { symbol: 'SOL', decimals: 9 }, testnet: true },
];
