/**
 * Kaspa over the REST server of the project (github.com/kaspa-ng/kaspa-rest-server), which operators run beside their node
 * and its indexer: nodes themselves speak gRPC and WebSockets only, and know no transaction once it is spent.
 */
import { refuse } from '../../errors/index.ts';
import { scriptOfKaspaAddress } from '../../families/kaspa/address.ts';
import { signedJson } from '../../families/kaspa/index.ts';
import { INPUTS_MAX, massOf } from '../../families/kaspa/transaction.ts';
import type { Completion, Network } from '../../families/types.ts';
import { NodeError, nonsense } from '../errors.ts';
import type { ChainClient, Nodes, TransactionState } from '../types.ts';

type Answer = Readonly<Record<string, unknown>>;

/** Sompi a gram that any node asks for. */
const RATE_MIN = 1n;
/** Coins of blocks become spendable this much later (rusty-kaspa coinbase_maturity, with room). */
const COINBASE_DEPTH = 1_000n;

interface Coin {
  readonly transactionId: string;
  readonly index: number;
  readonly amount: bigint;
}

export function createKaspaClient({ nodes, network }: { nodes: Nodes; network: Network }): ChainClient {
  return {
    complete: ({ address, pending, body }) =>
      nodes.one(async (one) => {
        const own = scriptOfKaspaAddress(address, network.name, 'address');
        const to = scriptOfKaspaAddress(String(body['to']), network.name);
        const said = body['amount'];
        const amount =
          typeof said === 'string' && /^[0-9]{1,20}$/.test(said)
            ? BigInt(said)
            : refuse('amount', 'must be a decimal integer string');
        const held = new Set(pending.flatMap((each) => (each.kind === 'inputs' ? each.inputs : [])));
        const coins = (await coinsOf(one, address)).filter((each) => !held.has(`${each.transactionId}:${each.index}`));
        const rate = await feeRate(one);
        const inputs = select(coins, (chosen) => {
          const sum = chosen.reduce((total, each) => total + each.amount, 0n);
          const left = sum - amount;
          if (left <= 0n) return false;
          const alone = massOf({ inputs: chosen, outputs: [{ amount, script: to }] });
          const shared = massOf({
            inputs: chosen,
            outputs: [
              { amount, script: to },
              { amount: left, script: own },
            ],
          });
          // With change that is worth keeping, or with none: then the rest is a fee of at most twice what is due.
          return left > 2n * rate * shared || (left >= rate * alone && left <= 2n * rate * alone);
        });
        if (inputs === undefined) {
          const sum = coins.reduce((total, each) => total + each.amount, 0n);
          return refuse('', `balance ${sum} is less than amount ${amount} plus fee`, 'E_FUNDS');
        }
        return {
          inputs: inputs.map((each) => ({
            transactionId: each.transactionId,
            index: String(each.index),
            value: String(each.amount),
          })),
          feeRate: String(rate),
        } satisfies Completion;
      }),

    async broadcast(signedData) {
      const json = signedJson(signedData) as Answer;
      const inputs = (json['inputs'] as readonly Answer[]).map(
        ({ transactionId, index, signatureScript, sequence, sigOpCount }) => ({
          previousOutpoint: { transactionId, index },
          signatureScript,
          sequence: Number(sequence),
          sigOpCount,
        }),
      );
      const outputs = (json['outputs'] as readonly Answer[]).map(({ value, scriptPublicKey }) => ({
        amount: `#${String(value)}`,
        scriptPublicKey: { version: 0, scriptPublicKey: String(scriptPublicKey).slice(4) },
      }));
      const transaction = {
        version: 0,
        inputs,
        outputs,
        lockTime: Number(json['lockTime']),
        subnetworkId: json['subnetworkId'],
      };
      try {
        // 64-bit numbers as JSON numbers, which JavaScript's own would round.
        const text = JSON.stringify({ transaction, allowOrphan: false }).replace(/"#([0-9]+)"/g, '$1');
        await nodes.post('/transactions', text);
      } catch (error) {
        if (!(error instanceof NodeError) || error.code !== 'E_NODE_REFUSED') throw error;
        // "already in the mempool", "already accepted": a node that has it is content.
        if (!/already/.test(error.message) && (await nodes.one((one) => find(one, String(json['id'])))) === undefined)
          throw error;
      }
    },

    state: ({ id }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const found = await find(one, id);
        if (found === undefined) return { state: 'unknown' };
        if (found['is_accepted'] !== true) return { state: 'pending' };
        const height = Number(decimal(found['accepting_block_blue_score'], 'accepting_block_blue_score'));
        return {
          state: 'included',
          height,
          ...(typeof found['accepting_block_hash'] === 'string'
            ? { block: found['accepting_block_hash'].slice(0, 64) }
            : {}),
          confirmations: Math.max(0, (await blueScore(one)) - height),
          success: true,
        };
      }),

    async nativeBalance(address) {
      scriptOfKaspaAddress(address, network.name, 'address');
      const answer = object(await nodes.get(`/addresses/${address}/balance`), 'a balance');
      return String(decimal(answer['balance'], 'balance'));
    },

    head: async () => ({ height: await blueScore(nodes) }),
  };
}

/** As nodes call their networks. */
const names: Readonly<Record<string, string>> = { Kaspa: 'kaspa-mainnet', KaspaTestnet11: 'kaspa-testnet-11' };

/** Refuses a node of another network. */
export async function identifyKaspa(one: Nodes, network: Network): Promise<void> {
  const said = object(await one.get('/info/blockdag'), 'blockdag')['networkName'];
  if (said !== names[network.name])
    throw new NodeError('E_NODE_ANSWER', `a node of ${network.name} is of the network ${String(said).slice(0, 40)}`);
}

/** One coin where one is enough, as then a later transaction can take its place; else the largest ones. */
function select(coins: readonly Coin[], isEnough: (chosen: readonly Coin[]) => boolean): readonly Coin[] | undefined {
  const descending = [...coins].sort((a, b) => (a.amount < b.amount ? 1 : -1));
  const alone = [...descending].reverse().find((each) => isEnough([each]));
  if (alone !== undefined) return [alone];
  for (let count = 2; count <= Math.min(INPUTS_MAX, descending.length); count += 1)
    if (isEnough(descending.slice(0, count))) return descending.slice(0, count);
  return undefined;
}

async function coinsOf(one: Nodes, address: string): Promise<readonly Coin[]> {
  const listed = await one.get(`/addresses/${address}/utxos`);
  if (!Array.isArray(listed)) return nonsense('coins are no list');
  const score = decimal(object(await one.get('/info/blockdag'), 'blockdag')['virtualDaaScore'], 'virtualDaaScore');
  return listed.flatMap((each): Coin[] => {
    const { outpoint, utxoEntry } = object(each, 'a coin');
    const { transactionId, index } = object(outpoint, 'an outpoint');
    const entry = object(utxoEntry, 'a coin');
    if (typeof transactionId !== 'string' || !/^[0-9a-f]{64}$/.test(transactionId))
      return nonsense('a coin has no transaction');
    const isYoung =
      entry['isCoinbase'] === true && score - decimal(entry['blockDaaScore'], 'blockDaaScore') < COINBASE_DEPTH;
    return isYoung
      ? []
      : [{ transactionId, index: Number(decimal(index ?? 0, 'index')), amount: decimal(entry['amount'], 'amount') }];
  });
}

/** Of the bucket that comes in within a few seconds, rounded up. */
async function feeRate(one: Nodes): Promise<bigint> {
  const { normalBuckets } = object(await one.get('/info/fee-estimate'), 'fee-estimate');
  const said = Array.isArray(normalBuckets) ? object(normalBuckets[0] ?? {}, 'a bucket')['feerate'] : undefined;
  const rate =
    typeof said === 'number' && Number.isFinite(said) && said > 0 && said < 1e9 ? BigInt(Math.ceil(said)) : RATE_MIN;
  return rate > RATE_MIN ? rate : RATE_MIN;
}

async function find(one: Nodes, id: string): Promise<Answer | undefined> {
  try {
    const found = object(await one.get(`/transactions/${id}?inputs=false&outputs=false`), 'a transaction');
    return found['transaction_id'] === id ? found : nonsense('the transaction is not the one asked for');
  } catch (error) {
    if (error instanceof NodeError && error.code === 'E_NODE_REFUSED' && error.status === 404) return undefined;
    throw error;
  }
}

async function blueScore(one: Nodes): Promise<number> {
  return Number(
    decimal(object(await one.get('/info/virtual-chain-blue-score'), 'blue score')['blueScore'], 'blueScore'),
  );
}

function object(value: unknown, what: string): Answer {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Answer)
    : nonsense(`${what} is no object`);
}

function decimal(value: unknown, what: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  return typeof value === 'string' && /^[0-9]{1,20}$/.test(value) ? BigInt(value) : nonsense(`${what} is no number`);
}
