/** Bitcoin Cash over the JSON-RPC of Bitcoin Cash Node, which is Bitcoin Core's; the node needs `txindex=1`. */
import { cashParameters, finalOf, scriptOfCashAddress } from '../../families/bitcoin-cash/index.ts';
import type { Network } from '../../families/types.ts';
import { type BitcoinClient, CASH_FORK, createCoinClient } from '../bitcoin/index.ts';
import { NodeError } from '../errors.ts';
import type { Nodes } from '../types.ts';

export function createBitcoinCashClient({ nodes, network }: { nodes: Nodes; network: Network }): BitcoinClient {
  return createCoinClient(nodes, network, {
    parameters: cashParameters,
    scriptOf: (address, path) => scriptOfCashAddress(address, network.name, path),
    kindOf: () => 'pkh',
    needsPrevious: () => true,
    finalOf,
  });
}

/** First blocks of testnet3, testnet4 (and chipnet) and regtest, from Bitcoin Cash Node's chainparams. */
const testGenesis = [
  '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943',
  '000000001dd410c49a788668ce26751718cc797474d3152a5fc073dd44fd9f7b',
  '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
];

/** Refuses a node of another chain; Bitcoin's first block is the same, so the first one apart is asked for. */
export async function identifyBitcoinCash(one: Nodes, network: Network): Promise<void> {
  const isIt =
    network.name === 'BitcoinCash'
      ? (await one.rpc('getblockhash', [CASH_FORK.height])) === CASH_FORK.hash
      : testGenesis.includes(String(await one.rpc('getblockhash', [0])));
  if (!isIt) throw new NodeError('E_NODE_ANSWER', `a node of ${network.name} is of another chain`);
}
