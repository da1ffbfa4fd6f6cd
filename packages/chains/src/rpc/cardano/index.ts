/**
 * Cardano over the HTTP API that Blockfrost published (docs.blockfrost.io): one interface for coins, parameters, submitting
 * and looking up, which operators can run themselves beside a node (Blockfrost's own backend, Dolos, Yaci Store). Ogmios was
 * the other choice; it answers no question about a transaction once that is in a block. The node's address ends in `/api/v0`.
 */
import { refuse } from '../../errors/index.ts';
import { hexMember } from '../../families/bytes.ts';
import { parseAddress } from '../../families/cardano/address.ts';
import { cardano } from '../../families/cardano/index.ts';
import { INPUTS_MAX } from '../../families/cardano/transfer.ts';
import { decodeCbor } from '../../families/cbor.ts';
import type { Completion, Network } from '../../families/types.ts';
import { NodeError, nonsense } from '../errors.ts';
import type { ChainClient, Nodes, TransactionState } from '../types.ts';

type Answer = Readonly<Record<string, unknown>>;

/** Slots are seconds: how long a transaction can be included. */
const VALIDITY_SLOTS = 7_200n;
/** Room for blocks that are undone after a transaction's time: a few minutes' worth. */
const EXPIRY_SLOTS = 600n;
/** For a payment of as many inputs as are taken at first; the signers count exactly. */
const FEE_RESERVE = 300_000n;
/** What change must at least be, or it is left to the fee. */
const CHANGE_RESERVE = 1_000_000n;
const PAGE = 100;
const PAGES_MAX = 20;

interface Coin {
  readonly txid: string;
  readonly index: number;
  readonly value: bigint;
}

export function createCardanoClient({ nodes, network }: { nodes: Nodes; network: Network }): ChainClient {
  return {
    complete: ({ address, pending, body }) =>
      nodes.one(async (one) => {
        parseAddress(address, network, 'address');
        const said = body['amount'];
        const amount =
          typeof said === 'string' && /^[0-9]{1,20}$/.test(said)
            ? BigInt(said)
            : refuse('amount', 'must be a decimal integer string');
        const held = new Set(pending.flatMap((each) => (each.kind === 'inputs' ? each.inputs : [])));
        const coins = (await coinsOf(one, address)).filter((each) => !held.has(`${each.txid}:${each.index}`));
        const parameters = object(await one.get('/epochs/latest/parameters'), 'parameters');
        const { slot } = await latest(one);
        return {
          inputs: select(coins, amount).map(({ txid, index, value }) => ({
            txid,
            index: String(index),
            value: String(value),
          })),
          ttl: String(slot + VALIDITY_SLOTS),
          feePerByte: String(decimal(parameters['min_fee_a'], 'min_fee_a')),
          feeFixed: String(decimal(parameters['min_fee_b'], 'min_fee_b')),
        } satisfies Completion;
      }),

    async broadcast(signedData) {
      try {
        await nodes.post('/tx/submit', bytesOf(signedData), 'application/cbor');
      } catch (error) {
        if (!(error instanceof NodeError) || error.code !== 'E_NODE_REFUSED') throw error;
        // A node whose ledger has it already calls its inputs spent.
        const id = cardano.transactionId?.(signedData, network) ?? '';
        if ((await nodes.one((one) => find(one, id))) === undefined) throw error;
      }
    },

    state: ({ id, signedData }) =>
      nodes.agreed(async (one): Promise<TransactionState> => {
        const { slot, height } = await latest(one);
        const found = await find(one, id);
        if (found !== undefined) {
          const at = Number(decimal(found['block_height'], 'block_height'));
          return {
            state: 'included',
            height: at,
            block: String(found['block']).slice(0, 64),
            confirmations: Math.max(0, Number(height) - at),
            success: found['valid_contract'] !== false,
            fee: String(decimal(found['fees'], 'fees')),
          };
        }
        const until = timeOf(bytesOf(signedData));
        return until !== undefined && slot > until + EXPIRY_SLOTS
          ? { state: 'dropped', reason: 'its time has passed' }
          : { state: 'unknown' };
      }),

    async nativeBalance(address) {
      parseAddress(address, network, 'address');
      const account = await nodes.one((one) => one.get(`/addresses/${address}`).catch(notFound));
      if (account === undefined) return '0';
      return String(lovelace(object(account, 'an address')['amount']));
    },

    head: async () => ({ height: Number((await latest(nodes)).height) }),
  };
}

/** Network magics of the genesis files (book.world.dev.cardano.org). */
const magics: Readonly<Record<string, number>> = { Cardano: 764_824_073, CardanoPreprod: 1 };

/** Refuses a node of another network. */
export async function identifyCardano(one: Nodes, network: Network): Promise<void> {
  const said = object(await one.get('/genesis'), 'genesis')['network_magic'];
  if (said !== magics[network.name])
    throw new NodeError('E_NODE_ANSWER', `a node of ${network.name} is of the network ${String(said).slice(0, 20)}`);
}

/** The smallest coin that pays for all alone, with change worth keeping; else the largest ones. */
function select(coins: readonly Coin[], amount: bigint): readonly Coin[] {
  const descending = [...coins].sort((a, b) => (a.value < b.value ? 1 : -1));
  const alone = descending.filter((each) => each.value >= amount + FEE_RESERVE + CHANGE_RESERVE).at(-1);
  if (alone !== undefined) return [alone];
  const chosen: Coin[] = [];
  let sum = 0n;
  for (const coin of descending.slice(0, INPUTS_MAX)) {
    chosen.push(coin);
    sum += coin.value;
    if (sum >= amount + FEE_RESERVE + CHANGE_RESERVE) return chosen;
  }
  if (sum >= amount + FEE_RESERVE) return chosen;
  return refuse('', `balance ${sum} is less than amount ${amount} plus fee ${FEE_RESERVE}`, 'E_FUNDS');
}

/** Those that hold nothing but coins: tokens would have to be given back, which the transfers here do not do. */
async function coinsOf(one: Nodes, address: string): Promise<readonly Coin[]> {
  const coins: Coin[] = [];
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const listed = (await one.get(`/addresses/${address}/utxos?count=${PAGE}&page=${page}`).catch(notFound)) ?? [];
    if (!Array.isArray(listed)) return nonsense('coins are no list');
    for (const each of listed.map((entry) => object(entry, 'a coin'))) {
      const { tx_hash: txid, output_index: index, amount } = each;
      if (!Array.isArray(amount) || amount.length !== 1) continue;
      if (typeof txid !== 'string' || !/^[0-9a-f]{64}$/.test(txid)) return nonsense('a coin has no transaction');
      coins.push({ txid, index: Number(decimal(index, 'output_index')), value: lovelace(amount) });
    }
    if (listed.length < PAGE) break;
  }
  return coins;
}

async function find(one: Nodes, id: string): Promise<Answer | undefined> {
  const found = await one.get(`/txs/${id}`).catch(notFound);
  if (found === undefined) return undefined;
  const transaction = object(found, 'a transaction');
  return transaction['hash'] === id ? transaction : nonsense('the transaction is not the one asked for');
}

async function latest(one: Nodes): Promise<{ readonly slot: bigint; readonly height: bigint }> {
  const block = object(await one.get('/blocks/latest'), 'a block');
  return { slot: decimal(block['slot'], 'slot'), height: decimal(block['height'], 'height') };
}

/** The first slot in which it is too late; absent where it can wait for ever. */
function timeOf(bytes: Uint8Array): bigint | undefined {
  const transaction = decodeCbor(bytes, 'signedData');
  const body = transaction.type === 'list' ? transaction.value[0] : undefined;
  const entry =
    body?.type === 'map' ? body.value.find(([name]) => name.type === 'int' && name.value === 3n) : undefined;
  return entry?.[1].type === 'int' ? entry[1].value : undefined;
}

function notFound(error: unknown): undefined {
  if (error instanceof NodeError && error.code === 'E_NODE_REFUSED' && error.status === 404) return undefined;
  throw error;
}

function lovelace(amounts: unknown): bigint {
  if (!Array.isArray(amounts)) return nonsense('an amount is no list');
  const found = amounts.map((each) => object(each, 'an amount')).find((each) => each['unit'] === 'lovelace');
  return found === undefined ? 0n : decimal(found['quantity'], 'quantity');
}

function bytesOf(signedData: string): Uint8Array {
  return hexMember({ signedData }, 'signedData', { min: 4, max: 32_768 });
}

function object(value: unknown, what: string): Answer {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Answer)
    : nonsense(`${what} is no object`);
}

function decimal(value: unknown, what: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  return typeof value === 'string' && /^[0-9]{1,30}$/.test(value) ? BigInt(value) : nonsense(`${what} is no number`);
}
