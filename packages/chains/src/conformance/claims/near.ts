/** NEAR. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'near',
  judge: 'near-api-js 7.2.0; names of transactions of mainnet',
  address: 'sdk',
  signatures: { Transaction: 'sdk', Message: 'spec' },
  constructs: { Native: 'sdk' },
  broadcasts: ['Transaction'],
  nodes: 'sdk',
  orders: 'fake',
  notes: [
    'Implicit accounts only: transactions of a named account that this key may sign for are refused.',
    'The chain sets the fee; the bound assumes its usual price eight times over.',
  ],
};
