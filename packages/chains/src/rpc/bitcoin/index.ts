/**
 * Bitcoin and its relatives over the JSON-RPC of their Core nodes (Bitcoin Core ≥ 0.21, Litecoin Core, Dogecoin Core).
 * The node needs `txindex=1`. Coins are those the node's own watch-only wallet lists where it watches the address
 * (`importdescriptors`, on Dogecoin `importaddress`: at once), otherwise those `scantxoutset` finds
 * (minutes on Bitcoin, longer than a question may take: let the node watch).
 * Only confirmed coins are spent.
 */
import { refuse } from '../../errors/index.ts';
import { type OwnKind, ownKind, scriptOfAddress } from '../../families/bitcoin/address.ts';
import { bitcoinParameters, type FeeParameters } from '../../families/bitcoin/parameters.ts';
import { finalOf, ownInputsMax, psbtBytesMax } from '../../families/bitcoin/psbt.ts';
import { decodeRaw, txidOf, withoutWitness } from '../../families/bitcoin/raw.ts';
import { feeOf, vsize } from '../../families/bitcoin/transfer.ts';
import { equal, hexMember, toHex0x } from '../../families/bytes.ts';
import type { Body, Completion, Network, PublicKeyRef } from '../../families/types.ts';
import { NodeError, nonsense } from '../errors.ts';
import type { BitcoinLevel, ChainClient, Nodes, TransactionState } from '../types.ts';

/** See families/bitcoin/transfer.ts. */
export interface BitcoinCompletion extends Completion {
  readonly inputs: readonly {
    readonly txid: string;
    readonly vout: string;
    readonly value: string;
    readonly previous?: string;
  }[];
  /** Smallest units for 1000 virtual bytes. */
  readonly feeRate: string;
}

export interface BitcoinClient extends ChainClient {
  fees: NonNullable<ChainClient['fees']>;
  /** The same coins at a fee rate that nodes take as a replacement (BIP-125 rule 4) and as fast as there is. */
  bump(completion: BitcoinCompletion): Promise<BitcoinCompletion>;
}

interface Coin {
  readonly txid: string;
  readonly vout: number;
  readonly value: bigint;
}

type Answer = Readonly<Record<string, unknown>>;

/** Blocks within which a transaction should be included. */
const horizons = { slow: 24, standard: 6, fast: 2 } as const;
type Level = keyof typeof horizons;
/** Coins that are asked about before a wallet counts as empty; more of them are dust. */
const coinsMax = 2_000;
/** BIP-125 rule 4, at the default incremental relay fee: for 1000 virtual bytes. */
const INCREMENT = 1_000n;
const COINBASE_DEPTH = 100;
const transactionBytesMax = 4_000_000;

/** What tells Bitcoin Cash from the others, to a client of their nodes. */
export interface CoinChain {
  readonly parameters: FeeParameters;
  scriptOf(address: string, path?: string): Uint8Array;
  kindOf(key: PublicKeyRef): OwnKind;
  needsPrevious(kind: OwnKind, coins: number): boolean;
  /** The transaction to broadcast, of a signed PSBT. */
  finalOf(psbt: Uint8Array): { readonly id: string; readonly bytes: Uint8Array };
}

export function createBitcoinClient({ nodes, network }: { nodes: Nodes; network: Network }): BitcoinClient {
  return createCoinClient(nodes, network, {
    parameters: bitcoinParameters(network.name),
    scriptOf: (address, path) => scriptOfAddress(address, network.name, path),
    kindOf: (key) => ownKind(key, network.name),
    needsPrevious: (kind, coins) => kind === 'pkh' || (kind === 'wpkh' && coins > 1),
    finalOf,
  });
}

export function createCoinClient(nodes: Nodes, network: Network, chain: CoinChain): BitcoinClient {
  const { parameters } = chain;

  return {
    complete: ({ key, address, pending, body }) =>
      nodes.one(async (one) => {
        const own = chain.scriptOf(address);
        const to = chain.scriptOf(String(body['to']));
        const amount = /^[0-9]{1,30}$/.test(String(body['amount']))
          ? BigInt(String(body['amount']))
          : refuse('amount', 'must be a decimal integer string');
        const rate = await feeRate(one, levelOf(body), parameters);
        const held = new Set(pending.flatMap((each) => (each.kind === 'inputs' ? each.inputs : [])));
        const coins = (await coinsOf(one, own, network)).filter((each) => !held.has(`${each.txid}:${each.vout}`));
        const kind = chain.kindOf(key);
        const chosen = await select({ one, coins, amount, rate, kind, outputs: [to, own] });
        const needsPrevious = chain.needsPrevious(kind, chosen.length);
        const inputs = [];
        for (const coin of chosen) inputs.push(await inputOf(one, coin, own, needsPrevious));
        return { inputs, feeRate: String(rate) } satisfies BitcoinCompletion;
      }),

    bump: (completion) =>
      nodes.one(async (one) => {
        const fast = await feeRate(one, 'fast', parameters);
        const least = BigInt(completion.feeRate) + INCREMENT;
        const rate = fast > least ? fast : least;
        return { ...completion, feeRate: String(rate < parameters.feeRateMax ? rate : parameters.feeRateMax) };
      }),

    async broadcast(signedData) {
      const { id, bytes } = chain.finalOf(signedBytes(signedData));
      try {
        await nodes.rpc('sendrawtransaction', [toHex0x(bytes).slice(2)]);
      } catch (error) {
        if (!(error instanceof NodeError) || error.code !== 'E_NODE_REFUSED') throw error;
        // Nodes of different age word it differently that they know the transaction already; so they are asked.
        const known = await nodes.rpc('getrawtransaction', [id, true]).catch(() => undefined);
        if (known === undefined) throw error;
      }
    },

    state: ({ id, signedData }) =>
      nodes.agreed((one) => stateOf(one, id, chain.finalOf(signedBytes(signedData)).bytes)),

    async nativeBalance(address) {
      const own = chain.scriptOf(address, 'address');
      const coins = await nodes.one((one) => coinsOf(one, own, network));
      return coins.reduce((sum, coin) => sum + coin.value, 0n).toString();
    },

    head: async () => ({ height: whole(await nodes.rpc('getblockcount', []), 'getblockcount') }),

    fees: () =>
      nodes.one(async (one) => {
        const blockNumber = whole(await one.rpc('getblockcount', []), 'getblockcount');
        const level = async (name: Level): Promise<BitcoinLevel> => {
          const rate = await feeRate(one, name, parameters);
          return { feeRate: String((rate + 999n) / 1000n), blockHorizon: horizons[name] };
        };
        return {
          kind: 'Bitcoin',
          blockNumber,
          slow: await level('slow'),
          standard: await level('standard'),
          fast: await level('fast'),
        };
      }),
  };
}

/** Block 0, from each project's chainparams. Where the networks are tests, a regtest node may stand in. */
const genesis: Readonly<Record<string, readonly string[]>> = {
  Bitcoin: ['000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'],
  BitcoinSignet: ['00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6'],
  BitcoinTestnet3: [
    '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943',
    '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
  ],
  BitcoinTestnet4: ['00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043'],
  Dogecoin: ['1a91e3dace36e2be3bf030a65679fe821aa1d6ef92e7c9902eb318182c355691'],
  DogecoinTestnet: ['bb0a78264637406b6360aad926284d544d7049f45189db5664f3c4d07350559e'],
  Litecoin: ['12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2'],
  LitecoinTestnet: [
    '4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0',
    '530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9',
  ],
};

/** The first block of Bitcoin Cash alone (UAHF, 1 August 2017). */
export const CASH_FORK = {
  height: 478_559,
  hash: '000000000000000000651ef99cb9fcbe0dadde1d424bd9f15ff20136191a5eec',
} as const;

/** Refuses a node of another chain. */
export async function identifyBitcoin(one: Nodes, network: Network): Promise<void> {
  const said = await one.rpc('getblockhash', [0]);
  // Bitcoin Cash has the same first block, and another one since August 2017.
  const split = network.name === 'Bitcoin' ? await one.rpc('getblockhash', [CASH_FORK.height]).catch(refusedOnly) : '';
  if (split === CASH_FORK.hash) throw new NodeError('E_NODE_ANSWER', 'a node of Bitcoin is of Bitcoin Cash');
  if (!genesis[network.name]?.includes(String(said)))
    throw new NodeError(
      'E_NODE_ANSWER',
      `a node of ${network.name} is of another chain: its first block is ${String(said).slice(0, 64)}`,
    );
}

/**
 * The smallest coin that pays for everything alone, else the largest ones: few inputs now, and a coin that another
 * transaction waits to spend is passed over.
 */
async function select(o: {
  readonly one: Nodes;
  readonly coins: readonly Coin[];
  readonly amount: bigint;
  readonly rate: bigint;
  readonly kind: OwnKind;
  readonly outputs: readonly Uint8Array[];
}): Promise<readonly Coin[]> {
  const needed = (inputs: number) => o.amount + feeOf(vsize(inputs, o.kind, o.outputs), o.rate);
  const descending = [...o.coins].sort((a, b) =>
    a.value < b.value ? 1 : a.value > b.value ? -1 : a.txid < b.txid ? 1 : -1,
  );
  const alone = descending.filter((each) => each.value >= needed(1)).at(-1);
  const chosen: Coin[] = [];
  let sum = 0n;
  for (const coin of alone === undefined ? descending : [alone, ...descending.filter((each) => each !== alone)]) {
    if (!(await isSpendable(o.one, coin))) continue;
    chosen.push(coin);
    sum += coin.value;
    if (sum >= needed(chosen.length)) return chosen;
    if (chosen.length >= ownInputsMax) break;
  }
  const fee = needed(Math.max(1, chosen.length)) - o.amount;
  return refuse('', `balance ${sum} is less than amount ${o.amount} plus fee ${fee}`, 'E_FUNDS');
}

async function isSpendable(one: Nodes, { txid, vout }: Coin): Promise<boolean> {
  const answer = await one.rpc('gettxout', [txid, vout, true]);
  if (answer === null) return false;
  const output = object(answer, 'gettxout');
  return output['coinbase'] !== true || whole(output['confirmations'], 'gettxout.confirmations') >= COINBASE_DEPTH;
}

async function inputOf(one: Nodes, coin: Coin, own: Uint8Array, needsPrevious: boolean) {
  const input = { txid: coin.txid, vout: String(coin.vout), value: String(coin.value) };
  if (!needsPrevious) return input;
  const previous = plain(await one.rpc('getrawtransaction', [coin.txid, false]));
  const output = decodeRaw(previous, 'transaction').outputs[coin.vout];
  if (txidOf(previous) !== coin.txid || output === undefined || !equal(output.script, own))
    return nonsense('a previous transaction is not the one asked for');
  // Exact, unlike the node's JSON, whose numbers are doubles.
  return { ...input, value: String(output.amount), previous: toHex0x(previous) };
}

async function coinsOf(one: Nodes, own: Uint8Array, network: Network): Promise<readonly Coin[]> {
  const script = toHex0x(own).slice(2);
  const watched = await watchedAddress(one, script);
  const listed =
    watched === undefined
      ? object(await scan(one, script, network), 'scantxoutset')['unspents']
      : await one.rpc('listunspent', [1, 9_999_999, [watched]]);
  if (!Array.isArray(listed)) return nonsense('coins are not a list');
  return listed
    .map((each) => object(each, 'a coin'))
    .filter((each) => each['scriptPubKey'] === script)
    .map((each) => ({
      txid: hash(each['txid'], 'coin.txid'),
      vout: whole(each['vout'], 'coin.vout'),
      value: coinsToUnits(each['amount'], 'coin.amount'),
    }))
    .sort((a, b) => (a.value < b.value ? 1 : -1))
    .slice(0, coinsMax);
}

/** In the node's own spelling (a regtest node has its own prefix); undefined where no wallet of the node watches it. */
async function watchedAddress(one: Nodes, script: string): Promise<string | undefined> {
  const decoded = object(await one.rpc('decodescript', [script]), 'decodescript');
  const listed = decoded['addresses'];
  const address = decoded['address'] ?? (Array.isArray(listed) ? listed[0] : undefined);
  if (typeof address !== 'string') return undefined;
  for (const method of ['getaddressinfo', 'validateaddress']) {
    const answer = await one.rpc(method, [address]).catch(refusedOnly);
    const { iswatchonly, ismine } = answer === undefined ? {} : (object(answer, method) as Answer);
    if (iswatchonly === true || ismine === true) return address;
  }
  return undefined;
}

async function scan(one: Nodes, script: string, network: Network): Promise<unknown> {
  try {
    return await one.rpc('scantxoutset', ['start', [`raw(${script})`]]);
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    // A node looks through its coins for one question at a time; the next may be asked in a moment.
    if (/Scan already in progress/.test(error.message))
      throw new NodeError('E_NODE_UNREACHABLE', `the node of ${network.name} looks for the coins of another wallet`);
    if (error.rpcCode !== METHOD_NOT_FOUND) throw error;
    throw new NodeError(
      'E_NODE_REFUSED',
      `the node of ${network.name} cannot look for coins and no wallet of it watches the address: importaddress`,
    );
  }
}

const METHOD_NOT_FOUND = -32601;

async function feeRate(one: Nodes, level: Level, parameters: FeeParameters): Promise<bigint> {
  const estimate = await one.rpc('estimatesmartfee', [horizons[level]]).catch(refusedOnly);
  const estimated = estimate === undefined ? undefined : object(estimate, 'estimatesmartfee')['feerate'];
  const { mempoolminfee } = object(await one.rpc('getmempoolinfo', []), 'getmempoolinfo') as Answer;
  const { relayfee } = object(await one.rpc('getnetworkinfo', []), 'getnetworkinfo') as Answer;
  const rates = [estimated, mempoolminfee, relayfee]
    .filter((each) => typeof each === 'number' && each > 0)
    .map((each) => coinsToUnits(each, 'a fee rate'));
  const rate = [...rates, parameters.feeRateUsual].reduce((most, each) => (each > most ? each : most));
  return rate < parameters.feeRateMax ? rate : parameters.feeRateMax;
}

function levelOf(body: Body): Level {
  const priority = body['priority'] ?? 'Standard';
  if (priority === 'Slow' || priority === 'Standard' || priority === 'Fast') return priority.toLowerCase() as Level;
  return refuse('priority', 'must be Slow, Standard or Fast');
}

async function stateOf(one: Nodes, id: string, transaction: Uint8Array): Promise<TransactionState> {
  const known = await one.rpc('getrawtransaction', [id, true]).catch(unknownTransaction);
  if (known !== undefined && known !== 'certainly not there')
    return knownState(one, object(known, 'getrawtransaction'), id);
  if (known === undefined) return { state: 'unknown' };
  // Nobody has it. Where a coin of it is gone from the chain itself, another transaction in a block took it.
  const raw = decodeRaw(withoutWitness(transaction, 'signedData'), 'signedData');
  for (const { txid, index } of raw.inputs) {
    const coin = `${toHex0x(Uint8Array.from(txid).reverse()).slice(2)}`;
    if ((await one.rpc('gettxout', [coin, index, false])) !== null) continue;
    const maker = await one.rpc('getrawtransaction', [coin, true]).catch(unknownTransaction);
    if (maker === undefined || maker === 'certainly not there') return { state: 'unknown' };
    if (whole(object(maker, 'getrawtransaction')['confirmations'] ?? 0, 'confirmations') > 0)
      return { state: 'dropped', reason: `its coin ${coin}:${index} was spent by another transaction` };
  }
  return { state: 'unknown' };
}

async function knownState(one: Nodes, transaction: Answer, id: string): Promise<TransactionState> {
  if (transaction['txid'] !== id) return nonsense('the transaction is not the one asked for');
  const { blockhash, confirmations } = transaction;
  if (blockhash === undefined || confirmations === 0 || confirmations === undefined) return { state: 'pending' };
  const block = hash(blockhash, 'blockhash');
  const header = object(await one.rpc('getblockheader', [block, true]), 'getblockheader');
  const depth = header['confirmations'];
  // -1: the block is not on the best chain any more.
  if (typeof depth === 'number' && depth < 1) return { state: 'pending' };
  return {
    state: 'included',
    height: whole(header['height'], 'height'),
    block,
    confirmations: whole(depth, 'confirmations') - 1,
    success: true,
    fee: String(await feePaid(one, transaction)),
  };
}

async function feePaid(one: Nodes, transaction: Answer): Promise<bigint> {
  const raw = decodeRaw(plain(transaction['hex']), 'transaction');
  let paid = 0n;
  for (const { txid, index } of raw.inputs) {
    const previous = plain(
      await one.rpc('getrawtransaction', [toHex0x(Uint8Array.from(txid).reverse()).slice(2), false]),
    );
    paid += decodeRaw(previous, 'previous').outputs[index]?.amount ?? nonsense('an output is not there');
  }
  return raw.outputs.reduce((rest, each) => rest - each.amount, paid);
}

/** A node's transaction as the bytes its txid is the hash of. */
function plain(value: unknown): Uint8Array {
  try {
    const bytes = hexMember({ value }, 'value', { min: 60, max: transactionBytesMax });
    return withoutWitness(bytes, 'value');
  } catch {
    return nonsense('a transaction cannot be read');
  }
}

/** With an index of all transactions the node knows for certain; without, it only knows its pool. */
function unknownTransaction(error: unknown): 'certainly not there' | undefined {
  if (!(error instanceof NodeError) || error.code !== 'E_NODE_REFUSED') throw error;
  return /mempool or blockchain/.test(error.message) ? 'certainly not there' : undefined;
}

function refusedOnly(error: unknown): undefined {
  if (error instanceof NodeError && error.code === 'E_NODE_REFUSED') return undefined;
  throw error;
}

function signedBytes(signedData: string): Uint8Array {
  return hexMember({ signedData }, 'signedData', { min: 20, max: psbtBytesMax });
}

function object(value: unknown, what: string): Answer {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Answer)
    : nonsense(`${what} is no object`);
}

function whole(value: unknown, what: string): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : nonsense(`${what} is no whole number`);
}

function hash(value: unknown, what: string): string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? value : nonsense(`${what} is no hash`);
}

/** Coins with eight decimals as smallest units; exact below 2^53. */
function coinsToUnits(value: unknown, what: string): bigint {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return nonsense(`${what} is no amount`);
  return BigInt(Math.round(value * 1e8));
}
