/**
 * Forged operations (tezos.gitlab.io, "P2P message format", shell and protocol encodings): a branch and manager operations to
 * the last byte, Micheline included. Numbers have one form, so what parses is canonical.
 */
import { check, refuse } from '../../errors/index.ts';
import { be, leb128, Reader } from '../binary.ts';
import { concat } from '../bytes.ts';

export interface Operation {
  readonly kind: 'reveal' | 'transaction' | 'origination' | 'delegation';
  /** 21 bytes. */
  readonly source: Uint8Array;
  readonly fee: bigint;
  readonly counter: bigint;
  readonly gasLimit: bigint;
  readonly storageLimit: bigint;
  /** Transactions: 22 bytes, and whether a contract is called with something other than nothing. */
  readonly destination?: Uint8Array;
  readonly amount?: bigint;
  readonly hasParameters?: boolean;
  /** Reveals: tag of the curve, then the key. */
  readonly publicKey?: Uint8Array;
}

export interface Forged {
  /** 32 bytes. */
  readonly branch: Uint8Array;
  readonly operations: readonly Operation[];
}

const path = 'transaction';
const kinds: Readonly<Record<number, Operation['kind']>> = {
  107: 'reveal',
  108: 'transaction',
  109: 'origination',
  110: 'delegation',
};
const keySizes = [32, 33, 33, 48];
const depthMax = 200;

export function parseForged(bytes: Uint8Array): Forged {
  const reader = new Reader(bytes, path);
  const branch = reader.take(32);
  const operations: Operation[] = [];
  while (reader.left > 0) operations.push(readOperation(reader));
  check(operations.length > 0, path, 'has no operation');
  return { branch, operations };
}

export interface Manager {
  readonly source: Uint8Array;
  readonly fee: bigint;
  readonly counter: bigint;
  readonly gasLimit: bigint;
  readonly storageLimit: bigint;
}

export function forgeReveal(manager: Manager, publicKey: Uint8Array): Uint8Array {
  // Since protocol Seoul a flag says whether a proof of possession follows; only BLS keys have one.
  return concat(forgeManager(107, manager), publicKey, Uint8Array.of(0));
}

export function forgeTransaction(manager: Manager, of: { amount: bigint; destination: Uint8Array }): Uint8Array {
  return concat(forgeManager(108, manager), leb128(of.amount), of.destination, Uint8Array.of(0));
}

function forgeManager(tag: number, { source, fee, counter, gasLimit, storageLimit }: Manager): Uint8Array {
  return concat(be(tag, 1), source, leb128(fee), leb128(counter), leb128(gasLimit), leb128(storageLimit));
}

function readOperation(reader: Reader): Operation {
  const at = reader.at;
  const tag = reader.byte();
  const kind = kinds[tag] ?? refuse(path, `operations of tag ${tag} (byte ${at}) are not known here`);
  const manager = {
    kind,
    source: readHash(reader),
    fee: reader.leb128(63),
    counter: reader.leb128(63),
    gasLimit: reader.leb128(63),
    storageLimit: reader.leb128(63),
  };
  switch (kind) {
    case 'reveal': {
      const publicKey = readKey(reader);
      if (readFlag(reader)) reader.take(readLength(reader));
      return { ...manager, publicKey };
    }
    case 'transaction': {
      const amount = reader.leb128(63);
      const destination = readDestination(reader);
      const hasParameters = readFlag(reader);
      if (hasParameters) {
        readEntrypoint(reader);
        readSized(reader, (inner) => readMicheline(inner, 0));
      }
      return { ...manager, amount, destination, hasParameters };
    }
    case 'origination': {
      const amount = reader.leb128(63);
      if (readFlag(reader)) readHash(reader);
      readSized(reader, (inner) => readMicheline(inner, 0));
      readSized(reader, (inner) => readMicheline(inner, 0));
      return { ...manager, amount };
    }
    case 'delegation':
      if (readFlag(reader)) readHash(reader);
      return manager;
    default:
      return kind satisfies never;
  }
}

/** Public key hash: tag of its curve and 20 bytes. */
function readHash(reader: Reader): Uint8Array {
  const hash = reader.take(21);
  check((hash[0] ?? 9) <= 3, path, `an account of an unknown curve at byte ${reader.at - 21}`);
  return hash;
}

function readKey(reader: Reader): Uint8Array {
  const start = reader.at;
  const tag = reader.byte();
  reader.take(keySizes[tag] ?? refuse(path, `a key of an unknown curve at byte ${start}`));
  return reader.bytes.subarray(start, reader.at);
}

function readDestination(reader: Reader): Uint8Array {
  const destination = reader.take(22);
  const at = reader.at - 22;
  if (destination[0] === 0) check((destination[1] ?? 9) <= 3, path, `an account of an unknown curve at byte ${at}`);
  else {
    check(destination[0] === 1 || destination[0] === 3, path, `a destination of an unknown kind at byte ${at}`);
    check(destination[21] === 0, path, `padding that is not zero at byte ${at + 21}`);
  }
  return destination;
}

function readEntrypoint(reader: Reader): void {
  const at = reader.at;
  const tag = reader.byte();
  if (tag <= 9) return;
  check(tag === 0xff, path, `an unknown entrypoint at byte ${at}`);
  const length = reader.byte();
  check(length >= 1 && length <= 31, path, `an entrypoint's name of ${length} bytes at byte ${at}`);
  reader.take(length);
}

function readSized(reader: Reader, read: (inner: Reader) => void): void {
  const inner = new Reader(reader.take(readLength(reader)), path);
  read(inner);
  inner.end();
}

function readMicheline(reader: Reader, depth: number): void {
  check(depth <= depthMax, path, `nests deeper than ${depthMax}`);
  const at = reader.at;
  const tag = reader.byte();
  switch (tag) {
    case 0:
      readInteger(reader);
      return;
    case 1:
    case 10:
      reader.take(readLength(reader));
      return;
    case 2:
      readSequence(reader, depth);
      return;
    case 9:
      reader.byte();
      readSequence(reader, depth);
      reader.take(readLength(reader));
      return;
    default:
      // 3 to 8: a primitive with 0, 1 or 2 arguments, each without and with annotations.
      check(tag >= 3 && tag <= 8, path, `an unknown Micheline tag ${tag} at byte ${at}`);
      reader.byte();
      for (let n = 0; n < (tag - 3) >> 1; n += 1) readMicheline(reader, depth + 1);
      if ((tag & 1) === 0) reader.take(readLength(reader));
  }
}

function readSequence(reader: Reader, depth: number): void {
  readSized(reader, (inner) => {
    while (inner.left > 0) readMicheline(inner, depth + 1);
  });
}

/** A signed number: six bits and the sign in the first byte, seven in each that follows. */
function readInteger(reader: Reader): void {
  const start = reader.at;
  let byte = reader.byte();
  if (byte === 0x40) refuse(path, `a number that is minus zero at byte ${start}`);
  while ((byte & 0x80) !== 0) byte = reader.byte();
  check(byte !== 0 || reader.at === start + 1, path, `a number that is not in its shortest form at byte ${start}`);
}

function readFlag(reader: Reader): boolean {
  const byte = reader.byte();
  check(byte === 0 || byte === 0xff, path, `a flag of ${byte} at byte ${reader.at - 1}`);
  return byte === 0xff;
}

function readLength(reader: Reader): number {
  return Number(reader.be(4));
}
