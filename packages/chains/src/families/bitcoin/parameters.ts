/** Address parameters of the Bitcoin family: bech32 prefix, base58 versions (each project's chainparams). */
import { refuse } from '../../errors/index.ts';

export interface BitcoinParameters {
  readonly bech32: string;
  readonly pubKeyHash: number;
  readonly scriptHash: number;
  readonly wif: number;
}

const mainnet: BitcoinParameters = { bech32: 'bc', pubKeyHash: 0x00, scriptHash: 0x05, wif: 0x80 };
const testnet: BitcoinParameters = { bech32: 'tb', pubKeyHash: 0x6f, scriptHash: 0xc4, wif: 0xef };

const parameters: Readonly<Record<string, BitcoinParameters>> = {
  Bitcoin: mainnet,
  BitcoinSignet: testnet,
  BitcoinTestnet3: testnet,
  BitcoinTestnet4: testnet,
  Litecoin: { bech32: 'ltc', pubKeyHash: 0x30, scriptHash: 0x32, wif: 0xb0 },
  LitecoinTestnet: { bech32: 'tltc', pubKeyHash: 0x6f, scriptHash: 0x3a, wif: 0xef },
};

export function bitcoinParameters(name: string): BitcoinParameters {
  return parameters[name] ?? refuse('network', `${name} has no Bitcoin address parameters`, 'E_NETWORK');
}
