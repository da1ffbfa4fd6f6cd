/**
 * What tells the chains of the Bitcoin family apart: bech32 prefix and base58 versions (each project's chainparams),
 * dust and what a fee may be (each project's policy).
 */
import { refuse } from '../../errors/index.ts';

export interface FeeParameters {
  /** Smallest units for 1000 virtual bytes below which an output is not worth its spending (dust relay fee). */
  readonly dustRate: bigint;
  /** Where the chain has a fixed smallest output instead. */
  readonly dustFixed?: bigint;
  /** Highest fee rate that signers add, smallest units for 1000 virtual bytes. */
  readonly feeRateMax: bigint;
  /** What the api asks for at least, where nodes estimate less or nothing. */
  readonly feeRateUsual: bigint;
}

export interface BitcoinParameters extends FeeParameters {
  /** Empty: the chain has no SegWit. */
  readonly bech32: string;
  readonly pubKeyHash: number;
  readonly scriptHash: number;
  readonly wif: number;
}

/** Bitcoin Core policy/policy.h: DUST_RELAY_TX_FEE 3000. */
const bitcoinRates = { dustRate: 3_000n, feeRateMax: 1_000_000n, feeRateUsual: 1_000n };
const mainnet: BitcoinParameters = { bech32: 'bc', pubKeyHash: 0x00, scriptHash: 0x05, wif: 0x80, ...bitcoinRates };
const testnet: BitcoinParameters = { bech32: 'tb', pubKeyHash: 0x6f, scriptHash: 0xc4, wif: 0xef, ...bitcoinRates };
/** Litecoin Core policy/policy.h: DUST_RELAY_TX_FEE 30000. */
const litecoinRates = { dustRate: 30_000n, feeRateMax: 1_000_000n, feeRateUsual: 1_000n };
/** Dogecoin Core doc/fee-recommendation.md: 0.01 DOGE for a kilobyte is enough, outputs below 0.01 DOGE are dust. */
const dogeRates = { dustRate: 0n, dustFixed: 1_000_000n, feeRateMax: 100_000_000n, feeRateUsual: 1_000_000n };

const parameters: Readonly<Record<string, BitcoinParameters>> = {
  Bitcoin: mainnet,
  BitcoinSignet: testnet,
  BitcoinTestnet3: testnet,
  BitcoinTestnet4: testnet,
  Dogecoin: { bech32: '', pubKeyHash: 0x1e, scriptHash: 0x16, wif: 0x9e, ...dogeRates },
  DogecoinTestnet: { bech32: '', pubKeyHash: 0x71, scriptHash: 0xc4, wif: 0xf1, ...dogeRates },
  Litecoin: { bech32: 'ltc', pubKeyHash: 0x30, scriptHash: 0x32, wif: 0xb0, ...litecoinRates },
  LitecoinTestnet: { bech32: 'tltc', pubKeyHash: 0x6f, scriptHash: 0x3a, wif: 0xef, ...litecoinRates },
};

export function bitcoinParameters(name: string): BitcoinParameters {
  return parameters[name] ?? refuse('network', `${name} has no Bitcoin address parameters`, 'E_NETWORK');
}
