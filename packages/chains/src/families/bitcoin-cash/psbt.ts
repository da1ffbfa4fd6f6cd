/**
 * PSBT version 0 (BIP-174) as Bitcoin Cash uses it: the container is Bitcoin's, the digest BIP-143's with the fork id
 * (upstream "BCH UAHF digest": SIGHASH_ALL | SIGHASH_FORKID), which commits to the amount. Maps are kept as they came.
 */
import { check, refuse } from '../../errors/index.ts';
import { le, Reader } from '../binary.ts';
import {
  decodeRaw,
  encodeOutput,
  encodeRaw,
  hash256,
  type RawTransaction,
  readSize,
  sized,
  txidOf,
} from '../bitcoin/raw.ts';
import { concat, equal, toHex0x } from '../bytes.ts';

export const SIGHASH_ALL_FORKID = 0x41;
const magic = Uint8Array.of(0x70, 0x73, 0x62, 0x74, 0xff);
/** Key types of BIP-174. */
const type = { unsigned: 0x00, version: 0xfb, nonWitness: 0x00, witness: 0x01, partial: 0x02, sighash: 0x03 } as const;
const finalTypes = [0x07, 0x08];

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}
type Map = readonly Entry[];

export interface CashPsbt {
  readonly global: Map;
  readonly inputs: readonly Map[];
  readonly outputs: readonly Map[];
  readonly transaction: RawTransaction;
}

export interface Spent {
  readonly amount: bigint;
  readonly script: Uint8Array;
}

export function newPsbt(transaction: RawTransaction, previous: readonly Uint8Array[]): Uint8Array {
  return encodePsbt({
    global: [{ key: Uint8Array.of(type.unsigned), value: encodeRaw(transaction) }],
    inputs: previous.map((value) => [{ key: Uint8Array.of(type.nonWitness), value }]),
    outputs: transaction.outputs.map(() => []),
  });
}

export function encodePsbt({ global, inputs, outputs }: Omit<CashPsbt, 'transaction'>): Uint8Array {
  const end = Uint8Array.of(0);
  const encode = (map: Map) => concat(...map.flatMap(({ key, value }) => [sized(key), sized(value)]), end);
  return concat(magic, ...[global, ...inputs, ...outputs].map(encode));
}

/** To the last byte; throws ChainError at `psbt`. */
export function decodePsbt(bytes: Uint8Array): CashPsbt {
  const reader = new Reader(bytes, 'psbt');
  check(equal(reader.take(Math.min(5, reader.left)), magic), 'psbt', 'is not a PSBT');
  const global = readMap(reader);
  const version = find(global, type.version);
  check(version === undefined || version.every((byte) => byte === 0), 'psbt', 'must be of version 0');
  const transaction = decodeRaw(find(global, type.unsigned) ?? refuse('psbt', 'has no transaction'), 'psbt');
  check(
    transaction.inputs.every(({ script }) => script.length === 0),
    'psbt',
    'has a transaction that is signed already',
  );
  const inputs = transaction.inputs.map(() => readMap(reader));
  const outputs = transaction.outputs.map(() => readMap(reader));
  reader.end();
  return { global, inputs, outputs, transaction };
}

/** Undefined where the PSBT does not say; what it says twice must agree. */
export function spentOf({ transaction, inputs }: CashPsbt, index: number): Spent | undefined {
  const input = transaction.inputs[index];
  const map = inputs[index] ?? [];
  if (input === undefined) return undefined;
  const witness = find(map, type.witness);
  const claimed = witness === undefined ? undefined : readOutput(witness);
  const whole = find(map, type.nonWitness);
  if (whole === undefined) return claimed;
  const previous = decodeRaw(whole, 'psbt');
  const txid = toHex0x(Uint8Array.from(input.txid).reverse()).slice(2);
  check(txidOf(whole) === txid, 'psbt', `input ${index} names another transaction than its previous one`);
  const output = previous.outputs[input.index];
  if (output === undefined)
    refuse('psbt', `input ${index} names output ${input.index}, which its previous transaction lacks`);
  if (claimed !== undefined) {
    check(claimed.amount === output.amount, 'psbt', `input ${index} amount does not match its previous transaction`);
    check(
      equal(claimed.script, output.script),
      'psbt',
      `input ${index} script does not match its previous transaction`,
    );
  }
  return output;
}

export function checkSighash({ inputs }: CashPsbt, index: number): void {
  const asked = find(inputs[index] ?? [], type.sighash);
  check(
    asked === undefined || equal(asked, le(SIGHASH_ALL_FORKID, 4)),
    'psbt',
    `input ${index} asks for a sighash other than ALL|FORKID, which is not allowed`,
  );
}

export function hasSignature({ inputs }: CashPsbt, index: number): boolean {
  return (inputs[index] ?? []).some(({ key }) => key[0] === type.partial || finalTypes.includes(key[0] ?? 0));
}

export function digestOf(transaction: RawTransaction, index: number, spent: Spent): Uint8Array {
  const input = transaction.inputs[index] ?? refuse('psbt', `has no input ${index}`);
  const outpoint = ({ txid, index: n }: typeof input) => concat(txid, le(n, 4));
  return hash256(
    concat(
      le(transaction.version, 4),
      hash256(concat(...transaction.inputs.map(outpoint))),
      hash256(concat(...transaction.inputs.map((each) => le(each.sequence, 4)))),
      outpoint(input),
      sized(spent.script),
      le(spent.amount, 8),
      le(input.sequence, 4),
      hash256(concat(...transaction.outputs.map(encodeOutput))),
      le(transaction.lockTime, 4),
      le(SIGHASH_ALL_FORKID, 4),
    ),
  );
}

/** `signature`: DER with its sighash byte. */
export function withSignature(psbt: CashPsbt, index: number, publicKey: Uint8Array, signature: Uint8Array): CashPsbt {
  const entry = { key: concat(Uint8Array.of(type.partial), publicKey), value: signature };
  return { ...psbt, inputs: psbt.inputs.map((map, n) => (n === index ? [...map, entry] : map)) };
}

/** The transaction to broadcast; every input must be P2PKH and have its signature. */
export function finalOf(bytes: Uint8Array): { readonly id: string; readonly bytes: Uint8Array } {
  const psbt = decodePsbt(bytes);
  const inputs = psbt.transaction.inputs.map((input, index) => {
    const [entry] = (psbt.inputs[index] ?? []).filter(({ key }) => key[0] === type.partial && key.length === 34);
    if (entry === undefined) return refuse('psbt', `input ${index} is not signed`);
    return { ...input, script: concat(sized(entry.value), sized(entry.key.subarray(1))) };
  });
  const signed = encodeRaw({ ...psbt.transaction, inputs });
  return { id: txidOf(signed), bytes: signed };
}

function readMap(reader: Reader): Map {
  const entries: Entry[] = [];
  const seen = new Set<string>();
  for (;;) {
    const length = readSize(reader);
    if (length === 0) return entries;
    const key = reader.take(length).slice();
    const name = toHex0x(key);
    check(!seen.has(name), 'psbt', 'has an entry twice');
    seen.add(name);
    entries.push({ key, value: reader.take(readSize(reader)).slice() });
  }
}

function find(map: Map, key: number): Uint8Array | undefined {
  return map.find((each) => each.key.length === 1 && each.key[0] === key)?.value;
}

function readOutput(bytes: Uint8Array): Spent {
  const reader = new Reader(bytes, 'psbt');
  const amount = reader.le(8);
  const script = reader.take(readSize(reader)).slice();
  reader.end();
  return { amount, script };
}
