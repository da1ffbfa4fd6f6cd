/**
 * TransactionData of Sui and of IOTA, which took it over: version 1, programmable transactions, in BCS to the last byte
 * (github.com/MystenLabs/sui: crates/sui-types/src/transaction.rs; iotaledger/iota: crates/iota-types/src/transaction.rs).
 */
import { base58 } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { be, le, leb128, type Reader } from '../binary.ts';
import { concat, equal, toHex0x } from '../bytes.ts';
import {
  encodeBytes,
  encodeText,
  readBytes,
  readFlag,
  readIdentifier,
  readList,
  readMaybe,
  readTypeTag,
} from '../move.ts';

/** One version of one object. */
export interface ObjectRef {
  readonly id: Uint8Array;
  readonly version: bigint;
  readonly digest: Uint8Array;
}

export type Input =
  | { readonly kind: 'pure'; readonly bytes: Uint8Array }
  | { readonly kind: 'object'; readonly ref: ObjectRef }
  /** Shared and received objects: only that they are there. */
  | { readonly kind: 'other' };

export interface Command {
  readonly kind: 'call' | 'transfer' | 'split' | 'merge' | 'publish' | 'vector' | 'upgrade';
  /** Package, module and function of a call. */
  readonly name?: string;
  readonly types?: readonly string[];
  /** Encoded arguments, in the order they are written. */
  readonly args: readonly Uint8Array[];
}

export interface TransactionData {
  readonly sender: Uint8Array;
  readonly inputs: readonly Input[];
  readonly commands: readonly Command[];
  readonly payment: readonly ObjectRef[];
  readonly gasOwner: Uint8Array;
  readonly gasPrice: bigint;
  readonly gasBudget: bigint;
}

const sizeMax = 512;

export function readTransactionData(reader: Reader): TransactionData {
  expect(reader, 0, 'a version');
  expect(reader, 0, 'a kind of transaction');
  const inputs = readList(reader, readInput);
  check(inputs.length <= sizeMax, reader.path, `has ${inputs.length} inputs; at most ${sizeMax} are possible`);
  const commands = readList(reader, (inner) => readCommand(inner));
  check(commands.length >= 1 && commands.length <= sizeMax * 2, reader.path, `has ${commands.length} commands`);
  const sender = reader.take(32);
  const payment = readList(reader, readObjectRef);
  check(payment.length <= 256, reader.path, `is paid from ${payment.length} objects; at most 256 are possible`);
  const gasOwner = reader.take(32);
  const gasPrice = reader.le(8);
  const gasBudget = reader.le(8);
  const expiration = reader.byte();
  check(expiration <= 1, reader.path, `has an unknown expiration at byte ${reader.at - 1}`);
  if (expiration === 1) reader.le(8);
  return { sender, inputs, commands, payment, gasOwner, gasPrice, gasBudget };
}

export interface Gas {
  readonly payment: readonly ObjectRef[];
  readonly owner: Uint8Array;
  readonly price: bigint;
  readonly budget: bigint;
}

/** Without expiration. */
export function encodeTransactionData(of: {
  readonly sender: Uint8Array;
  readonly inputs: readonly Uint8Array[];
  readonly commands: readonly Uint8Array[];
  readonly gas: Gas;
}): Uint8Array {
  const { sender, inputs, commands, gas } = of;
  return concat(
    Uint8Array.of(0, 0),
    encodeList(inputs),
    encodeList(commands),
    sender,
    encodeList(gas.payment.map(encodeObjectRef)),
    gas.owner,
    le(gas.price, 8),
    le(gas.budget, 8),
    Uint8Array.of(0),
  );
}

export const argument = {
  gas: Uint8Array.of(0),
  input: (index: number) => concat(be(1, 1), le(index, 2)),
  result: (index: number) => concat(be(2, 1), le(index, 2)),
  nested: (index: number, part: number) => concat(be(3, 1), le(index, 2), le(part, 2)),
};

export const input = {
  pure: (bytes: Uint8Array) => concat(be(0, 1), encodeBytes(bytes)),
  owned: (ref: ObjectRef) => concat(Uint8Array.of(1, 0), encodeObjectRef(ref)),
};

export const command = {
  call: (of: { module: string; name: string; types: readonly Uint8Array[]; args: readonly Uint8Array[] }) =>
    // All that is called here is in the framework, at 0x2.
    concat(be(0, 1), be(2, 32), encodeText(of.module), encodeText(of.name), encodeList(of.types), encodeList(of.args)),
  transfer: (objects: readonly Uint8Array[], to: Uint8Array) => concat(be(1, 1), encodeList(objects), to),
  split: (coin: Uint8Array, amounts: readonly Uint8Array[]) => concat(be(2, 1), coin, encodeList(amounts)),
  merge: (into: Uint8Array, coins: readonly Uint8Array[]) => concat(be(3, 1), into, encodeList(coins)),
};

function encodeList(parts: readonly Uint8Array[]): Uint8Array {
  return concat(leb128(parts.length), ...parts);
}

function encodeObjectRef({ id, version, digest }: ObjectRef): Uint8Array {
  return concat(id, le(version, 8), encodeBytes(digest));
}

function readObjectRef(reader: Reader): ObjectRef {
  const id = reader.take(32);
  const version = reader.le(8);
  const digest = readBytes(reader);
  check(digest.length === 32, reader.path, `has a digest of ${digest.length} bytes before byte ${reader.at}`);
  return { id, version, digest };
}

function readInput(reader: Reader): Input {
  const tag = reader.byte();
  if (tag === 0) return { kind: 'pure', bytes: readBytes(reader) };
  check(tag === 1, reader.path, `has an input of unknown kind ${tag} at byte ${reader.at - 1}`);
  const kind = reader.byte();
  switch (kind) {
    case 0:
      return { kind: 'object', ref: readObjectRef(reader) };
    case 1:
      reader.take(40);
      readFlag(reader);
      return { kind: 'other' };
    case 2:
      readObjectRef(reader);
      return { kind: 'other' };
    default:
      refuse(reader.path, `has an object of unknown kind ${kind} at byte ${reader.at - 1}`);
  }
}

function readCommand(reader: Reader): Command {
  const tag = reader.byte();
  switch (tag) {
    case 0: {
      const address = toHex0x(reader.take(32));
      const name = `${address}::${readIdentifier(reader)}::${readIdentifier(reader)}`;
      const types = readList(reader, (inner) => readTypeTag(inner));
      return { kind: 'call', name, types, args: readList(reader, readArgument) };
    }
    case 1: {
      const objects = readList(reader, readArgument);
      return { kind: 'transfer', args: [...objects, readArgument(reader)] };
    }
    case 2:
    case 3: {
      const coin = readArgument(reader);
      return { kind: tag === 2 ? 'split' : 'merge', args: [coin, ...readList(reader, readArgument)] };
    }
    case 4:
      readList(reader, readBytes);
      readList(reader, (inner) => inner.take(32));
      return { kind: 'publish', args: [] };
    case 5:
      readMaybe(reader, (inner) => readTypeTag(inner));
      return { kind: 'vector', args: readList(reader, readArgument) };
    case 6:
      readList(reader, readBytes);
      readList(reader, (inner) => inner.take(32));
      reader.take(32);
      return { kind: 'upgrade', args: [readArgument(reader)] };
    default:
      refuse(reader.path, `has a command of unknown kind ${tag} at byte ${reader.at - 1}`);
  }
}

function readArgument(reader: Reader): Uint8Array {
  const start = reader.at;
  const tag = reader.byte();
  check(tag <= 3, reader.path, `has an argument of unknown kind ${tag} at byte ${start}`);
  reader.take([0, 2, 2, 4][tag] ?? 0);
  return reader.bytes.subarray(start, reader.at);
}

function expect(reader: Reader, value: number, what: string): void {
  const at = reader.at;
  const found = reader.byte();
  check(found === value, reader.path, `has ${what} ${found} that is not known, at byte ${at}`);
}

/** `id`, `version`, `digest` of a completion: as the chains' nodes write them. */
export function objectRefOf(member: Readonly<Record<string, unknown>>, path: string): ObjectRef {
  const { id, version, digest, ...more } = member;
  const says = 'must be {id, version, digest} as the chain’s nodes write them';
  check(Object.keys(more).length === 0, path, says, 'E_COMPLETION');
  check(typeof id === 'string' && /^0x[0-9a-f]{64}$/.test(id), path, says, 'E_COMPLETION');
  check(typeof version === 'string' && /^(0|[1-9][0-9]{0,18})$/.test(version), path, says, 'E_COMPLETION');
  check(typeof digest === 'string' && /^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(digest), path, says, 'E_COMPLETION');
  const bytes = base58.decode(digest);
  check(bytes.length === 32, path, says, 'E_COMPLETION');
  return { id: be(BigInt(id), 32), version: BigInt(version), digest: bytes };
}

export function inputName({ id, version }: ObjectRef): string {
  return `${toHex0x(id)}:${version}`;
}

export function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && equal(a, b);
}
