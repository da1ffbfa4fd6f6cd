/** Sui. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'sui',
  judge: '@mysten/sui.js 0.48.1; transactions accepted by mainnet',
  address: 'sdk',
  signatures: { Transaction: 'sdk', Message: 'spec' },
  constructs: { Native: 'sdk', Coin: 'sdk' },
  broadcasts: ['Transaction'],
  nodes: 'sdk',
  orders: 'fake',
  notes: [
    'signedData is SenderSignedData in BCS, transaction and signature together.',
    'A coin is split by its type, so that the chain itself refuses objects of another.',
  ],
};
