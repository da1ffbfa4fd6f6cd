/** What the api asks of chains: nodes as one, and a client for each family that has one, loaded on first use. */
import type { FamilyName, Network } from '../families/types.ts';
import type { BlockReader, ChainClient, Nodes } from './types.ts';

export { NodeError, type NodeErrorCode, nodeErrorCodes } from './errors.ts';
export { createHttp, HttpError } from './http/index.ts';
export { checkEndpointUrl, createNodes, type NetworkNodes, type NodeHealth, type NodesOptions } from './nodes/index.ts';
export type * from './types.ts';

export interface FamilyClient {
  create(o: { readonly nodes: Nodes; readonly network: Network }): ChainClient;
  /** Throws NodeError E_NODE_ANSWER where the node is of another chain. */
  identify?(one: Nodes, network: Network): Promise<void>;
  /** Absent: this release does not index the family's chains. */
  blocks?(network: Network): BlockReader;
}

const loaders: Partial<Readonly<Record<FamilyName, () => Promise<FamilyClient>>>> = {
  algorand: async () => {
    const { createAlgorandClient, identifyAlgorand } = await import('./algorand/index.ts');
    return { create: createAlgorandClient, identify: identifyAlgorand };
  },
  aptos: async () => {
    const { createAptosClient, identifyAptos } = await import('./aptos/index.ts');
    return { create: createAptosClient, identify: identifyAptos };
  },
  bitcoin: async () => {
    const { createBitcoinClient, identifyBitcoin } = await import('./bitcoin/index.ts');
    const { bitcoinBlocks } = await import('./bitcoin/blocks.ts');
    return { create: createBitcoinClient, identify: identifyBitcoin, blocks: bitcoinBlocks };
  },
  'bitcoin-cash': async () => {
    const { createBitcoinCashClient, identifyBitcoinCash } = await import('./bitcoin-cash/index.ts');
    const { bitcoinBlocks } = await import('./bitcoin/blocks.ts');
    return { create: createBitcoinCashClient, identify: identifyBitcoinCash, blocks: bitcoinBlocks };
  },
  cosmos: async () => {
    const { createCosmosClient, identifyCosmos } = await import('./cosmos/index.ts');
    return { create: createCosmosClient, identify: identifyCosmos };
  },
  evm: async () => {
    const { createEvmClient, identifyEvm } = await import('./evm/index.ts');
    const { evmBlocks } = await import('./evm/blocks.ts');
    return { create: createEvmClient, identify: identifyEvm, blocks: () => evmBlocks };
  },
  iota: async () => {
    const { createSuiClient, identifySui } = await import('./sui/index.ts');
    return { create: createSuiClient, identify: identifySui };
  },
  near: async () => {
    const { createNearClient, identifyNear } = await import('./near/index.ts');
    return { create: createNearClient, identify: identifyNear };
  },
  solana: async () => {
    const { createSolanaClient, identifySolana } = await import('./solana/index.ts');
    const { solanaBlocks } = await import('./solana/blocks.ts');
    return { create: createSolanaClient, identify: identifySolana, blocks: () => solanaBlocks };
  },
  starknet: async () => {
    const { createStarknetClient, identifyStarknet } = await import('./starknet/index.ts');
    return { create: createStarknetClient, identify: identifyStarknet };
  },
  stellar: async () => {
    const { createStellarClient, identifyStellar } = await import('./stellar/index.ts');
    return { create: createStellarClient, identify: identifyStellar };
  },
  sui: async () => {
    const { createSuiClient, identifySui } = await import('./sui/index.ts');
    return { create: createSuiClient, identify: identifySui };
  },
  tezos: async () => {
    const { createTezosClient, identifyTezos } = await import('./tezos/index.ts');
    return { create: createTezosClient, identify: identifyTezos };
  },
  ton: async () => {
    const { createTonClient, identifyTon } = await import('./ton/index.ts');
    return { create: createTonClient, identify: identifyTon };
  },
  tron: async () => {
    const { createTronClient, identifyTron } = await import('./tron/index.ts');
    return { create: createTronClient, identify: identifyTron };
  },
  xrpl: async () => {
    const { createXrplClient, identifyXrpl } = await import('./xrpl/index.ts');
    return { create: createXrplClient, identify: identifyXrpl };
  },
  cardano: async () => {
    const { createCardanoClient, identifyCardano } = await import('./cardano/index.ts');
    return { create: createCardanoClient, identify: identifyCardano };
  },
  kaspa: async () => {
    const { createKaspaClient, identifyKaspa } = await import('./kaspa/index.ts');
    return { create: createKaspaClient, identify: identifyKaspa };
  },
};

/** Whether a family's chains can be asked at all; the others sign what users bring. */
export const hasClient = (name: FamilyName): boolean => loaders[name] !== undefined;

/** Undefined where the family has no client. */
export async function loadClient(name: FamilyName): Promise<FamilyClient | undefined> {
  return loaders[name]?.();
}
