/**
 * EVM networks of the public API. Chain ids as registered at ethereum-lists/chains; where a network has no settled
 * public id the field is left out, and what needs it is refused until it is configured (rulings 32).
 */
import type { Network } from '../families/types.ts';
import { ecdsa } from './schemes.ts';

const rows: readonly (readonly [name: string, chainId?: number])[] = [
  ['Adi'],
  ['AdiTestnet'],
  ['AdiTestnetAb'],
  ['ArbitrumOne', 42161],
  ['ArbitrumGoerli', 421613],
  ['ArbitrumSepolia', 421614],
  ['ArcTestnet'],
  ['Areum'],
  ['AvalancheC', 43114],
  ['AvalancheCFuji', 43113],
  ['Base', 8453],
  ['BaseGoerli', 84531],
  ['BaseSepolia', 84532],
  ['Bob', 60808],
  ['BobSepolia', 808813],
  ['Bsc', 56],
  ['BscTestnet', 97],
  ['Berachain', 80094],
  ['BerachainBArtio', 80084],
  ['BerachainBepolia', 80069],
  ['BesuTestnet'],
  ['Celo', 42220],
  ['CeloAlfajores', 44787],
  ['Codex'],
  ['CodexSepolia'],
  ['Ethereum', 1],
  ['EthereumClassic', 61],
  ['EthereumClassicMordor', 63],
  ['EthereumGoerli', 5],
  ['EthereumSepolia', 11155111],
  ['EthereumHolesky', 17000],
  ['EthereumHoodi', 560048],
  ['FantomOpera', 250],
  ['FantomTestnet', 4002],
  ['FlareC', 14],
  ['FlareCCoston2', 114],
  ['FlowEvm', 747],
  ['FlowEvmTestnet', 545],
  ['Ink', 57073],
  ['InkSepolia', 763373],
  ['Optimism', 10],
  ['OptimismGoerli', 420],
  ['OptimismSepolia', 11155420],
  ['Plasma', 9745],
  ['PlasmaTestnet', 9746],
  ['Plume'],
  ['PlumeSepolia'],
  ['Polygon', 137],
  ['PolygonAmoy', 80002],
  ['PolygonMumbai', 80001],
  ['Race'],
  ['RaceSepolia'],
  ['Sonic', 146],
  ['SonicTestnet'],
  ['Tempo'],
  ['TempoAndantino'],
  ['TempoModerato'],
  ['Tsc'],
  ['TscTestnet1'],
  ['Xdc', 50],
  ['XdcApothem', 51],
  ['XLayer', 196],
  ['XLayerSepolia'],
];

const testnetName =
  /Testnet|Goerli|Sepolia|Holesky|Hoodi|Fuji|BArtio|Bepolia|Alfajores|Mordor|Coston|Amoy|Mumbai|Apothem|Andantino|Moderato/;

/** Those of the first tier with the blocks awaited on top (reference wallets.md §2). */
const confirmations: Readonly<Record<string, number>> = {
  ArbitrumOne: 50,
  AvalancheC: 50,
  Base: 50,
  Bsc: 50,
  Berachain: 5,
  Ethereum: 12,
  FantomOpera: 5,
  Optimism: 50,
  Polygon: 50,
  Race: 50,
};

/** Native coins with another symbol than ETH; all have 18 decimals. */
const symbols: readonly (readonly [name: RegExp, symbol: string])[] = [
  [/^Avalanche/, 'AVAX'],
  [/^Bsc/, 'BNB'],
  [/^Berachain/, 'BERA'],
  [/^Celo/, 'CELO'],
  [/^EthereumClassic/, 'ETC'],
  [/^Fantom/, 'FTM'],
  [/^FlareCCoston2/, 'C2FLR'],
  [/^FlareC/, 'FLR'],
  [/^FlowEvm/, 'FLOW'],
  [/^Plasma/, 'XPL'],
  [/^Plume/, 'PLUME'],
  [/^Polygon/, 'POL'],
  [/^Sonic/, 'S'],
  [/^Xdc/, 'XDC'],
  [/^XLayer/, 'OKB'],
];

/**
 * Highest fee of a transfer, in thousandths of the native coin: a few hundred times what one costs on a quiet day. An
 * operator may set another for his signer.
 */
const feeThousandths: Readonly<Record<string, bigint>> = {
  AVAX: 1_000n,
  BERA: 1_000n,
  BNB: 100n,
  C2FLR: 100_000n,
  CELO: 10_000n,
  ETC: 1_000n,
  ETH: 50n,
  FLOW: 10_000n,
  FLR: 100_000n,
  FTM: 10_000n,
  OKB: 1_000n,
  PLUME: 50_000n,
  POL: 10_000n,
  S: 10_000n,
  XDC: 100_000n,
  XPL: 10_000n,
};
const THOUSANDTH = 10n ** 15n;

/** Networks whose native coin goes by Ether's name. */
const ether = /^(Arbitrum|Base|Bob|Codex|Ethereum|Ink|Optimism)/;

function nativeOf(name: string): Network['native'] {
  const symbol = symbols.find(([pattern]) => pattern.test(name))?.[1] ?? (ether.test(name) ? 'ETH' : undefined);
  return symbol === undefined ? undefined : { symbol, decimals: 18 };
}

export const evmNetworks: readonly Network[] = rows.map(([name, chainId]) => {
  const native = nativeOf(name);
  const depth = confirmations[name];
  return {
    name,
    family: 'evm',
    kind: 'Evm',
    schemes: [ecdsa],
    testnet: testnetName.test(name),
    ...(chainId === undefined ? {} : { chainId }),
    ...(native === undefined ? {} : { native }),
    feeMax: THOUSANDTH * (feeThousandths[native?.symbol ?? ''] ?? 50n),
    ...(depth === undefined ? {} : { tier: 1 as const, confirmations: depth }),
  };
});
