/** EVM networks. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'evm',
  judge: 'viem 2.57.1; transactions executed by anvil',
  address: 'sdk',
  signatures: { Transaction: 'sdk', Hash: 'sdk', Message: 'sdk', Eip191: 'sdk', Eip712: 'sdk', Eip7702: 'node' },
  constructs: { Native: 'node', Erc20: 'node', Erc721: 'node', Evm: 'node', Eip1559: 'node' },
  broadcasts: ['Transaction'],
  nodes: 'node',
  orders: 'node',
  notes: [
    'Transactions of types 0, 1, 2 and 4 are signed; blobs (type 3) are not.',
    'Erc7984 and UserOperations are refused by name.',
    'The cap on fees is over gas limit times price; what a rollup charges for its parent chain comes on top.',
  ],
};
