/** Starknet. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'starknet',
  judge: 'starknet 7.1.0 (starknet.js)',
  address: 'sdk',
  signatures: { Hash: 'sdk', Snip12: 'sdk', Transaction: 'sdk' },
  constructs: { Native: 'sdk', Snip2: 'sdk', Snip3: 'sdk', ActivateAccount: 'sdk' },
  broadcasts: ['Transaction'],
  nodes: 'sdk',
  orders: 'fake',
  notes: [
    'The address is that of an account of OpenZeppelin AccountUpgradeable 1.0.0 with the public key as salt, the same on both networks; ActivateAccount deploys it, and the address must hold STRK for the fee before.',
    'Transactions are of version 3, as the JSON that nodes take, in an object or as the hex of its text; paymasters and data on L2 are refused.',
    'Typed data holds printable ASCII and at most 512 values; types that refer to themselves and lists of lists are refused.',
  ],
};
