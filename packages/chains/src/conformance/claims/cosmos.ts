/** Cosmos chains. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'cosmos',
  judge: '@cosmjs/proto-signing and amino 0.39.0; transactions accepted by the Cosmos Hub',
  address: 'sdk',
  signatures: { SignDocDirect: 'sdk', Hash: 'spec' },
  constructs: { Native: 'sdk' },
  broadcasts: ['SignDocDirect'],
  nodes: 'sdk',
  orders: 'fake',
  notes: [
    'One signer, mode DIRECT, secp256k1 keys of the Cosmos SDK; messages other than MsgSend are signed without being interpreted.',
  ],
};
