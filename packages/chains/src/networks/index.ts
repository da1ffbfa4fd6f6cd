/** Every network this version serves, by the name it has on the wire. */
import { refuse } from '../errors/index.ts';
import type { CurveName, Network, Scheme } from '../families/types.ts';
import { evmNetworks } from './evm.ts';

const bitcoinSchemes = [
  { scheme: 'ECDSA', curve: 'secp256k1' },
  { scheme: 'Schnorr', curve: 'secp256k1' },
] as const;

const bitcoinNetworks: readonly Network[] = (
  [
    ['Bitcoin', false],
    ['BitcoinSignet', true],
    ['BitcoinTestnet3', true],
    ['BitcoinTestnet4', true],
    ['Litecoin', false],
    ['LitecoinTestnet', true],
  ] as const
).map(([name, testnet]) => ({ name, family: 'bitcoin', schemes: bitcoinSchemes, testnet }));

const otherNetworks: readonly Network[] = [
  { name: 'Solana', family: 'solana', schemes: [{ scheme: 'EdDSA', curve: 'ed25519' }], testnet: false },
  { name: 'SolanaDevnet', family: 'solana', schemes: [{ scheme: 'EdDSA', curve: 'ed25519' }], testnet: true },
  { name: 'Starknet', family: 'starknet', schemes: [{ scheme: 'ECDSA', curve: 'stark' }], testnet: false },
  { name: 'StarknetSepolia', family: 'starknet', schemes: [{ scheme: 'ECDSA', curve: 'stark' }], testnet: true },
  { name: 'KeyECDSA', family: 'pseudo', schemes: [{ scheme: 'ECDSA', curve: 'secp256k1' }], testnet: false },
  { name: 'KeyECDSAStark', family: 'pseudo', schemes: [{ scheme: 'ECDSA', curve: 'stark' }], testnet: false },
  { name: 'KeyEdDSA', family: 'pseudo', schemes: [{ scheme: 'EdDSA', curve: 'ed25519' }], testnet: false },
];

export const networks: readonly Network[] = [...evmNetworks, ...bitcoinNetworks, ...otherNetworks];

const byName = new Map(networks.map((network) => [network.name, network]));

/** Throws ChainError E_NETWORK for a name this version does not serve. */
export function network(name: string): Network {
  return (
    byName.get(name) ?? refuse('network', `${name.slice(0, 64)} is not a network this version serves`, 'E_NETWORK')
  );
}

export function isNetwork(name: string): boolean {
  return byName.has(name);
}

/** Whether a key of this scheme and curve may back a wallet of this network. */
export function accepts(target: Network, key: { readonly scheme: Scheme; readonly curve: CurveName }): boolean {
  return target.schemes.some((each) => each.scheme === key.scheme && each.curve === key.curve);
}
