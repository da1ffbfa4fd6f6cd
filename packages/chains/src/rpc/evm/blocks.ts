/**
 * EVM blocks for the indexer: native payments that succeeded, and Transfer events of ERC-20 and ERC-721. What a contract
 * pays out in native coin inside a call leaves no trace in a block and is not seen; balances, which are asked for, have it.
 */
import { NodeError, nonsense } from '../errors.ts';
import type { BlockReader, Movement, Nodes, ReadBlock, Watched } from '../types.ts';
import { feeOf } from './index.ts';
import { data, list, object, quantity, smallQuantity, toQuantity } from './quantities.ts';

/** keccak256("Transfer(address,address,uint256)"): ERC-20 and ERC-721 alike; the latter has its number as a fourth topic. */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
/** Above this many addresses a node would rather send all events than compare. */
const FILTER_MAX = 200;
const TRANSACTIONS_MAX = 100_000;
const SYMBOL_CHARS_MAX = 32;

type Fields = Readonly<Record<string, unknown>>;

interface Block {
  readonly height: number;
  readonly hash: string;
  readonly parent: string;
  readonly timeMs: number;
  readonly transactions: readonly Fields[];
}

export const evmBlocks: BlockReader = {
  blocksAtOnce: 32,
  pollMs: 2_000,

  height: async (one) => smallQuantity(await one.rpc('eth_blockNumber', []), 'eth_blockNumber'),

  async hashAt(one, height) {
    const block = await one.rpc('eth_getBlockByNumber', [toQuantity(height), false]);
    return block === null ? undefined : data(object(block, 'a block')['hash'], 'block.hash', 32);
  },

  async read(one, { from, to, watched }) {
    const heights = Array.from({ length: to - from + 1 }, (_, at) => from + at);
    const [blocks, logs] = await Promise.all([
      Promise.all(heights.map((height) => readBlock(one, height))),
      readLogs(one, { from, to, watched }),
    ]);
    const known = new Set(blocks.map(({ hash }) => hash));
    const byBlock = new Map<string, Fields[]>();
    for (const log of logs) {
      if (log['removed'] === true) continue;
      const hash = data(log['blockHash'], 'log.blockHash', 32);
      // The chain changed between the two questions.
      if (!known.has(hash)) nonsense('events are of other blocks');
      byBlock.set(hash, [...(byBlock.get(hash) ?? []), log]);
    }
    return Promise.all(blocks.map((block) => movementsOf(one, block, byBlock.get(block.hash) ?? [], watched)));
  },

  async token(one, contract) {
    const ask = async (selector: string): Promise<string> =>
      data(await one.rpc('eth_call', [{ to: contract, data: selector }, 'latest']), 'eth_call');
    // symbol() and decimals() of ERC-20's optional part; a contract without them reverts or answers nothing.
    const [symbol, decimals] = await Promise.all([optional(ask('0x95d89b41')), optional(ask('0x313ce567'))]);
    return { ...symbolOf(symbol), ...decimalsOf(decimals) };
  },

  async tokenBalance(one, contract, address) {
    // balanceOf(address)
    const input = `0x70a08231${wordOf(address)}`;
    const answer = data(await one.rpc('eth_call', [{ to: contract, data: input }, 'latest']), 'eth_call');
    // Nothing there any more, or never a token: it holds nothing of it.
    return answer.length < 66 ? '0' : BigInt(answer.slice(0, 66)).toString();
  },
};

async function readBlock(one: Nodes, height: number): Promise<Block> {
  const answer = await one.rpc('eth_getBlockByNumber', [toQuantity(height), true]);
  if (answer === null) nonsense('a block below the head is missing');
  const block = object(answer, 'a block');
  if (smallQuantity(block['number'], 'block.number') !== height) nonsense('a block of another height');
  const transactions = list(block['transactions'], 'block.transactions');
  if (transactions.length > TRANSACTIONS_MAX) nonsense('a block has too many transactions');
  return {
    height,
    hash: data(block['hash'], 'block.hash', 32),
    parent: data(block['parentHash'], 'block.parentHash', 32),
    timeMs: smallQuantity(block['timestamp'], 'block.timestamp') * 1000,
    transactions: transactions.map((each) => object(each, 'a transaction')),
  };
}

async function readLogs(
  one: Nodes,
  { from, to, watched }: { from: number; to: number; watched: Watched },
): Promise<readonly Fields[]> {
  const range = { fromBlock: toQuantity(from), toBlock: toQuantity(to) };
  const addresses = [...watched.addresses];
  const topics =
    addresses.length > FILTER_MAX
      ? [[TRANSFER]]
      : [
          [TRANSFER, addresses.map((each) => `0x${wordOf(each)}`)],
          [TRANSFER, null, addresses.map((each) => `0x${wordOf(each)}`)],
        ];
  const answers = await Promise.all(topics.map((each) => one.rpc('eth_getLogs', [{ ...range, topics: each }])));
  const seen = new Set<string>();
  return answers
    .flatMap((answer) => list(answer, 'eth_getLogs').map((each) => object(each, 'an event')))
    .filter((log) => {
      // One from us to us is in both answers.
      const name = `${String(log['blockHash'])} ${String(log['logIndex'])}`;
      return seen.has(name) ? false : seen.add(name);
    });
}

async function movementsOf(one: Nodes, block: Block, logs: readonly Fields[], watched: Watched): Promise<ReadBlock> {
  const { transactions, ...head } = block;
  const ours = (address: string | undefined): address is string =>
    address !== undefined && watched.addresses.has(address);
  /** By transaction, in the order of the block: payments first, then events. */
  const found = new Map<string, Omit<Movement, 'address' | 'direction'>[]>();
  const note = (tx: string, movement: Omit<Movement, 'address' | 'direction' | 'tx'>): void => {
    found.set(tx, [...(found.get(tx) ?? []), { tx, ...movement }]);
  };
  for (const fields of transactions) {
    const value = quantity(fields['value'], 'transaction.value');
    const from = addressOf(fields['from'], 'transaction.from');
    const to =
      fields['to'] === null || fields['to'] === undefined ? undefined : addressOf(fields['to'], 'transaction.to');
    if (value === 0n || !(ours(from) || ours(to))) continue;
    const tx = data(fields['hash'], 'transaction.hash', 32);
    note(tx, {
      place: 'value',
      kind: 'NativeTransfer',
      asset: '',
      from,
      ...(to === undefined ? {} : { to }),
      value: value.toString(),
    });
  }
  for (const log of logs) {
    const event = transferOf(log);
    if (event !== undefined && (ours(event.from) || ours(event.to))) note(event.tx, event);
  }
  const movements = await Promise.all(
    [...found].map(async ([tx, events]) => {
      const receipt = object(await one.rpc('eth_getTransactionReceipt', [tx]), 'a receipt');
      if (data(receipt['blockHash'], 'receipt.blockHash', 32) !== block.hash) nonsense('a receipt is of another block');
      // A payment in a transaction that failed never happened; events of one do not exist.
      if (quantity(receipt['status'] ?? '0x1', 'receipt.status') !== 1n) return [];
      const sender = addressOf(receipt['from'], 'receipt.from');
      return sidesOf(events, ours, { sender, fee: feeOf(receipt).toString() });
    }),
  );
  return { ...head, movements: movements.flat() };
}

/** Out before in, so that the last row of a token that went from us to us is that it came. */
function sidesOf(
  events: readonly Omit<Movement, 'address' | 'direction'>[],
  ours: (address: string | undefined) => address is string,
  paid: { readonly sender: string; readonly fee: string },
): readonly Movement[] {
  let isPaid = false;
  return events.flatMap((event): Movement[] => {
    const out: Movement[] = [];
    if (ours(event.from)) {
      const pays = event.from === paid.sender && !isPaid;
      isPaid ||= pays;
      out.push({ ...event, address: event.from, direction: 'Out', ...(pays ? { fee: paid.fee } : {}) });
    }
    if (ours(event.to)) out.push({ ...event, address: event.to, direction: 'In' });
    return out;
  });
}

/** Undefined for events of the same name with other arguments. */
function transferOf(log: Fields): Omit<Movement, 'address' | 'direction'> | undefined {
  const topics = list(log['topics'], 'log.topics').map((each) => data(each, 'a topic', 32));
  const value = data(log['data'], 'log.data');
  const [name, from = '', to = '', tokenId] = topics;
  if (name !== TRANSFER || from.slice(2, 26) !== NO_BYTES || to.slice(2, 26) !== NO_BYTES) return undefined;
  const common = {
    tx: data(log['transactionHash'], 'log.transactionHash', 32),
    place: `log ${smallQuantity(log['logIndex'], 'log.logIndex')}`,
    asset: addressOf(log['address'], 'log.address'),
    from: `0x${from.slice(26)}`,
    to: `0x${to.slice(26)}`,
  };
  if (topics.length === 3 && value.length === 66)
    return { ...common, kind: 'Erc20Transfer', value: BigInt(value).toString() };
  if (topics.length === 4 && tokenId !== undefined)
    return { ...common, kind: 'Erc721Transfer', tokenId: BigInt(tokenId).toString() };
  return undefined;
}

const NO_BYTES = '0'.repeat(24);
const wordOf = (address: string): string => address.slice(2).padStart(64, '0');
const addressOf = (value: unknown, what: string): string => data(value, what, 20);

/** A refusal is an answer here: the contract has no such function. */
async function optional(answer: Promise<string>): Promise<string | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NodeError && error.code === 'E_NODE_REFUSED') return undefined;
    throw error;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
const unprintable = /[\u0000-\u001f\u007f-\u009f\ufffd]/g;

/** A string of the ABI, or 32 bytes padded with zeros as early tokens have it. */
function symbolOf(answer: string | undefined): { readonly symbol?: string } {
  if (answer === undefined) return {};
  const bytes = Buffer.from(answer.slice(2), 'hex');
  const length = bytes.length >= 64 ? Number(BigInt(`0x${bytes.subarray(32, 64).toString('hex')}`)) : 0;
  const text = bytes.length === 32 ? bytes : bytes.subarray(64, 64 + Math.min(length, 256));
  const symbol = text.toString('utf8').replace(unprintable, '').trim().slice(0, SYMBOL_CHARS_MAX);
  return symbol === '' ? {} : { symbol };
}

function decimalsOf(answer: string | undefined): { readonly decimals?: number } {
  if (answer === undefined || answer.length !== 66) return {};
  const decimals = BigInt(answer);
  return decimals <= 255n ? { decimals: Number(decimals) } : {};
}
