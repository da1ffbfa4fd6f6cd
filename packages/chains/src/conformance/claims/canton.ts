/** Canton. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'canton',
  judge: '@canton-network/core-tx-visualizer 1.7.0',
  address: 'sdk',
  signatures: { Transaction: 'sdk', Message: 'spec' },
  constructs: {},
  broadcasts: [],
  notes: [
    'The address is the party wallet::1220…, the fingerprint of the key; a validator has to take it up before it holds anything.',
    'Transaction is the hash of what a participant has prepared, signed as it is: nobody here reads what it moves.',
    'Transfers, preapprovals, offers and validators need a participant node and are refused in this release.',
  ],
};
