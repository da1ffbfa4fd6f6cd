/**
 * SS58 prefixes (paritytech/ss58-registry; Westend, Paseo and the Polymesh testnet as their runtimes set them), genesis
 * hashes (polkadot-js/common, packages/networks; trustwallet/wallet-core for Polymesh), and of the runtimes whose transfers are
 * built the numbers of their calls, which hold for one transaction version each.
 */
export interface Parameters {
  readonly prefix: number;
  /** 32 bytes, hex. */
  readonly genesis: string;
  /** Absent: nothing is built, and no call is read. */
  readonly runtime?: Runtime;
}

export interface Runtime {
  /** The runtime raises it whenever calls or extensions are numbered or encoded anew; it is signed. */
  readonly transactionVersion: number;
  /** `[pallet, call]` of a payment of the native coin. */
  readonly transfer: readonly [number, number];
  /** Of `pallet_assets`, first instance: transfer_keep_alive. */
  readonly assets?: readonly [number, number];
  /** Those with anything in the extrinsic or beside it, in their order. */
  readonly extensions: readonly string[];
  /** Most that a transfer costs, smallest unit: several times what it has cost; the chain sets the fee. */
  readonly cost: bigint;
}

const version = ['CheckSpecVersion', 'CheckTxVersion', 'CheckGenesis', 'CheckMortality', 'CheckNonce'];
const plain = [...version, 'ChargeTransactionPayment', 'CheckMetadataHash'];
const hub = [...version, 'ChargeAssetTxPayment', 'CheckMetadataHash'];
/** transfer_keep_alive: a payment that would close the account, and lose what is left in it, fails instead. */
const keepAlive = 3;
const assets = [50, 9] as const;

/** polkadot-fellows/runtimes at cb16c08 (runtimes 2.3.2), paseo-network/runtimes at 05455e9 (2.3.1). */
const polkadot: Runtime = {
  transactionVersion: 26,
  transfer: [5, keepAlive],
  extensions: plain,
  cost: 2_000_000_000n,
};
const kusama: Runtime = { transactionVersion: 26, transfer: [4, keepAlive], extensions: plain, cost: 10_000_000_000n };
const polkadotHub: Runtime = {
  transactionVersion: 15,
  transfer: [10, keepAlive],
  assets,
  extensions: hub,
  cost: 2_000_000_000n,
};
/** PolymeshAssociation/Polymesh at dfcb80d (7.0.3): transfer. */
const polymesh: Runtime = {
  transactionVersion: 7,
  transfer: [5, 0],
  extensions: [...version, 'ChargeTransactionPayment'],
  cost: 1_000_000n,
};

export const parameters: Readonly<Record<string, Parameters>> = {
  Kusama: {
    prefix: 2,
    genesis: 'b0a8d493285c2df73290dfb7e61f870f17b41801197a149ca93654499ea3dafe',
    runtime: kusama,
  },
  KusamaAssetHub: {
    prefix: 2,
    genesis: '48239ef607d7928874027a43a67689209727dfb3d3dc5e5b03a39bdc2eda771a',
    runtime: { ...polkadotHub, cost: 10_000_000_000n },
  },
  Paseo: {
    prefix: 0,
    genesis: '77afd6190f1554ad45fd0d31aee62aacc33c6db0ea801129acb813f913e0764f',
    runtime: polkadot,
  },
  // Its runtime has extensions of its own that hold data.
  PaseoAssetHub: { prefix: 0, genesis: 'd6eec26135305a8ad257a20d003357284c8aa03d0bdb2b357ab0a22371e11ef2' },
  Polkadot: {
    prefix: 0,
    genesis: '91b171bb158e2d3848fa23a9f1c25182fb8e20313b2c1eb49219da7a70ce90c3',
    runtime: polkadot,
  },
  PolkadotAssetHub: {
    prefix: 0,
    genesis: '68d56f15f85d3136970ec16946040bc1752654e906147f7e43e9d539d7c3de2f',
    runtime: polkadotHub,
  },
  Polymesh: {
    prefix: 12,
    genesis: '6fbd74e5e1d0a61d52ccfe9d4adaed16dd3a7caa37c6bc4d0c2fa12e8b2f4063',
    runtime: polymesh,
  },
  PolymeshTestnet: {
    prefix: 42,
    genesis: '2ace05e703aa50b48c0ccccfc8b424f7aab9a1e2c424ed12e45d20b1e8ffd0d6',
    runtime: polymesh,
  },
  Westend: { prefix: 42, genesis: 'e143f23803ac50e8f6f8e62695d1ce9e4e1d68aa36c1cd2cfd15340213f3423e' },
  WestendAssetHub: { prefix: 42, genesis: '67f9723393ef76214df0118c34bbbd3dbebc8ed46a10973a8c969d48fe7598c9' },
};
