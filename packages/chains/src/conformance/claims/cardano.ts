/** Cardano. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'cardano',
  judge: '@emurgo/cardano-serialization-lib-nodejs 15.0.3, @emurgo/cardano-message-signing-nodejs',
  address: 'sdk',
  signatures: { Message: 'sdk', Transaction: 'sdk', Cip8: 'sdk' },
  constructs: { Native: 'sdk' },
  broadcasts: ['Transaction'],
  nodes: 'sdk',
  notes: [
    'Transfers spend coins without tokens and go to Shelley addresses; Byron and pointer addresses are refused.',
    'Transactions that do more than pay are signed as given.',
  ],
};
