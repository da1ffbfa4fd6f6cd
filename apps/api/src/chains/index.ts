/**
 * The only door to chains' nodes: which networks have some, their clients, made on first use and made anew when an
 * operator changes the settings. Nothing here is trusted by signers.
 */
import type { Network } from '@holdfast/chains/families';
import { type Headers, openHeaders } from '@holdfast/chains/headers';
import {
  configureChainIds,
  isNetwork,
  type NetworkSettings,
  type NetworksFile,
  network,
} from '@holdfast/chains/networks';
import {
  type BlockReader,
  type ChainClient,
  createNodes,
  type Http,
  loadClient,
  type NetworkNodes,
  NodeError,
  type NodeHealth,
  type Nodes,
} from '@holdfast/chains/rpc';
import { refuse } from '@holdfast/contract/errors';
import type { Env } from '@holdfast/contract/types';

export interface Connection {
  readonly network: Network;
  readonly nodes: Nodes;
  readonly client: ChainClient;
  /** Absent: this release does not index the family's chains. */
  readonly blocks?: BlockReader;
  /** Height to begin reading at; undefined: where the chain is at that time. */
  readonly indexFrom: number | undefined;
  /** Blocks on top after which a transaction counts as confirmed. */
  readonly confirmations: number;
}

export interface NetworkState {
  readonly network: string;
  readonly nodes: readonly NodeHealth[];
  readonly confirmations: number;
  readonly chainId?: number;
  readonly height?: number;
}

export interface Chains {
  /**
   * Refuses with 503 E_NODE_UNSET where no node is configured, naming the setting, and with 400 E_UNSUPPORTED where
   * this release cannot ask the family's chains.
   */
  connect(networkName: string): Promise<Connection>;
  /** Networks that have nodes. */
  configured(): readonly string[];
  /** Asks one node of each for its head; what does not answer in time has none. */
  states(): Promise<readonly NetworkState[]>;
}

export interface ChainPorts {
  readonly http: Http;
  /** The operator's file as it is now; the same object until it changes. */
  readonly settings: () => NetworksFile;
  /** Of the process, with which headers in those settings are sealed; without it there can be none. */
  readonly secret?: Uint8Array;
}

interface Connected {
  readonly settings: NetworkSettings;
  readonly nodes: NetworkNodes;
  readonly connection: Promise<Connection>;
}

export function createChains({ env, ports }: { env: Pick<Env, 'now'>; ports?: ChainPorts | undefined }): Chains {
  const connected = new Map<string, Connected>();
  let known: NetworksFile = {};

  function settings(): NetworksFile {
    const now = ports?.settings() ?? {};
    if (now === known) return now;
    known = now;
    configureChainIds(chainIdsOf(now));
    for (const [name, each] of connected)
      if (JSON.stringify(now[name]) !== JSON.stringify(each.settings)) connected.delete(name);
    return now;
  }

  function reach(name: string): Connected {
    const of = settings()[name];
    const found = connected.get(name);
    if (found !== undefined) return found;
    const row = network(name);
    if (ports === undefined || of?.rpc === undefined || of.rpc.length === 0)
      throw new NodeError(
        'E_NODE_UNSET',
        `no node of ${row.name} is configured: holdfast networks set ${row.name} --rpc URL`,
      );
    const family = loadClient(row.family);
    // Whoever awaits the connection is told; nobody may.
    family.catch(() => undefined);
    const nodes = createNodes({
      network: row.name,
      urls: of.rpc,
      http: ports.http,
      headers: (origin) => headersOf(name, of, origin),
      env,
      ...(of.quorum === undefined ? {} : { quorum: of.quorum }),
      identify: async (one) => (await family)?.identify?.(one, row),
    });
    const confirmations = of.confirmations ?? row.confirmations ?? 0;
    const deep = { ...row, confirmations };
    const made: Connected = {
      settings: of,
      nodes,
      connection: family.then((loaded) => {
        if (loaded === undefined) return refuse('E_UNSUPPORTED', `this release does not ask nodes of ${row.name}`);
        const { indexFrom } = of;
        const client = loaded.create({ nodes, network: deep });
        const blocks = loaded.blocks?.(deep);
        return { network: deep, nodes, client, confirmations, indexFrom, ...(blocks === undefined ? {} : { blocks }) };
      }),
    };
    made.connection.catch(() => undefined);
    connected.set(name, made);
    return made;
  }

  function headersOf(name: string, { headers }: NetworkSettings, origin: string): Headers {
    const sealed = headers?.[origin];
    if (sealed === undefined) return {};
    if (ports?.secret === undefined) return refuse('E_INTERNAL');
    try {
      return openHeaders(sealed, { network: name, origin, secret: ports.secret });
    } catch {
      // Nothing of a sealed text is worth repeating; what helps is to set it anew.
      throw new NodeError(
        'E_NODE_UNSET',
        `headers of ${name} cannot be opened: holdfast networks set ${name} --header "name: value"`,
      );
    }
  }

  const configured = (): readonly string[] =>
    Object.entries(settings()).flatMap(([name, { rpc = [] }]) => (rpc.length > 0 && isNetwork(name) ? [name] : []));

  async function stateOf(name: string): Promise<NetworkState> {
    const reached = reachable(name);
    if (reached === undefined) return { network: name, nodes: [], confirmations: 0 };
    const { nodes, connection } = reached;
    const state = await connection.then(
      async ({ client, confirmations, network: row }) => ({
        confirmations,
        ...(row.chainId === undefined ? {} : { chainId: row.chainId }),
        // A network whose nodes are down is a state to be shown, not an error.
        ...(await client.head().catch(() => ({}))),
      }),
      () => ({ confirmations: 0 }),
    );
    return { network: name, nodes: nodes.health(), ...state };
  }

  /** Undefined where the settings are such that no node can be asked. */
  function reachable(name: string): Connected | undefined {
    try {
      return reach(name);
    } catch (error) {
      if (error instanceof NodeError) return undefined;
      throw error;
    }
  }

  return {
    connect: async (name) => reach(name).connection,
    configured,
    states: () => Promise.all(configured().map(stateOf)),
  };
}

const chainIdsOf = (file: NetworksFile): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(file).flatMap(([name, { chainId }]) => (chainId === undefined ? [] : [[name, chainId]])),
  );
