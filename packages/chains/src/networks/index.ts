/** Every network this version serves, by the name it has on the wire. A table joins the list with its family's code. */
import { refuse } from '../errors/index.ts';
import type { CurveName, Network, Scheme } from '../families/types.ts';
import { bitcoinNetworks } from './bitcoin.ts';
import { evmNetworks } from './evm.ts';
import { pseudoNetworks } from './pseudo.ts';
import { solanaNetworks } from './solana.ts';
import { starknetNetworks } from './starknet.ts';
import { stellarNetworks } from './stellar.ts';
import { tezosNetworks } from './tezos.ts';
import { xrplNetworks } from './xrpl.ts';

export const networks: readonly Network[] = [
  ...bitcoinNetworks,
  ...evmNetworks,
  ...pseudoNetworks,
  ...solanaNetworks,
  ...starknetNetworks,
  ...stellarNetworks,
  ...tezosNetworks,
  ...xrplNetworks,
];

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
