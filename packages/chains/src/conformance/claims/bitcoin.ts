/** Bitcoin, Litecoin, Dogecoin. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'bitcoin',
  judge: 'bitcoinjs-lib 7.0.0, Litecoin Core 0.21.2.1 (regtest)',
  address: 'sdk',
  signatures: { Psbt: 'sdk', Bip322: 'vectors' },
  constructs: { Native: 'node' },
  broadcasts: ['Psbt'],
  nodes: 'node',
  orders: 'node',
  notes: [
    'Dogecoin wallets take ECDSA keys only and sign BIP-322 in the Full format.',
    'P2PKH inputs need their whole previous transaction.',
    'Litecoin addresses of the old P2SH version (3…) and MWEB are refused.',
  ],
};
