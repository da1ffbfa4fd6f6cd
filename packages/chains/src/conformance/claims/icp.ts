/** The Internet Computer and ORIGYN's ledger on it. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'icp',
  judge: '@icp-sdk/core 5.4.0, @icp-sdk/canisters 3.6.0',
  address: 'sdk',
  signatures: { Transaction: 'sdk', Message: 'spec', Hash: 'spec' },
  constructs: { Native: 'sdk' },
  broadcasts: ['Transaction'],
  notes: [
    'The address is the account identifier on the ICP ledger, without subaccount; on Origyn, whose ledger is ICRC-1, the principal.',
    'A transaction is a call: the CBOR of an envelope with its content alone. Questions for the state of a call (read_state) are not of this kind.',
    'Calls other than these transfers are signed without being read, and so are transfers in Candid of another form.',
  ],
};
