/** Algorand. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'algorand',
  judge: 'algosdk 3.8.0; transactions accepted by mainnet and testnet',
  address: 'sdk',
  signatures: { Transaction: 'sdk', Message: 'spec' },
  constructs: { Native: 'sdk', Asa: 'sdk' },
  broadcasts: ['Transaction'],
  nodes: 'sdk',
  orders: 'fake',
  notes: [
    'A memo is the note, as text.',
    'Rekeyed accounts, groups of several signers and logic signatures are refused or not interpreted.',
  ],
};
