/** Every network of the wire, by the name it has there. */
import { refuse } from '../errors/index.ts';
import type { CurveName, Network, Scheme } from '../families/types.ts';
import { algorandNetworks } from './algorand.ts';
import { aptosNetworks } from './aptos.ts';
import { bitcoinNetworks } from './bitcoin.ts';
import { bitcoinCashNetworks } from './bitcoin-cash.ts';
import { cantonNetworks } from './canton.ts';
import { cardanoNetworks } from './cardano.ts';
import { concordiumNetworks } from './concordium.ts';
import { cosmosNetworks } from './cosmos.ts';
import { evmNetworks } from './evm.ts';
import { hederaNetworks } from './hedera.ts';
import { icpNetworks } from './icp.ts';
import { iotaNetworks } from './iota.ts';
import { kaspaNetworks } from './kaspa.ts';
import { nearNetworks } from './near.ts';
import { polymeshNetworks } from './polymesh.ts';
import { pseudoNetworks } from './pseudo.ts';
import { checkChainId } from './settings.ts';
import { solanaNetworks } from './solana.ts';
import { starknetNetworks } from './starknet.ts';
import { stellarNetworks } from './stellar.ts';
import { substrateNetworks } from './substrate.ts';
import { suiNetworks } from './sui.ts';
import { tezosNetworks } from './tezos.ts';
import { tonNetworks } from './ton.ts';
import { tronNetworks } from './tron.ts';
import { xrplNetworks } from './xrpl.ts';

export { type NetworkSettings, type NetworksFile, parseNetworksFile, parseSettings } from './settings.ts';

export const networks: readonly Network[] = [
  ...algorandNetworks,
  ...aptosNetworks,
  ...bitcoinNetworks,
  ...concordiumNetworks,
  ...cosmosNetworks,
  ...bitcoinCashNetworks,
  ...cantonNetworks,
  ...cardanoNetworks,
  ...evmNetworks,
  ...hederaNetworks,
  ...icpNetworks,
  ...iotaNetworks,
  ...nearNetworks,
  ...kaspaNetworks,
  ...polymeshNetworks,
  ...pseudoNetworks,
  ...solanaNetworks,
  ...starknetNetworks,
  ...stellarNetworks,
  ...substrateNetworks,
  ...suiNetworks,
  ...tezosNetworks,
  ...tonNetworks,
  ...tronNetworks,
  ...xrplNetworks,
];

const byName = new Map(networks.map((network) => [network.name, network]));
/** Those whose chain id an operator has set. */
const configured = new Map<string, Network>();

/** Throws ChainError E_NETWORK for a name this version does not serve. */
export function network(name: string): Network {
  return configured.get(name) ?? tableNetwork(name);
}

/** As the table has it, without what an operator set. */
export function tableNetwork(name: string): Network {
  return (
    byName.get(name) ?? refuse('network', `${name.slice(0, 64)} is not a network this version serves`, 'E_NETWORK')
  );
}

/**
 * Sets the chain ids of networks whose table has none; for `main.ts` alone, from the settings of its own process: what
 * a signer takes for a chain's id must not come from the api. Throws ChainError E_SETTINGS.
 */
export function configureChainIds(chainIds: Readonly<Record<string, number>>): void {
  const rows = Object.entries(chainIds).map(([name, chainId]) => {
    const row = tableNetwork(name);
    checkChainId(row, chainId);
    return { ...row, chainId };
  });
  configured.clear();
  for (const row of rows) configured.set(row.name, row);
}

export function isNetwork(name: string): boolean {
  return byName.has(name);
}

/** Whether a key of this scheme and curve may back a wallet of this network. */
export function accepts(target: Network, key: { readonly scheme: Scheme; readonly curve: CurveName }): boolean {
  return target.schemes.some((each) => each.scheme === key.scheme && each.curve === key.curve);
}
