/**
 * Transactions as they were before SegWit: version, inputs, outputs, lock time. The bytes a txid is the hash of, and the
 * ones that legacy signatures are made over (developer.bitcoin.org, "Raw Transaction Format").
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { check, refuse } from '../../errors/index.ts';
import { le, Reader } from '../binary.ts';
import { concat, toHex0x } from '../bytes.ts';

export interface RawInput {
  /** In the order of the wire, which is the reverse of what people read. */
  readonly txid: Uint8Array;
  readonly index: number;
  readonly script: Uint8Array;
  readonly sequence: number;
}

export interface RawOutput {
  readonly amount: bigint;
  readonly script: Uint8Array;
}

export interface RawTransaction {
  readonly version: number;
  readonly inputs: readonly RawInput[];
  readonly outputs: readonly RawOutput[];
  readonly lockTime: number;
}

const SIGHASH_ALL = 1;

export function encodeRaw(transaction: RawTransaction): Uint8Array {
  return concat(
    le(transaction.version >>> 0, 4),
    compactSize(transaction.inputs.length),
    ...transaction.inputs.flatMap(({ txid, index, script, sequence }) => [
      txid,
      le(index, 4),
      sized(script),
      le(sequence, 4),
    ]),
    encodeOutputs(transaction.outputs),
    le(transaction.lockTime, 4),
  );
}

export function encodeOutputs(outputs: readonly RawOutput[]): Uint8Array {
  return concat(compactSize(outputs.length), ...outputs.map(encodeOutput));
}

export function encodeOutput({ amount, script }: RawOutput): Uint8Array {
  return concat(le(amount, 8), sized(script));
}

/** To the last byte, in the shortest form, without a witness; throws ChainError at `path`. */
export function decodeRaw(bytes: Uint8Array, path: string): RawTransaction {
  const reader = new Reader(bytes, path);
  const version = Number(reader.le(4));
  const transaction: RawTransaction = {
    version,
    ...readBody(reader),
    lockTime: Number(reader.le(4)),
  };
  reader.end();
  return transaction;
}

/** A transaction as a node gives it, with or without a witness, as the bytes its txid is the hash of. */
export function withoutWitness(bytes: Uint8Array, path: string): Uint8Array {
  const reader = new Reader(bytes, path);
  const version = Number(reader.le(4));
  // BIP-144: a marker of 0 where the count of inputs stands, then flags. Litecoin's MWEB sets others than 1.
  if (bytes[4] !== 0) return encodeRaw(decodeRaw(bytes, path));
  reader.take(2);
  const body = readBody(reader);
  const end = new Reader(bytes.subarray(Math.max(reader.at, bytes.length - 4)), path);
  return encodeRaw({ version, ...body, lockTime: Number(end.le(4)) });
}

/** As people read it. */
export function txidOf(transaction: Uint8Array): string {
  return toHex0x(hash256(transaction).reverse()).slice(2);
}

/** The digest of SIGHASH_ALL before SegWit: every other input's script empty, the spent script in this one's place. */
export function legacyDigest(transaction: RawTransaction, index: number, spent: Uint8Array): Uint8Array {
  const inputs = transaction.inputs.map((input, n) => ({ ...input, script: n === index ? spent : new Uint8Array(0) }));
  return hash256(concat(encodeRaw({ ...transaction, inputs }), le(SIGHASH_ALL, 4)));
}

export function hash256(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes));
}

export function sized(bytes: Uint8Array): Uint8Array {
  return concat(compactSize(bytes.length), bytes);
}

export function compactSize(value: number): Uint8Array {
  if (value < 0xfd) return Uint8Array.of(value);
  if (value <= 0xffff) return concat(Uint8Array.of(0xfd), le(value, 2));
  return concat(Uint8Array.of(0xfe), le(value, 4));
}

function readBody(reader: Reader): { inputs: RawInput[]; outputs: RawOutput[] } {
  const inputs = list(reader, 41, () => ({
    txid: reader.take(32).slice(),
    index: Number(reader.le(4)),
    script: reader.take(readSize(reader)).slice(),
    sequence: Number(reader.le(4)),
  }));
  const outputs = list(reader, 9, () => ({ amount: reader.le(8), script: reader.take(readSize(reader)).slice() }));
  return { inputs, outputs };
}

function list<T>(reader: Reader, bytesMin: number, one: () => T): T[] {
  const count = readSize(reader);
  check(count * bytesMin <= reader.left, reader.path, 'counts more inputs or outputs than it has bytes for');
  return Array.from({ length: count }, one);
}

export function readSize(reader: Reader): number {
  const first = reader.byte();
  if (first < 0xfd) return first;
  if (first === 0xff) refuse(reader.path, 'has a length above four bytes');
  const value = Number(reader.le(first === 0xfd ? 2 : 4));
  check(value > (first === 0xfd ? 0xfc : 0xffff), reader.path, 'has a length that is not in its shortest form');
  return value;
}
