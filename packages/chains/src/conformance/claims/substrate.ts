/** Substrate chains and Polymesh. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'substrate',
  judge:
    'extrinsics published by Trust Wallet Core, most of them accepted by their chains; @polkadot-api/substrate-bindings 0.21.0',
  address: 'sdk',
  signatures: { Message: 'spec', SignerPayload: 'vectors' },
  constructs: {},
  broadcasts: [],
  notes: [
    'Calls of extrinsics are not read and no transactions are built: every runtime numbers its own calls and extensions, and changes them with an upgrade.',
    'A payload in members is bound to the network by its genesis hash and to the wallet by its address; one in hex is signed as given.',
    'Fees paid in a token (assetId) and extensions beyond those of the listed networks are refused; CheckMetadataHash is written from its description (RFC 78) and confirmed by nothing else.',
  ],
};
