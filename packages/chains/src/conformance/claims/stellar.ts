/** Stellar. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'stellar',
  judge: '@stellar/stellar-base 15.0.0; transactions accepted by the public network',
  address: 'sdk',
  signatures: { Transaction: 'sdk', Message: 'sdk' },
  constructs: { Native: 'sdk', Sep41: 'sdk' },
  broadcasts: ['Transaction'],
  nodes: 'sdk',
  orders: 'fake',
  notes: [
    'Sep41 pays the classic asset of that code and issuer; contracts and muxed accounts as recipients are refused.',
    'A transfer expires at the completion’s maxTime.',
  ],
};
