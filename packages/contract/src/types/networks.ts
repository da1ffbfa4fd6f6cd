/** Network names of the wire that this release serves (reference/api/wallets.md §2). */

/** The 63 EVM networks. */
export const evmNetworks = [
  'Adi',
  'AdiTestnet',
  'AdiTestnetAb',
  'ArbitrumOne',
  'ArbitrumGoerli',
  'ArbitrumSepolia',
  'ArcTestnet',
  'Areum',
  'AvalancheC',
  'AvalancheCFuji',
  'Base',
  'BaseGoerli',
  'BaseSepolia',
  'Bob',
  'BobSepolia',
  'Bsc',
  'BscTestnet',
  'Berachain',
  'BerachainBArtio',
  'BerachainBepolia',
  'BesuTestnet',
  'Celo',
  'CeloAlfajores',
  'Codex',
  'CodexSepolia',
  'Ethereum',
  'EthereumClassic',
  'EthereumClassicMordor',
  'EthereumGoerli',
  'EthereumSepolia',
  'EthereumHolesky',
  'EthereumHoodi',
  'FantomOpera',
  'FantomTestnet',
  'FlareC',
  'FlareCCoston2',
  'FlowEvm',
  'FlowEvmTestnet',
  'Ink',
  'InkSepolia',
  'Optimism',
  'OptimismGoerli',
  'OptimismSepolia',
  'Plasma',
  'PlasmaTestnet',
  'Plume',
  'PlumeSepolia',
  'Polygon',
  'PolygonAmoy',
  'PolygonMumbai',
  'Race',
  'RaceSepolia',
  'Sonic',
  'SonicTestnet',
  'Tempo',
  'TempoAndantino',
  'TempoModerato',
  'Tsc',
  'TscTestnet1',
  'Xdc',
  'XdcApothem',
  'XLayer',
  'XLayerSepolia',
] as const;

export const bitcoinNetworks = [
  'Bitcoin',
  'BitcoinSignet',
  'BitcoinTestnet3',
  'BitcoinTestnet4',
  'Dogecoin',
  'DogecoinTestnet',
  'Litecoin',
  'LitecoinTestnet',
] as const;

/** Every network of the wire, under the `blockchainKind` it belongs to (reference wallets.md §2). */
export const networksOfKind = {
  Algorand: ['Algorand', 'AlgorandTestnet'],
  Aptos: ['Aptos', 'AptosTestnet'],
  Bitcoin: bitcoinNetworks,
  BitcoinCash: ['BitcoinCash', 'BitcoinCashTestnet'],
  Canton: ['Canton', 'CantonDevnet', 'CantonTestnet'],
  Cardano: ['Cardano', 'CardanoPreprod'],
  Concordium: ['Concordium', 'ConcordiumTestnet'],
  Cosmos: ['BabylonGenesis', 'BabylonTestnet5', 'CosmosHub4', 'CosmosIcsTestnet', 'SeiAtlantic2', 'SeiPacific1'],
  Evm: evmNetworks,
  Hedera: ['Hedera', 'HederaTestnet'],
  Icp: ['InternetComputer', 'Origyn'],
  Iota: ['Iota', 'IotaTestnet', 'IotaZodianet'],
  Kaspa: ['Kaspa', 'KaspaTestnet11'],
  Near: ['Near', 'NearTestnet'],
  Polymesh: ['Polymesh', 'PolymeshTestnet'],
  Solana: ['Solana', 'SolanaDevnet'],
  Starknet: ['Starknet', 'StarknetSepolia'],
  Stellar: ['Stellar', 'StellarTestnet'],
  Substrate: [
    'Kusama',
    'KusamaAssetHub',
    'Paseo',
    'PaseoAssetHub',
    'Polkadot',
    'PolkadotAssetHub',
    'Westend',
    'WestendAssetHub',
  ],
  Sui: ['Sui', 'SuiTestnet'],
  Tezos: ['Tezos', 'TezosGhostnet', 'TezosShadownet'],
  Ton: ['Ion', 'IonTestnet', 'Ton', 'TonTestnet'],
  Tron: ['Tron', 'TronNile'],
  Xrpl: ['XrpLedger', 'XrpLedgerTestnet'],
} as const;

/** Deprecated on the wire: a wallet without an address, for raw signatures. */
export const pseudoNetworks = ['KeyECDSA', 'KeyECDSAStark', 'KeyEdDSA'] as const;

/** What `blockchainKind` of a signature body may say. */
export const blockchainKinds = Object.keys(networksOfKind) as readonly BlockchainKind[];
export type BlockchainKind = keyof typeof networksOfKind;

export type NetworkName = (typeof networksOfKind)[BlockchainKind][number] | (typeof pseudoNetworks)[number];
export const networkNames: readonly NetworkName[] = [...Object.values(networksOfKind).flat(), ...pseudoNetworks];

/** Paths have names in kebab case (`ethereum-sepolia`); both forms are read, as no two networks differ in that alone. */
export function networkOfPath(text: string): NetworkName | undefined {
  return byPlainName.get(text.replaceAll('-', '').toLowerCase());
}

const byPlainName = new Map(networkNames.map((name) => [name.toLowerCase(), name]));

export function isNetworkName(name: string): name is NetworkName {
  return (networkNames as readonly string[]).includes(name);
}
