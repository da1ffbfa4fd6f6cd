/** Tezos. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'tezos',
  judge: '@taquito/local-forging and utils 24.2.0; operations that ghostnet included',
  address: 'sdk',
  signatures: { Transaction: 'sdk', Message: 'spec', Hash: 'spec' },
  constructs: { Native: 'sdk' },
  broadcasts: ['Transaction'],
  nodes: 'sdk',
  orders: 'fake',
  notes: [
    'Manager operations only: reveal, transaction, origination, delegation.',
    'The fee bound counts storage at 250 mutez a byte.',
  ],
};
