/** Bitcoin Cash. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'bitcoin-cash',
  judge: '@bitauth/libauth 3.0.0, whose virtual machine runs every signed transaction',
  address: 'sdk',
  signatures: { Psbt: 'sdk' },
  constructs: { Native: 'sdk' },
  broadcasts: ['Psbt'],
  nodes: 'sdk',
  notes: ['Recipients are given in CashAddr, with or without the prefix; old base58 addresses are refused.'],
};
