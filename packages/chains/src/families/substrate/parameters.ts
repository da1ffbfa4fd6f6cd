/**
 * SS58 prefixes (paritytech/ss58-registry; Westend, Paseo and the Polymesh testnet as their runtimes set them) and genesis
 * hashes (polkadot-js/common, packages/networks; trustwallet/wallet-core for Polymesh).
 */
export interface Parameters {
  readonly prefix: number;
  /** 32 bytes, hex. */
  readonly genesis: string;
}

export const parameters: Readonly<Record<string, Parameters>> = {
  Kusama: { prefix: 2, genesis: 'b0a8d493285c2df73290dfb7e61f870f17b41801197a149ca93654499ea3dafe' },
  KusamaAssetHub: { prefix: 2, genesis: '48239ef607d7928874027a43a67689209727dfb3d3dc5e5b03a39bdc2eda771a' },
  Paseo: { prefix: 0, genesis: '77afd6190f1554ad45fd0d31aee62aacc33c6db0ea801129acb813f913e0764f' },
  PaseoAssetHub: { prefix: 0, genesis: 'd6eec26135305a8ad257a20d003357284c8aa03d0bdb2b357ab0a22371e11ef2' },
  Polkadot: { prefix: 0, genesis: '91b171bb158e2d3848fa23a9f1c25182fb8e20313b2c1eb49219da7a70ce90c3' },
  PolkadotAssetHub: { prefix: 0, genesis: '68d56f15f85d3136970ec16946040bc1752654e906147f7e43e9d539d7c3de2f' },
  Polymesh: { prefix: 12, genesis: '6fbd74e5e1d0a61d52ccfe9d4adaed16dd3a7caa37c6bc4d0c2fa12e8b2f4063' },
  PolymeshTestnet: { prefix: 42, genesis: '2ace05e703aa50b48c0ccccfc8b424f7aab9a1e2c424ed12e45d20b1e8ffd0d6' },
  Westend: { prefix: 42, genesis: 'e143f23803ac50e8f6f8e62695d1ce9e4e1d68aa36c1cd2cfd15340213f3423e' },
  WestendAssetHub: { prefix: 42, genesis: '67f9723393ef76214df0118c34bbbd3dbebc8ed46a10973a8c969d48fe7598c9' },
};
