/** IOTA. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'iota',
  judge: '@iota/iota-sdk 1.10.1 by its fixtures; the shared encoding by @mysten/sui.js 0.48.1',
  address: 'vectors',
  signatures: { Transaction: 'vectors', Message: 'spec' },
  constructs: { Native: 'vectors', Coin: 'vectors' },
  broadcasts: ['Transaction'],
  nodes: 'vectors',
  orders: 'fake',
  notes: [
    'signedData is SenderSignedData in BCS, transaction and signature together.',
    'A coin is split by its type, so that the chain itself refuses objects of another.',
  ],
};
