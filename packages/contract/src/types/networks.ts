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
  'Litecoin',
  'LitecoinTestnet',
] as const;

export const solanaNetworks = ['Solana', 'SolanaDevnet'] as const;

export const starknetNetworks = ['Starknet', 'StarknetSepolia'] as const;

/** Deprecated on the wire: a wallet without an address, for raw signatures. */
export const pseudoNetworks = ['KeyECDSA', 'KeyECDSAStark', 'KeyEdDSA'] as const;

export const networkNames = [
  ...evmNetworks,
  ...bitcoinNetworks,
  ...solanaNetworks,
  ...starknetNetworks,
  ...pseudoNetworks,
] as const;
export type NetworkName = (typeof networkNames)[number];

/** What `blockchainKind` of a signature body may say in this release. */
export const blockchainKinds = ['Evm', 'Bitcoin', 'Solana', 'Starknet'] as const;
export type BlockchainKind = (typeof blockchainKinds)[number];

export function isNetworkName(name: string): name is NetworkName {
  return (networkNames as readonly string[]).includes(name);
}
