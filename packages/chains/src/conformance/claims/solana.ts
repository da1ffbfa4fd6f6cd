/** Solana. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'solana',
  judge: '@solana/kit 8.4.0, LiteSVM 1.4.1 (executed)',
  address: 'sdk',
  signatures: { Message: 'sdk', Transaction: 'node' },
  constructs: { Native: 'node', Spl: 'node', Spl2022: 'node', CreateSolanaNonceAccounts: 'node' },
  broadcasts: ['Transaction'],
  nodes: 'node',
  orders: 'machine',
  notes: [
    'Version 0 messages are signed; accounts they look up in tables are not known to signers.',
    'Tokens move between associated token accounts; mints with a transfer hook are not built.',
  ],
};
