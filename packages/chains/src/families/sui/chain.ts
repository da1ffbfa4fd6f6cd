/**
 * What Sui and IOTA have in common: TransactionData with an intent in front, signed as its BLAKE2b-256, and gas paid in coins
 * that are objects. `signedData` is SenderSignedData in BCS: what the nodes take apart again into bytes and signatures.
 */
import { blake2b } from '@noble/hashes/blake2.js';
import { base58 } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { le, Reader } from '../binary.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, textOf, transferOf, u64Max } from '../members.ts';
import { decodeAddress, encodeBytes, encodeStructTag, readBytes } from '../move.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Facts, Family, Order, PublicKeyRef } from '../types.ts';
import {
  argument,
  command,
  encodeTransactionData,
  input,
  inputName,
  isSame,
  objectRefOf,
  readTransactionData,
  type TransactionData,
} from './transaction.ts';

const path = 'transaction';
const bytesMax = 131_072;
/** Scope, version and application of a transaction's intent: all zero. */
const intent = new Uint8Array(3);
/** Of a signature: Ed25519. */
const flag = 0;
/** Coins that one transaction merges, whose number the nodes bound by its size. */
const coinsMax = 255;

export interface Chain {
  readonly name: 'sui' | 'iota';
  readonly symbol: string;
  readonly addressOf: (key: PublicKeyRef) => Uint8Array;
  /** Highest gas budget of a transfer, smallest unit. */
  readonly feeMax: bigint;
}

export function objectChain(chain: Chain): Family {
  const { name, symbol, addressOf } = chain;
  const parse = (key: PublicKeyRef, body: Body) => parseUnsigned(chain, key, body);

  return {
    name,

    address: (key) => toHex0x(addressOf(key)),

    plan({ key, body }) {
      if (body['kind'] !== 'Transaction') return planPlain(key, body, ['Transaction']);
      const { bytes, facts } = parse(key, body);
      return { items: [{ algorithm: 'eddsa', message: blake2b(concat(intent, bytes), { dkLen: 32 }) }], facts };
    },

    assemble({ key, body, signatures }) {
      const [raw] = signatures;
      if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
      const { r, s } = rs(raw);
      const signature = wire(raw, concat(r, s));
      if (body['kind'] !== 'Transaction') return { signature };
      const serialized = concat(Uint8Array.of(flag), raw.signature, key.publicKey);
      const one = Uint8Array.of(1);
      return {
        signature,
        signedData: toHex0x(concat(one, intent, parse(key, body).bytes, one, encodeBytes(serialized))),
      };
    },

    construct(order) {
      if (order.purpose === 'transaction') return whole(order);
      const { key, network, body, completion } = order;
      const native = body['kind'] === 'Native';
      if (!native && body['kind'] !== 'Coin') return unknownKind(body, ['Native', 'Coin']);
      transferOf(body, ['to', 'amount', ...(native ? [] : ['coin'])]);
      const to = input.pure(decodeAddress(textOf(body, 'to'), 'to'));
      const amount = input.pure(le(amountOf(body), 8));
      const type = native ? undefined : encodeStructTag(textOf(body, 'coin'), 'coin');
      const given = completionOf(completion, {
        required: ['gasPayment', 'gasPrice', 'gasBudget', ...(native ? [] : ['coins'])],
      });
      const budget = given.number('gasBudget', u64Max, 1n);
      checkFee(budget, network.feeMax ?? chain.feeMax, symbol);
      const refs = (member: string, max: number) => {
        const list = given.list(member, max).map((each) => objectRefOf(each, `completion.${member}`));
        check(list.length > 0, `completion.${member}`, 'must not be empty', 'E_COMPLETION');
        return list;
      };
      const payment = refs('gasPayment', 256);
      const coins = type === undefined ? [] : refs('coins', coinsMax);
      const names = [...payment, ...coins].map(inputName);
      check(new Set(names).size === names.length, 'completion', 'names an object twice', 'E_COMPLETION');
      const sender = addressOf(key);
      const bytes = encodeTransactionData({
        sender,
        ...(type === undefined ? payFromGas(amount, to) : payFromCoins(coins.map(input.owned), type, amount, to)),
        gas: { payment, owner: sender, price: given.number('gasPrice', u64Max, 1n), budget },
      });
      const made = { kind: 'Transaction', transaction: toHex0x(bytes) };
      return {
        body: made,
        facts: parse(key, made).facts,
        feeMax: budget,
        // Each version of an object is used at most once.
        exclusion: { kind: 'inputs', inputs: names.toSorted() },
      };
    },

    /** Base58 of BLAKE2b-256 over the transaction behind its type's name. */
    transactionId(signedData) {
      const reader = new Reader(hexMember({ signedData }, 'signedData', { min: 1, max: bytesMax }), 'signedData');
      const head = reader.take(4);
      check(equal(head, Uint8Array.of(1, 0, 0, 0)), 'signedData', 'is not a signed transaction');
      readTransactionData(reader);
      const seed = new TextEncoder().encode('TransactionData::');
      return base58.encode(blake2b(concat(seed, reader.bytes.subarray(4, reader.at)), { dkLen: 32 }));
    },
  };

  function whole({ key, body, completion }: Order & { readonly completion: Completion }): Construction {
    if (body['kind'] !== 'Transaction') return unknownKind(body, ['Transaction']);
    completionOf(completion, { required: [] });
    const made = { kind: 'Transaction', transaction: body['transaction'] };
    return { body: made, facts: parse(key, made).facts, exclusion: { kind: 'digest' } };
  }
}

/** A part of the coin that also pays the gas. */
function payFromGas(amount: Uint8Array, to: Uint8Array) {
  return {
    inputs: [amount, to],
    commands: [
      command.split(argument.gas, [argument.input(0)]),
      command.transfer([argument.result(0)], argument.input(1)),
    ],
  };
}

/**
 * References do not say what type an object has, and the api chose them: `coin::split<T>` makes the chain itself refuse
 * coins of another type than the user signed. Merging admits only coins of one type.
 */
function payFromCoins(coins: readonly Uint8Array[], type: Uint8Array, amount: Uint8Array, to: Uint8Array) {
  const [first, ...rest] = coins.map((_, index) => argument.input(index + 2));
  const into = first ?? argument.gas;
  const merges = rest.length === 0 ? [] : [command.merge(into, rest)];
  return {
    inputs: [amount, to, ...coins],
    commands: [
      ...merges,
      command.call({ module: 'coin', name: 'split', types: [type], args: [into, argument.input(0)] }),
      command.transfer([argument.result(merges.length)], argument.input(1)),
    ],
  };
}

function parseUnsigned(
  chain: Chain,
  key: PublicKeyRef,
  body: Body,
): { readonly bytes: Uint8Array; readonly facts: Facts } {
  const bytes = hexMember(body, path, { min: 1, max: bytesMax });
  check(bytes[0] !== 1, path, 'is signed data or has an intent in front; the bare TransactionData is signed');
  const reader = new Reader(bytes, path);
  const data = readTransactionData(reader);
  reader.end();
  const own = chain.addressOf(key);
  check(
    equal(data.sender, own) || equal(data.gasOwner, own),
    path,
    `is sent by ${toHex0x(data.sender)}, not by this wallet`,
  );
  return { bytes, facts: factsOf(chain, data, own) };
}

function factsOf({ symbol }: Chain, data: TransactionData, own: Uint8Array): Facts {
  const transfer = equal(data.sender, own) ? transferFacts(data, symbol) : undefined;
  return {
    interpreted: transfer !== undefined,
    kind: 'Transaction',
    summary: [
      ...(transfer ?? [
        {
          label: 'Commands',
          value: data.commands
            .map(({ kind, name }) => name ?? kind)
            .join(', ')
            .slice(0, 512),
        },
      ]),
      { label: 'Sender', value: toHex0x(data.sender) },
      ...(equal(data.gasOwner, data.sender) ? [] : [{ label: 'Gas paid by', value: toHex0x(data.gasOwner) }]),
      { label: 'Fee, at most', value: data.gasBudget.toString() },
    ],
  };
}

/** The two forms that are built above, and nothing else. */
function transferFacts({ inputs, commands }: TransactionData, symbol: string): Facts['summary'] | undefined {
  const [amount, to, ...coins] = inputs;
  if (amount?.kind !== 'pure' || amount.bytes.length !== 8 || to?.kind !== 'pure' || to.bytes.length !== 32)
    return undefined;
  if (!coins.every(({ kind }) => kind === 'object')) return undefined;
  const asset = coins.length === 0 ? symbol : commands.find(({ kind }) => kind === 'call')?.types?.[0];
  if (asset === undefined || !isTransfer(commands, coins.length)) return undefined;
  return [
    { label: 'To', value: toHex0x(to.bytes) },
    { label: 'Asset', value: asset },
    { label: 'Amount', value: new Reader(amount.bytes, path).le(8).toString() },
  ];
}

const split = `0x${'0'.repeat(63)}2::coin::split`;

function isTransfer(commands: TransactionData['commands'], coins: number): boolean {
  const merges = coins > 1 ? 1 : 0;
  const [taken, paid] = commands.slice(merges);
  if (commands.length !== merges + 2 || paid?.kind !== 'transfer' || paid.args.length !== 2) return false;
  const [coin] = paid.args;
  // SDKs write the only result of a split as the first of several.
  if (!isSame(coin, argument.result(merges)) && !isSame(coin, argument.nested(merges, 0))) return false;
  if (!isSame(paid.args[1], argument.input(1))) return false;
  if (taken?.args.length !== 2 || !isSame(taken.args[1], argument.input(0))) return false;
  if (coins === 0) return taken.kind === 'split' && isSame(taken.args[0], argument.gas);
  const merged = commands[0];
  const mergesAll =
    merges === 0 ||
    (merged?.kind === 'merge' &&
      merged.args.length === coins &&
      merged.args.every((each, index) => isSame(each, argument.input(index + 2))));
  return (
    taken.kind === 'call' &&
    taken.name === split &&
    taken.types?.length === 1 &&
    mergesAll &&
    isSame(taken.args[0], argument.input(2))
  );
}

/** The parts a node asks for: the transaction, and each signature with its flag and key. */
export function partsOf(signedData: string): {
  readonly transaction: Uint8Array;
  readonly signatures: readonly Uint8Array[];
} {
  const reader = new Reader(hexMember({ signedData }, 'signedData', { min: 1, max: bytesMax }), 'signedData');
  reader.take(4);
  readTransactionData(reader);
  const transaction = reader.bytes.subarray(4, reader.at);
  const signatures = Array.from({ length: reader.byte() }, () => readBytes(reader));
  reader.end();
  return { transaction, signatures };
}
