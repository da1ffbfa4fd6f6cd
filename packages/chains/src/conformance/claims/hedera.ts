/** Hedera. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'hedera',
  judge: '@hiero-ledger/sdk 2.87.0',
  address: 'sdk',
  signatures: { Transaction: 'sdk', Message: 'spec', Hash: 'spec' },
  constructs: { Native: 'sdk', Hts: 'sdk', Hip17: 'sdk' },
  broadcasts: ['Transaction'],
  notes: [
    'The address is the alias by which the first payment makes the account: the Ethereum address of a secp256k1 key, 0.0. and the key in DER for Ed25519. The number of the account comes with the completion.',
    'Transactions are for one node, as the SDK’s toBytes gives them (setNodeAccountIds with one entry); nothing in them names the network.',
    'Fees that a token itself charges are paid besides, as its issuer set them.',
  ],
};
