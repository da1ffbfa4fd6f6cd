/** Kaspa. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'kaspa',
  judge: '@kaspa/core-lib 1.6.5 and the published vectors of rusty-kaspa',
  address: 'sdk',
  signatures: { Transaction: 'sdk' },
  constructs: { Native: 'sdk' },
  broadcasts: ['Transaction'],
  nodes: 'sdk',
  notes: [
    'A transaction is the safe JSON of the SDK, as an object or in hex; that form is ours to choose, the public client does not name one.',
    'ECDSA digests and transaction ids are checked against the published description and vectors only.',
    'No node of Kaspa was asked: fees follow KIP-9 as published, and the client the REST server as documented.',
  ],
};
