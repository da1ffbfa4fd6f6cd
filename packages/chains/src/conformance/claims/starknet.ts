/** Starknet. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'starknet',
  judge: 'starknet 7.1.0 (starknet.js)',
  address: 'sdk',
  signatures: { Hash: 'sdk', Snip12: 'sdk' },
  constructs: {},
  broadcasts: [],
  notes: [
    'The address is that of an account of OpenZeppelin AccountUpgradeable 1.0.0 with the public key as salt; the contract has to be deployed by other means, and deploys at this address on both networks.',
    'No transactions are built or read: transfers and activation of the account are left out, hashes of transactions are signed with Hash.',
    'Typed data holds printable ASCII and at most 512 values; types that refer to themselves and lists of lists are refused.',
  ],
};
