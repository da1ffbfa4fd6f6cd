/** Substrate chains and Polymesh. */
import type { Claims } from '../claims.ts';

export const claims: Claims = {
  family: 'substrate',
  judge:
    'extrinsics published by Trust Wallet Core, most of them accepted by their chains; @polkadot-api/substrate-bindings 0.21.0; @polkadot/types 16.5.6 with the metadata of Polkadot, Kusama and their Asset Hubs that it publishes',
  address: 'sdk',
  signatures: { Message: 'spec', SignerPayload: 'vectors', Transaction: 'sdk' },
  constructs: { Native: 'sdk', Asset: 'sdk' },
  broadcasts: ['Transaction'],
  notes: [
    'Payments are transfer_keep_alive (on Polymesh transfer), built and read for one transaction version of each runtime, which is signed; after an upgrade that raises it they are refused until this table is.',
    'No payments on Westend, its Asset Hub and Paseo’s Asset Hub, whose runtimes change without notice or have extensions of their own.',
    'A payload in members is bound to the network by its genesis hash and to the wallet by its address; one in hex is signed as given. A transaction is given in the same members.',
    'Fees paid in a token (assetId) and extensions beyond those of the listed networks are refused.',
  ],
};
