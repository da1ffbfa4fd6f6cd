/**
 * XRPL's binary format (xrpl.org, "Serialization Format"): fields in ascending order of type and field code, each with the
 * shortest header, lengths and amounts in their one canonical form. A blob that parses is its own re-encoding.
 */
import { check, refuse } from '../../errors/index.ts';
import { be, Reader } from '../binary.ts';
import { concat, toHex0x } from '../bytes.ts';

export interface Field {
  readonly type: number;
  readonly code: number;
  /** Without header and without length. */
  readonly value: Uint8Array;
  /** Header, length and value. */
  readonly bytes: Uint8Array;
}

/** Type codes of the format. */
export const types = { uint16: 1, uint32: 2, amount: 6, blob: 7, account: 8 } as const;

export type Amount =
  | { readonly kind: 'xrp'; readonly drops: bigint }
  /** mantissa · 10^exponent; 20 bytes each for currency and issuer. */
  | {
      readonly kind: 'iou';
      readonly mantissa: bigint;
      readonly exponent: number;
      readonly negative: boolean;
      readonly currency: Uint8Array;
      readonly issuer: Uint8Array;
    }
  | { readonly kind: 'mpt'; readonly value: bigint; readonly issuance: Uint8Array };

const path = 'transaction';
/** Every type with a fixed size, in bytes. */
const sizes: Readonly<Record<number, number>> = {
  1: 2, // UInt16
  2: 4, // UInt32
  3: 8, // UInt64
  4: 16, // Hash128
  5: 32, // Hash256
  9: 12, // Number
  10: 4, // Int32
  11: 8, // Int64
  16: 1, // UInt8
  17: 20, // Hash160
  20: 12, // UInt96
  21: 24, // Hash192
  22: 48, // UInt384
  23: 64, // UInt512
  26: 20, // Currency
};
/** Deepest nesting that the ledger itself accepts. */
const depthMax = 10;

export function parseFields(bytes: Uint8Array): readonly Field[] {
  const reader = new Reader(bytes, path);
  const fields = readObject(reader, 0, 'end of input');
  reader.end();
  return fields;
}

export function encodeField(type: number, code: number, value: Uint8Array): Field {
  const length = type === types.blob || type === types.account ? lengthPrefix(value.length) : new Uint8Array(0);
  return { type, code, value, bytes: concat(header(type, code), length, value) };
}

export function encodeFields(fields: readonly Field[]): Uint8Array {
  return concat(...fields.toSorted((a, b) => a.type - b.type || a.code - b.code).map(({ bytes }) => bytes));
}

export function parseAmount(value: Uint8Array): Amount {
  const reader = new Reader(value, path);
  const first = reader.be(8);
  if (value.length === 8) return { kind: 'xrp', drops: first & ((1n << 62n) - 1n) };
  if (value.length === 33) {
    const mpt = new Reader(value, path);
    mpt.byte();
    return { kind: 'mpt', value: mpt.be(8), issuance: mpt.take(24) };
  }
  return {
    kind: 'iou',
    mantissa: first & ((1n << 54n) - 1n),
    exponent: Number((first >> 54n) & 0xffn) - 97,
    negative: (first & (1n << 62n)) === 0n,
    currency: reader.take(20),
    issuer: reader.take(20),
  };
}

export function encodeAmount(amount: Amount): Uint8Array {
  switch (amount.kind) {
    case 'xrp':
      return be((1n << 62n) | amount.drops, 8);
    case 'mpt':
      return concat(Uint8Array.of(0x60), be(amount.value, 8), amount.issuance);
    case 'iou': {
      const sign = amount.negative ? 0n : 1n << 62n;
      const word = (1n << 63n) | sign | (BigInt(amount.exponent + 97) << 54n) | amount.mantissa;
      return concat(be(word, 8), amount.currency, amount.issuer);
    }
    default:
      return amount satisfies never;
  }
}

function readObject(reader: Reader, depth: number, until: 'end of input' | 'end marker'): readonly Field[] {
  check(depth <= depthMax, path, `nests deeper than ${depthMax} objects`);
  const fields: Field[] = [];
  let previous = -1;
  for (;;) {
    if (until === 'end of input' && reader.left === 0) return fields;
    const start = reader.at;
    const { type, code } = readHeader(reader);
    if (type === 14 && code === 1) {
      check(until === 'end marker', path, `an object ends at byte ${start} that never began`);
      return fields;
    }
    const order = type * 256 + code;
    check(order > previous, path, `field ${type}.${code} at byte ${start} is out of order or doubled`);
    previous = order;
    const value = readValue(reader, type, depth);
    fields.push({ type, code, value, bytes: reader.bytes.subarray(start, reader.at) });
  }
}

function readValue(reader: Reader, type: number, depth: number): Uint8Array {
  const start = reader.at;
  const fixed = sizes[type];
  if (fixed !== undefined) return reader.take(fixed);
  switch (type) {
    case 6:
      readAmount(reader);
      break;
    case 7:
      return reader.take(readLength(reader));
    case 8: {
      const length = readLength(reader);
      check(length === 20, path, `an account of ${length} bytes at byte ${start}`);
      return reader.take(20);
    }
    case 14:
      readObject(reader, depth + 1, 'end marker');
      break;
    case 15:
      readArray(reader, depth + 1);
      break;
    case 18:
      readPaths(reader);
      break;
    case 19: {
      const length = readLength(reader);
      check(length % 32 === 0, path, `a list of hashes of ${length} bytes at byte ${start}`);
      return reader.take(length);
    }
    case 24:
      readIssue(reader);
      break;
    case 25:
      for (let side = 0; side < 2; side += 1) {
        check(readLength(reader) === 20, path, `a bridge without an account at byte ${start}`);
        reader.take(20);
        readIssue(reader);
      }
      break;
    default:
      refuse(path, `type ${type} at byte ${start} is not known`);
  }
  return reader.bytes.subarray(start, reader.at);
}

function readArray(reader: Reader, depth: number): void {
  check(depth <= depthMax, path, `nests deeper than ${depthMax} objects`);
  for (;;) {
    const start = reader.at;
    const { type, code } = readHeader(reader);
    if (type === 15 && code === 1) return;
    check(type === 14 && code !== 1, path, `a list holds something other than objects at byte ${start}`);
    readObject(reader, depth, 'end marker');
  }
}

function readAmount(reader: Reader): void {
  const start = reader.at;
  const top = reader.byte();
  reader.at = start;
  if ((top & 0x80) === 0) {
    if ((top & 0x20) !== 0) {
      check(top === 0x60, path, `a negative or unknown token amount at byte ${start}`);
      reader.take(1);
      check(reader.be(8) < 1n << 63n, path, `a token amount above 2^63 at byte ${start}`);
      reader.take(24);
      return;
    }
    const word = reader.be(8);
    const drops = word & ((1n << 62n) - 1n);
    check((word & (1n << 62n)) !== 0n, path, `a negative amount of XRP at byte ${start}`);
    // All the XRP there ever was, in drops.
    check(drops <= 10n ** 17n, path, `more XRP than exist at byte ${start}`);
    return;
  }
  const word = reader.be(8);
  const mantissa = word & ((1n << 54n) - 1n);
  if (mantissa === 0n) check(word === 1n << 63n, path, `an amount of zero that is not canonical at byte ${start}`);
  else {
    const exponent = Number((word >> 54n) & 0xffn) - 97;
    check(
      mantissa >= 10n ** 15n && mantissa < 10n ** 16n && exponent >= -96 && exponent <= 80,
      path,
      `an amount that is not normalised at byte ${start}`,
    );
  }
  const currency = reader.take(20);
  check(
    currency.some((byte) => byte !== 0),
    path,
    `an issued amount of XRP at byte ${start}`,
  );
  reader.take(20);
}

function readPaths(reader: Reader): void {
  let empty = true;
  for (;;) {
    const start = reader.at;
    const kind = reader.byte();
    if (kind === 0 || kind === 0xff) {
      check(!empty, path, `an empty payment path at byte ${start}`);
      if (kind === 0) return;
      empty = true;
      continue;
    }
    check((kind & ~0x31) === 0, path, `a step of unknown kind in a payment path at byte ${start}`);
    for (const flag of [0x01, 0x10, 0x20]) if ((kind & flag) !== 0) reader.take(20);
    empty = false;
  }
}

function readIssue(reader: Reader): void {
  const currency = reader.take(20);
  if (currency.every((byte) => byte === 0)) return;
  const issuer = reader.take(20);
  // "No account" in the issuer's place marks a multi-purpose token, whose sequence follows.
  if (toHex0x(issuer) === `0x${'00'.repeat(19)}01`) reader.take(4);
}

function header(type: number, code: number): Uint8Array {
  if (type < 16) return code < 16 ? Uint8Array.of((type << 4) | code) : Uint8Array.of(type << 4, code);
  return code < 16 ? Uint8Array.of(code, type) : Uint8Array.of(0, type, code);
}

function readHeader(reader: Reader): { type: number; code: number } {
  const start = reader.at;
  const first = reader.byte();
  let type = first >> 4;
  let code = first & 15;
  if (type === 0) {
    type = reader.byte();
    check(type >= 16, path, `a field header that is not the shortest at byte ${start}`);
  }
  if (code === 0) {
    code = reader.byte();
    check(code >= 16, path, `a field header that is not the shortest at byte ${start}`);
  }
  return { type, code };
}

/** Lengths of 1 to 3 bytes: up to 192, 12480 and 918744. */
function lengthPrefix(length: number): Uint8Array {
  if (length <= 192) return Uint8Array.of(length);
  if (length <= 12_480) return Uint8Array.of(193 + ((length - 193) >> 8), (length - 193) & 0xff);
  const rest = length - 12_481;
  return Uint8Array.of(241 + (rest >> 16), (rest >> 8) & 0xff, rest & 0xff);
}

/** The three ranges do not overlap, so every length has one form. */
function readLength(reader: Reader): number {
  const first = reader.byte();
  if (first <= 192) return first;
  if (first <= 240) return 193 + ((first - 193) << 8) + reader.byte();
  check(first <= 254, path, `a length that cannot be at byte ${reader.at - 1}`);
  return 12_481 + ((first - 241) << 16) + (reader.byte() << 8) + reader.byte();
}
