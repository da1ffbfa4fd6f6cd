/** XRP Ledger. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'xrpl',
  judge: 'ripple-binary-codec 2.11.0, ripple-keypairs 3.1.0; transactions accepted by the ledger',
  address: 'sdk',
  signatures: { Transaction: 'sdk', Hash: 'spec', Message: 'sdk' },
  constructs: { Native: 'sdk', Iou: 'sdk', Xls33: 'sdk' },
  broadcasts: ['Transaction'],
  nodes: 'sdk',
  orders: 'fake',
  notes: [
    'The amount of an issued currency (Iou) counts 10^-15 of it; more than 16 significant digits are refused.',
    'A memo is a destination tag; X-addresses, multi-signing and regular keys are refused.',
  ],
};
