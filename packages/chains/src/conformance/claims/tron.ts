/** TRON. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'tron',
  judge:
    'transactions published by Trust Wallet Core; protobufjs 8.8.1 with the definitions of tronprotocol/protocol; ethers 6.17.0 for the calls of contracts',
  address: 'vectors',
  signatures: { Transaction: 'vectors', Hash: 'spec' },
  constructs: { Native: 'vectors', Trc10: 'vectors', Trc20: 'spec', Trc721: 'spec' },
  broadcasts: ['Transaction'],
  nodes: 'spec',
  orders: 'fake',
  notes: [
    'Nothing but the reference block ties a transaction to one of the two networks: a key should back a wallet of one of them only.',
    'The fee limit bounds energy; the bound shown adds the bandwidth and, outside contracts, a new account, at the prices the chain has today.',
    'No SDK of TRON’s is among the judges: the fake of its node decodes with protobufjs and finds the signer with ethers.',
    'Shielded transfers and memos on transfers are refused.',
  ],
};
