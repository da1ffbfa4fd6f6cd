/** Concordium. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'concordium',
  judge: '@concordium/web-sdk 12.0.2',
  address: 'spec',
  signatures: { Transaction: 'sdk', Message: 'spec' },
  constructs: { Native: 'sdk', Cis2: 'sdk' },
  broadcasts: ['Transaction'],
  notes: [
    'A wallet has no address: an account comes with a credential of an identity provider, and its address from that credential. The completion names the account; transfers go out, and the account has to be made and read by other means.',
    'Cis7 is refused: its amounts carry their decimals, which only a node knows.',
    'The chain sets the price of energy in CCD; the bound assumes at most 20,000 microCCD a unit. Nothing in a transaction names the network.',
  ],
};
