/**
 * Blocks of Bitcoin's relatives for the indexer: which outputs came to watched addresses and which of them were spent;
 * one movement for each transaction and address. Amounts from the transactions' own bytes where these can be read, as
 * the node's JSON has doubles.
 */
import { addressOfScript, scriptOfAddress } from '../../families/bitcoin/address.ts';
import { decodeRaw, type RawTransaction, withoutWitness } from '../../families/bitcoin/raw.ts';
import { scriptOfCashAddress } from '../../families/bitcoin-cash/cash-address.ts';
import { hexMember, toHex0x } from '../../families/bytes.ts';
import type { Network } from '../../families/types.ts';
import { nonsense } from '../errors.ts';
import type { BlockReader, Movement, Nodes, OwnOutput, ReadBlock, Watched } from '../types.ts';

type Fields = Readonly<Record<string, unknown>>;

const TRANSACTIONS_MAX = 200_000;
/** Addresses told of one transaction: an exchange may pay thousands at once. */
const ADDRESSES_MAX = 50;
const transactionBytesMax = 4_000_000;

interface Output {
  readonly script: string;
  readonly value: bigint;
}

export function bitcoinBlocks(network: Network): BlockReader {
  const isCash = network.family === 'bitcoin-cash';
  const scripts = new Map<string, string>();
  const addressOfOwn = new Map<string, string>();

  /** By script, since a node of a test network may spell addresses with another prefix. */
  function know({ addresses }: Watched): void {
    for (const address of addresses) {
      if (scripts.has(address)) continue;
      const script = isCash ? scriptOfCashAddress(address, network.name) : scriptOfAddress(address, network.name);
      const hex = toHex0x(script).slice(2);
      scripts.set(address, hex);
      addressOfOwn.set(hex, address);
    }
  }

  const told = (script: string): string | undefined =>
    addressOfOwn.get(script) ?? (isCash ? undefined : addressOfScript(Buffer.from(script, 'hex'), network.name));

  return {
    // One block of Bitcoin is some ten megabytes of JSON.
    blocksAtOnce: 8,
    pollMs: 10_000,
    hasOutputs: true,

    height: async (one) => whole(await one.rpc('getblockcount', []), 'getblockcount'),

    async hashAt(one, height) {
      if (height > whole(await one.rpc('getblockcount', []), 'getblockcount')) return undefined;
      return hash(await one.rpc('getblockhash', [height]), 'getblockhash');
    },

    async read(one, { from, to, watched }) {
      know(watched);
      const gone = new Set<string>();
      const come = new Map<string, OwnOutput>();
      const unspent = (outpoint: string): OwnOutput | undefined =>
        gone.has(outpoint) ? undefined : (come.get(outpoint) ?? watched.output(outpoint));
      const read: ReadBlock[] = [];
      for (let height = from; height <= to; height += 1) {
        const { transactions, ...head } = await readBlock(one, height);
        const movements: Movement[] = [];
        const outputs: OwnOutput[] = [];
        const spent: { outpoint: string; by: string }[] = [];
        for (const fields of transactions) {
          const effect = effectOf(fields, { unspent, addressOfOwn, told });
          if (effect === undefined) continue;
          movements.push(...effect.movements);
          outputs.push(...effect.outputs);
          for (const output of effect.outputs) come.set(output.outpoint, output);
          for (const outpoint of effect.spent) {
            gone.add(outpoint);
            spent.push({ outpoint, by: effect.tx });
          }
        }
        read.push({ ...head, movements, outputs, spent });
      }
      return read;
    },
  };
}

async function readBlock(one: Nodes, height: number) {
  const name = hash(await one.rpc('getblockhash', [height]), 'getblockhash');
  const block = object(await one.rpc('getblock', [name, 2]), 'getblock');
  if (block['hash'] !== name || block['height'] !== height) nonsense('a block is not the one asked for');
  const { tx } = block;
  if (!Array.isArray(tx) || tx.length > TRANSACTIONS_MAX) return nonsense('block.tx is no list');
  return {
    height,
    hash: name,
    // The first block has none.
    parent: height === 0 ? '' : hash(block['previousblockhash'], 'block.previousblockhash'),
    timeMs: whole(block['time'], 'block.time') * 1000,
    transactions: tx.map((each) => object(each, 'a transaction')),
  };
}

/** Undefined: nothing of it is ours. */
function effectOf(
  fields: Fields,
  of: {
    unspent(outpoint: string): OwnOutput | undefined;
    readonly addressOfOwn: ReadonlyMap<string, string>;
    told(script: string): string | undefined;
  },
) {
  const inputs = list(fields['vin'], 'transaction.vin').flatMap((input) =>
    input['coinbase'] === undefined && input['txid'] !== undefined
      ? [`${hash(input['txid'], 'input.txid')}:${whole(input['vout'], 'input.vout')}`]
      : [],
  );
  const own = inputs.flatMap((outpoint) => of.unspent(outpoint) ?? []);
  const listed = list(fields['vout'], 'transaction.vout');
  const concerned = listed.some((output) => of.addressOfOwn.has(scriptOf(output)));
  if (own.length === 0 && !concerned) return undefined;

  const tx = hash(fields['txid'], 'transaction.txid');
  const outputs = exactOutputs(fields, listed);
  const came = outputs.flatMap(({ script, value }, at): OwnOutput[] => {
    const address = of.addressOfOwn.get(script);
    return address === undefined ? [] : [{ outpoint: `${tx}:${at}`, address, value: value.toString() }];
  });
  const paid = sum(own.map(({ value }) => BigInt(value)));
  // Only where every coin is known is it known what the chain took.
  const fee = own.length === inputs.length ? paid - sum(outputs.map(({ value }) => value)) : undefined;
  const addresses = new Set([...own, ...came].map(({ address }) => address));
  const movements = [...addresses].map((address): Movement => {
    const out = sum(own.flatMap((each) => (each.address === address ? [BigInt(each.value)] : [])));
    const into = sum(came.flatMap((each) => (each.address === address ? [BigInt(each.value)] : [])));
    const paysFee = fee !== undefined && own.every((each) => each.address === address);
    const net = out - into - (paysFee ? fee : 0n);
    const isOut = out > 0n && net >= 0n;
    const tos = outputs.map(({ script }) => of.told(script));
    const others = isOut ? tos.filter((each) => each !== address) : tos;
    return {
      tx,
      place: 'transaction',
      kind: 'UtxoTransfer',
      asset: '',
      address,
      direction: isOut ? 'Out' : 'In',
      value: (isOut ? net : into - out).toString(),
      froms: unique(own.map((each) => each.address)),
      tos: unique(others.length === 0 ? tos : others),
      ...(paysFee && isOut ? { fee: fee.toString() } : {}),
    };
  });
  return { tx, movements, outputs: came, spent: own.map(({ outpoint }) => outpoint) };
}

const unique = (texts: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(texts.flatMap((each) => (each === undefined ? [] : [each])))].slice(0, ADDRESSES_MAX);

function exactOutputs(fields: Fields, listed: readonly Fields[]): readonly Output[] {
  const raw = rawOf(fields['hex']);
  return listed.map((output, at) => {
    const script = scriptOf(output);
    const exact = raw?.outputs[at];
    if (exact !== undefined && toHex0x(exact.script).slice(2) === script) return { script, value: exact.amount };
    const { value } = output;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0 || value * 1e8 > Number.MAX_SAFE_INTEGER)
      return nonsense('output.value is no amount');
    return { script, value: BigInt(Math.round(value * 1e8)) };
  });
}

/** Undefined for forms of a relative's own (Litecoin's extension blocks): then the node's numbers have to do. */
function rawOf(hex: unknown): RawTransaction | undefined {
  try {
    const bytes = hexMember({ hex }, 'hex', { min: 60, max: transactionBytesMax });
    return decodeRaw(withoutWitness(bytes, 'hex'), 'hex');
  } catch {
    return undefined;
  }
}

const scriptOf = (output: Fields): string => {
  const { hex } = object(output['scriptPubKey'], 'output.scriptPubKey');
  return typeof hex === 'string' && /^(?:[0-9a-f]{2})*$/.test(hex) ? hex : nonsense('a script is no hex');
};

const sum = (values: readonly bigint[]): bigint => values.reduce((all, each) => all + each, 0n);

function list(value: unknown, what: string): readonly Fields[] {
  return Array.isArray(value) ? value.map((each) => object(each, what)) : nonsense(`${what} is no list`);
}

function object(value: unknown, what: string): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
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
