/** Aptos. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'aptos',
  judge: '@aptos-labs/ts-sdk 6.3.1',
  address: 'sdk',
  signatures: { Transaction: 'sdk', Message: 'spec' },
  constructs: { Native: 'sdk', Coin: 'sdk', Aip21: 'sdk' },
  broadcasts: ['Transaction'],
  nodes: 'sdk',
  orders: 'fake',
  notes: [
    'Accounts of one Ed25519 key that was never rotated. Fee payer and several agents: this wallet fills the place kept free for it.',
  ],
};
