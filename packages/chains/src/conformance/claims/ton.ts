/** TON and ION. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'ton',
  judge: '@ton/core 0.63.1, @ton/ton 16.3.0, @ton/sandbox 0.41.0 (executed)',
  address: 'sdk',
  signatures: { Message: 'sdk', Transaction: 'node' },
  constructs: { Native: 'node', Tep74: 'sdk' },
  broadcasts: ['Transaction'],
  nodes: 'node',
  orders: 'machine',
  notes: [
    'Wallets are of contract v4R2; the first transfer deploys them. The address shown is the one that is not bounceable.',
    'The contract does not sign for a network: a key should back a wallet of one of these networks only.',
    'ION is signed as TON is; no software of ION was asked.',
    'Tokens whose accounts are of another form than the reference contract or the governed one are not built.',
  ],
};
