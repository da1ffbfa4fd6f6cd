/** Aptos' transactions in BCS, to the last byte: payloads, and authenticators of several signers. */
import { check, refuse } from '../../errors/index.ts';
import { Reader } from '../binary.ts';
import { toHex0x } from '../bytes.ts';
import { readBytes, readFlag, readIdentifier, readList, readMaybe, readTypeTag } from '../move.ts';

export interface Call {
  /** Address in full, module and function. */
  readonly name: string;
  readonly types: readonly string[];
  readonly args: readonly Uint8Array[];
}

export interface RawTransaction {
  /** Bytes from the start of the envelope. */
  readonly length: number;
  readonly sender: Uint8Array;
  readonly sequence: bigint;
  readonly maxGasAmount: bigint;
  readonly gasUnitPrice: bigint;
  readonly expiration: bigint;
  readonly chainId: number;
  /** Where the payload is one entry function and nothing besides. */
  readonly call?: Call;
  /** In words, whatever the payload. */
  readonly calls: string;
}

/** Where an account's authenticator stands. */
export interface Slot {
  readonly address: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly empty: boolean;
  readonly publicKey?: Uint8Array;
}

export interface Envelope {
  readonly kind: 'raw' | 'several';
  readonly bytes: Uint8Array;
  readonly raw: RawTransaction;
  readonly slots: readonly Slot[];
  readonly secondary: readonly Uint8Array[];
  readonly feePayer?: Uint8Array;
}

export function parseEnvelope(bytes: Uint8Array, path: string): Envelope {
  const reader = new Reader(bytes, path);
  const raw = readRaw(reader);
  if (reader.left === 0) return { kind: 'raw', bytes, raw, slots: [], secondary: [] };
  const at = reader.at;
  const variant = reader.byte();
  check(variant !== 0 && variant !== 4, path, 'is already signed');
  check(variant === 2 || variant === 3, path, `has an authenticator of unknown kind ${variant} at byte ${at}`);
  const slots: Slot[] = [{ address: raw.sender, ...readAuthenticator(reader) }];
  const secondary = readList(reader, (inner) => inner.take(32));
  const authenticators = readList(reader, readAuthenticator);
  check(authenticators.length === secondary.length, path, 'has other than one authenticator for each agent');
  for (const [index, address] of secondary.entries()) {
    const authenticator = authenticators[index];
    if (authenticator !== undefined) slots.push({ address, ...authenticator });
  }
  const feePayer = variant === 3 ? reader.take(32) : undefined;
  if (feePayer !== undefined) slots.push({ address: feePayer, ...readAuthenticator(reader) });
  reader.end();
  return { kind: 'several', bytes, raw, slots, secondary, ...(feePayer === undefined ? {} : { feePayer }) };
}

/** The transaction alone, whatever signatures follow. */
export function parseRaw(bytes: Uint8Array, path: string): RawTransaction {
  return readRaw(new Reader(bytes, path));
}

function readRaw(reader: Reader): RawTransaction {
  const sender = reader.take(32);
  const sequence = reader.le(8);
  const payload = readPayload(reader);
  const transaction = {
    sender,
    sequence,
    ...payload,
    maxGasAmount: reader.le(8),
    gasUnitPrice: reader.le(8),
    expiration: reader.le(8),
    chainId: reader.byte(),
  };
  return { ...transaction, length: reader.at };
}

type Payload = Pick<RawTransaction, 'call' | 'calls'>;

function readPayload(reader: Reader): Payload {
  const at = reader.at;
  const variant = reader.byte();
  switch (variant) {
    case 0:
      return readScript(reader);
    case 2: {
      const call = readCall(reader);
      return { call, calls: call.name };
    }
    case 3: {
      const account = toHex0x(reader.take(32));
      const call = readMaybe(reader, (inner) => {
        check(inner.byte() === 0, inner.path, `has an unknown payload at byte ${inner.at - 1}`);
        return readCall(inner);
      });
      return { calls: `${call?.name ?? 'a proposal'} as multisig ${account}` };
    }
    case 4:
      return readInner(reader);
    default:
      refuse(reader.path, `has a payload of unknown kind ${variant} at byte ${at}`);
  }
}

/** Payload of transactions that may have no sequence number (AIP-123): executable, then what else it asks for. */
function readInner(reader: Reader): Payload {
  check(reader.byte() === 0, reader.path, `has an unknown payload at byte ${reader.at - 1}`);
  const at = reader.at;
  const executable = reader.byte();
  check(executable <= 2, reader.path, `has an unknown payload at byte ${at}`);
  const inner: Payload =
    executable === 0 ? readScript(reader) : { calls: executable === 1 ? readCall(reader).name : 'nothing' };
  check(reader.byte() === 0, reader.path, `has an unknown payload at byte ${reader.at - 1}`);
  const multisig = readMaybe(reader, (one) => toHex0x(one.take(32)));
  const nonce = readMaybe(reader, (one) => one.le(8));
  return {
    calls: `${inner.calls}${multisig === undefined ? '' : ` as multisig ${multisig}`}${nonce === undefined ? '' : ` with nonce ${nonce}`}`,
  };
}

function readScript(reader: Reader): Payload {
  readBytes(reader);
  readList(reader, (inner) => readTypeTag(inner));
  readList(reader, readScriptArgument);
  return { calls: 'a script' };
}

function readCall(reader: Reader): Call {
  const address = toHex0x(reader.take(32));
  const name = `${address}::${readIdentifier(reader)}::${readIdentifier(reader)}`;
  return { name, types: readList(reader, (inner) => readTypeTag(inner)), args: readList(reader, readBytes) };
}

const argumentSizes: Readonly<Record<number, number>> = { 0: 1, 1: 8, 2: 16, 3: 32, 6: 2, 7: 4, 8: 32 };

function readScriptArgument(reader: Reader): void {
  const tag = reader.byte();
  const size = argumentSizes[tag];
  if (size !== undefined) reader.take(size);
  else if (tag === 5) readFlag(reader);
  else if (tag === 4 || tag === 9) readBytes(reader);
  else refuse(reader.path, `has an argument of unknown kind ${tag} at byte ${reader.at - 1}`);
}

/** Ed25519, one key of any of two kinds, or nobody yet; an Ed25519 signature of zeros is a place kept free as well. */
function readAuthenticator(reader: Reader): Omit<Slot, 'address'> {
  const start = reader.at;
  const variant = reader.byte();
  switch (variant) {
    case 0: {
      const publicKey = readSized(reader, 32);
      const empty = readSized(reader, 64).every((byte) => byte === 0);
      return { start, end: reader.at, empty, publicKey };
    }
    case 2: {
      const scheme = reader.byte();
      check(scheme <= 1, reader.path, `has a key of unknown kind ${scheme} at byte ${reader.at - 1}`);
      readSized(reader, scheme === 0 ? 32 : 65);
      check(
        reader.byte() === scheme,
        reader.path,
        `has a signature of another kind than its key at byte ${reader.at - 1}`,
      );
      readSized(reader, 64);
      return { start, end: reader.at, empty: false };
    }
    case 4:
      return { start, end: reader.at, empty: true };
    default:
      refuse(reader.path, `has an authenticator of unknown kind ${variant} at byte ${start}`);
  }
}

function readSized(reader: Reader, size: number): Uint8Array {
  const bytes = readBytes(reader);
  check(bytes.length === size, reader.path, `has ${bytes.length} bytes in place of ${size} before byte ${reader.at}`);
  return bytes;
}
