/** Sui and IOTA over the JSON-RPC of their full nodes (docs.sui.io, "JSON-RPC API"; docs.iota.org), whose names differ in a prefix. */
import { base58, base64 } from '@scure/base';
import { refuse } from '../../errors/index.ts';
import { Reader } from '../../families/binary.ts';
import { toHex0x } from '../../families/bytes.ts';
import { partsOf } from '../../families/sui/chain.ts';
import { readTransactionData } from '../../families/sui/transaction.ts';
import type { Exclusion, Network } from '../../families/types.ts';
import { NodeError, nonsense } from '../errors.ts';
import {
  type Answer,
  amountOf,
  checkFunds,
  FINAL,
  height,
  list,
  object,
  orUndefined,
  quantity,
  text,
} from '../read.ts';
import type { ChainClient, Nodes, TransactionState } from '../types.ts';

interface Dialect {
  /** Of names of methods: `sui_…` and `suix_…`. */
  readonly prefix: 'sui' | 'iota';
  readonly nativeType: string;
  /** Gas budget of a transfer, smallest unit; what is not used is not charged. */
  readonly budget: bigint;
  /** First bytes of the genesis checkpoint's digest. */
  readonly chainIds: Readonly<Record<string, string>>;
}

const dialects: Readonly<Record<string, Dialect>> = {
  sui: {
    prefix: 'sui',
    nativeType: '0x2::sui::SUI',
    budget: 10_000_000n,
    chainIds: { Sui: '35834a8a', SuiTestnet: '4c78adac' },
  },
  iota: {
    prefix: 'iota',
    nativeType: '0x2::iota::IOTA',
    budget: 20_000_000n,
    chainIds: { Iota: '6364aad5', IotaTestnet: '2304aa97' },
  },
};

interface Coin {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
  readonly balance: bigint;
}

/** Pages of coins that are looked at, and coins that one transaction uses. */
const PAGES_MAX = 20;
const COINS_MAX = 200;

export function createSuiClient({ nodes, network }: { nodes: Nodes; network: Network }): ChainClient {
  const { prefix, nativeType, budget } =
    dialects[network.family] ?? refuse('network', 'is of another family', 'E_NETWORK');
  const plain = `${prefix}_`;
  const extended = `${prefix}x_`;

  return {
    complete: ({ address, pending, body }) =>
      nodes.one(async (one) => {
        const held = heldBy(pending);
        const amount = amountOf(body);
        const isNative = body['kind'] === 'Native';
        const gasPayment = select(await coinsOf(one, address, nativeType, held), isNative ? amount : 0n, budget);
        const used = new Set(gasPayment.map(nameOf));
        const coins = isNative
          ? []
          : select(
              (await coinsOf(one, address, String(body['coin']), held)).filter((each) => !used.has(nameOf(each))),
              amount,
              0n,
            );
        const price = quantity(await one.rpc(`${extended}getReferenceGasPrice`, []), 'the price of gas');
        const refs = (from: readonly Coin[]) => from.map(({ id, version, digest }) => ({ id, version, digest }));
        return {
          gasPayment: refs(gasPayment),
          gasPrice: price.toString(),
          gasBudget: budget.toString(),
          ...(isNative ? {} : { coins: refs(coins) }),
        };
      }),

    broadcast: (signedData) =>
      nodes.one(async (one) => {
        const { transaction, signatures } = partsOf(signedData);
        await one.rpc(`${plain}executeTransactionBlock`, [
          base64.encode(transaction),
          signatures.map((each) => base64.encode(each)),
          { showEffects: true },
        ]);
      }),

    state: ({ id, signedData }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const first = await stateOf(one, id);
        if (first.state !== 'unknown') return first;
        const data = readTransactionData(new Reader(partsOf(signedData).transaction, 'signedData'));
        const inputs = [...data.payment, ...data.inputs.flatMap((each) => (each.kind === 'object' ? [each.ref] : []))];
        const said = list(
          await one.rpc(`${plain}multiGetObjects`, [inputs.map(({ id: object }) => toHex0x(object)), {}]),
          'objects',
        );
        const isSpent = inputs.some((each, index) => {
          const found = object(said[index], 'an object')['data'];
          // An object that is gone was merged or deleted.
          return (
            found === undefined ||
            found === null ||
            quantity(object(found, 'an object')['version'], 'version') > each.version
          );
        });
        if (!isSpent) return first;
        // It may have been executed since the question before.
        const late = await stateOf(one, id);
        return late.state === 'unknown'
          ? { state: 'dropped', reason: 'an object it spends was used by another transaction' }
          : late;
      }),

    nativeBalance: async (address) => {
      const { totalBalance } = object(await nodes.rpc(`${extended}getBalance`, [address, nativeType]), 'a balance');
      return quantity(totalBalance, 'totalBalance').toString();
    },

    head: async () => ({
      height: height(await nodes.rpc(`${plain}getLatestCheckpointSequenceNumber`, []), 'a checkpoint'),
    }),
  };

  async function stateOf(one: Nodes, id: string): Promise<TransactionState> {
    const answer = await orUndefined(
      one.rpc(`${plain}getTransactionBlock`, [id, { showEffects: true }]),
      ({ message }) => /could not find the referenced transaction/i.test(message),
    );
    if (answer === undefined) return { state: 'unknown' };
    const found = object(answer, 'a transaction');
    if (found['digest'] !== id) return nonsense('a transaction other than was asked for');
    // Executed, but in no checkpoint yet.
    if (found['checkpoint'] === undefined || found['checkpoint'] === null) return { state: 'pending' };
    const effects = object(found['effects'], 'effects');
    const status = object(effects['status'], 'status');
    const success = status['status'] === 'success';
    return {
      state: 'included',
      height: height(found['checkpoint'], 'checkpoint'),
      confirmations: FINAL,
      success,
      ...(success ? {} : { reason: `the transaction failed: ${String(status['error']).slice(0, 100)}` }),
      fee: feeOf(object(effects['gasUsed'], 'gasUsed')),
    };
  }

  /** The largest first. */
  async function coinsOf(one: Nodes, owner: string, type: string, held: ReadonlySet<string>): Promise<readonly Coin[]> {
    const coins: Coin[] = [];
    let cursor: unknown = null;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const answer = object(await one.rpc(`${extended}getCoins`, [owner, type, cursor, null]), 'coins');
      for (const each of list(answer['data'], 'coins')) coins.push(coinOf(object(each, 'a coin')));
      if (answer['hasNextPage'] !== true) break;
      cursor = answer['nextCursor'];
    }
    return coins.filter((each) => !held.has(nameOf(each))).sort((a, b) => (a.balance > b.balance ? -1 : 1));
  }
}

/** Refuses a node of another chain, where the chain's id is known. */
export async function identifySui(one: Nodes, network: Network): Promise<void> {
  const dialect = dialects[network.family];
  const wanted = dialect?.chainIds[network.name];
  if (dialect === undefined || wanted === undefined) return;
  const said = await one.rpc(`${dialect.prefix}_getChainIdentifier`, []);
  if (said !== wanted)
    throw new NodeError('E_NODE_ANSWER', `a node of ${network.name} is of another chain: ${String(said).slice(0, 16)}`);
}

/** As few of the largest as cover it. */
function select(coins: readonly Coin[], amount: bigint, fee: bigint): readonly Coin[] {
  const chosen: Coin[] = [];
  let sum = 0n;
  for (const each of coins.slice(0, COINS_MAX)) {
    if (sum >= amount + fee && chosen.length > 0) break;
    chosen.push(each);
    sum += each.balance;
  }
  checkFunds(sum, amount, fee);
  return chosen.length > 0 ? chosen : refuse('', 'the wallet has no coin of this type', 'E_FUNDS');
}

function coinOf(coin: Answer): Coin {
  const id = text(coin['coinObjectId'], 'coinObjectId');
  const digest = text(coin['digest'], 'digest');
  if (!/^0x[0-9a-f]{64}$/.test(id)) return nonsense('an object has no id');
  try {
    if (base58.decode(digest).length !== 32) return nonsense('an object has no digest');
  } catch {
    return nonsense('an object has no digest');
  }
  return {
    id,
    digest,
    version: quantity(coin['version'], 'version').toString(),
    balance: quantity(coin['balance'], 'balance'),
  };
}

const nameOf = ({ id, version }: Coin): string => `${id}:${version}`;

function heldBy(pending: readonly Exclusion[]): ReadonlySet<string> {
  return new Set(pending.flatMap((each) => (each.kind === 'inputs' ? each.inputs : [])));
}

function feeOf(gas: Answer): string {
  const charged = quantity(gas['computationCost'], 'computationCost') + quantity(gas['storageCost'], 'storageCost');
  const rebate = quantity(gas['storageRebate'], 'storageRebate');
  // A rebate above the cost pays the sender.
  return (charged > rebate ? charged - rebate : 0n).toString();
}
