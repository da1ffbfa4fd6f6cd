/**
 * Arguments of the two ledgers' transfers in Candid (dfinity/candid, spec/Candid.md): written in one form, and read in
 * that form alone. What another library wrote in another order of types is signed without being read.
 */
import { refuse } from '../../errors/index.ts';
import { le, leb128, Reader } from '../binary.ts';
import { concat, equal } from '../bytes.ts';

/** `record {memo: nat64; amount: Tokens; fee: Tokens; from_subaccount: opt blob; to: blob; created_at_time: opt TimeStamp}`. */
export interface LedgerTransfer {
  /** 32 bytes. */
  readonly to: Uint8Array;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly memo: bigint;
  /** Nanoseconds since 1970. */
  readonly createdAt: bigint;
}

/** ICRC-1's `TransferArg`, to the default account of a principal. */
export interface IcrcTransfer {
  readonly to: Uint8Array;
  readonly amount: bigint;
  readonly fee: bigint;
  /** At most 32 bytes; empty: none. */
  readonly memo: Uint8Array;
  readonly createdAt: bigint;
}

const magic = new TextEncoder().encode('DIDL');
/** Types that need no table, as signed LEB128 of their opcodes. */
const nat = Uint8Array.of(0x7d);
const nat64 = Uint8Array.of(0x78);
const nat8 = Uint8Array.of(0x7b);
const principal = Uint8Array.of(0x68);
/** Of the table: below 64, so that signed and unsigned LEB128 are the same byte. */
const type = (index: number): Uint8Array => Uint8Array.of(index);
const opt = (of: Uint8Array): Uint8Array => concat(Uint8Array.of(0x6e), of);
const vec = (of: Uint8Array): Uint8Array => concat(Uint8Array.of(0x6d), of);

/** Members stand in the order of the hashes of their names, in types and in values. */
const idOf = (name: string): number =>
  [...new TextEncoder().encode(name)].reduce((sum, each) => (Math.imul(sum, 223) + each) >>> 0, 0);
const inOrder = (members: Readonly<Record<string, Uint8Array>>) =>
  Object.entries(members)
    .map(([name, bytes]) => ({ id: idOf(name), bytes }))
    .sort((a, b) => a.id - b.id);
const record = (members: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  concat(
    Uint8Array.of(0x6c),
    leb128(Object.keys(members).length),
    ...inOrder(members).map(({ id, bytes }) => concat(leb128(id), bytes)),
  );
const values = (members: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  concat(...inOrder(members).map(({ bytes }) => bytes));

const one = (types: readonly Uint8Array[], argument: number): Uint8Array =>
  concat(magic, leb128(types.length), ...types, Uint8Array.of(1), type(argument));

const ledgerHead = one(
  [
    record({ e8s: nat64 }),
    record({ timestamp_nanos: nat64 }),
    opt(type(1)),
    vec(nat8),
    opt(type(3)),
    record({
      to: type(3),
      fee: type(0),
      memo: nat64,
      from_subaccount: type(4),
      created_at_time: type(2),
      amount: type(0),
    }),
  ],
  5,
);
const icrcHead = one(
  [
    vec(nat8),
    opt(type(0)),
    record({ owner: principal, subaccount: type(1) }),
    opt(nat),
    opt(nat64),
    record({
      to: type(2),
      fee: type(3),
      memo: type(1),
      from_subaccount: type(1),
      created_at_time: type(4),
      amount: nat,
    }),
  ],
  5,
);
const none = Uint8Array.of(0);
const some = (bytes: Uint8Array): Uint8Array => concat(Uint8Array.of(1), bytes);
const blob = (bytes: Uint8Array): Uint8Array => concat(leb128(bytes.length), bytes);

export function encodeLedgerTransfer({ to, amount, fee, memo, createdAt }: LedgerTransfer): Uint8Array {
  return concat(
    ledgerHead,
    values({
      to: blob(to),
      fee: le(fee, 8),
      memo: le(memo, 8),
      from_subaccount: none,
      created_at_time: some(le(createdAt, 8)),
      amount: le(amount, 8),
    }),
  );
}

export function encodeIcrcTransfer({ to, amount, fee, memo, createdAt }: IcrcTransfer): Uint8Array {
  return concat(
    icrcHead,
    values({
      to: concat(some(blob(to)), none),
      fee: some(leb128(fee)),
      memo: memo.length === 0 ? none : some(blob(memo)),
      from_subaccount: none,
      created_at_time: some(le(createdAt, 8)),
      amount: leb128(amount),
    }),
  );
}

type Readers<T> = { readonly [K in keyof T]: (reader: Reader) => T[K] };

export function readLedgerTransfer(bytes: Uint8Array): LedgerTransfer | undefined {
  const read = readValues<LedgerTransfer & { readonly from: undefined }>(bytes, ledgerHead, {
    to: readBlob,
    fee: (reader) => reader.le(8),
    memo: (reader) => reader.le(8),
    from: readNone,
    createdAt: (reader) => readSome(reader, () => reader.le(8)),
    amount: (reader) => reader.le(8),
  });
  return read !== undefined && equal(encodeLedgerTransfer(read), bytes) ? read : undefined;
}

export function readIcrcTransfer(bytes: Uint8Array): IcrcTransfer | undefined {
  const read = readValues<IcrcTransfer & { readonly from: undefined }>(bytes, icrcHead, {
    to: (reader) => {
      const owner = readSome(reader, () => readBlob(reader));
      readNone(reader);
      return owner;
    },
    fee: (reader) => readSome(reader, () => reader.leb128(128)),
    memo: (reader) => (reader.byte() === 0 ? new Uint8Array(0) : readBlob(reader)),
    from: readNone,
    createdAt: (reader) => readSome(reader, () => reader.le(8)),
    amount: (reader) => reader.leb128(128),
  });
  return read !== undefined && equal(encodeIcrcTransfer(read), bytes) ? read : undefined;
}

const names: Readonly<Record<string, string>> = { from: 'from_subaccount', createdAt: 'created_at_time' };

/** Undefined for whatever is not of this form: then it is not read at all. */
function readValues<T extends object>(bytes: Uint8Array, head: Uint8Array, readers: Readers<T>): T | undefined {
  if (!equal(bytes.subarray(0, head.length), head)) return undefined;
  const reader = new Reader(bytes, 'arg');
  reader.take(head.length);
  const order = (Object.keys(readers) as (keyof T & string)[]).sort(
    (a, b) => idOf(names[a] ?? a) - idOf(names[b] ?? b),
  );
  try {
    return Object.fromEntries(order.map((name) => [name, readers[name](reader)])) as T;
  } catch {
    // Not of the form, which is no fault of what is signed.
    return undefined;
  }
}

const readBlob = (reader: Reader): Uint8Array => reader.take(Number(reader.leb128(32)));

function readSome<T>(reader: Reader, read: () => T): T {
  return reader.byte() === 1 ? read() : refuse(reader.path, 'lacks a value');
}

function readNone(reader: Reader): undefined {
  return reader.byte() === 0 ? undefined : refuse(reader.path, 'has a value that is not read');
}
