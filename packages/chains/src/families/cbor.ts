/**
 * CBOR (RFC 8949). Read with the bytes each part had, since those may be what is hashed; written in the
 * deterministic form of §4.2.
 */
import { check, refuse } from '../errors/index.ts';
import { be } from './binary.ts';
import { concat } from './bytes.ts';

export type Cbor =
  | { readonly type: 'int'; readonly value: bigint; readonly raw: Uint8Array }
  | { readonly type: 'bytes'; readonly value: Uint8Array; readonly raw: Uint8Array }
  | { readonly type: 'text'; readonly value: string; readonly raw: Uint8Array }
  | { readonly type: 'list'; readonly value: readonly Cbor[]; readonly raw: Uint8Array }
  | { readonly type: 'map'; readonly value: readonly (readonly [Cbor, Cbor])[]; readonly raw: Uint8Array }
  | { readonly type: 'tag'; readonly tag: bigint; readonly value: Cbor; readonly raw: Uint8Array }
  | { readonly type: 'simple'; readonly value: number; readonly raw: Uint8Array };

export const simple = { false: 20, true: 21, null: 22 } as const;

const DEPTH_MAX = 32;
const BREAK = 0xff;

/** One item, to the last byte; numbers and lengths in their shortest form. */
export function decodeCbor(bytes: Uint8Array, path: string): Cbor {
  const reader = { bytes, at: 0, path };
  const item = readItem(reader, 0);
  check(reader.at === bytes.length, path, `has ${bytes.length - reader.at} bytes too many`);
  return item;
}

interface Reader {
  readonly bytes: Uint8Array;
  readonly path: string;
  at: number;
}

function readItem(reader: Reader, depth: number): Cbor {
  const { path, bytes } = reader;
  check(depth <= DEPTH_MAX, path, `is nested more than ${DEPTH_MAX} deep`);
  const start = reader.at;
  const first = byte(reader);
  const major = first >> 5;
  const low = first & 31;
  const raw = () => bytes.slice(start, reader.at);
  if (major === 7) {
    check(low >= 20 && low <= 22, path, 'has a value that is not used here');
    return { type: 'simple', value: low, raw: raw() };
  }
  const endless = low === 31;
  check(!endless || (major >= 2 && major <= 5), path, 'has an endless number');
  const length = endless ? 0n : argument(reader, low);
  switch (major) {
    case 0:
      return { type: 'int', value: length, raw: raw() };
    case 1:
      return { type: 'int', value: -1n - length, raw: raw() };
    case 2:
    case 3: {
      const parts: Uint8Array[] = [];
      if (!endless) parts.push(take(reader, length));
      else
        while (!atBreak(reader)) {
          const head = byte(reader);
          check(head >> 5 === major && (head & 31) !== 31, path, 'has a part of another kind in a string');
          parts.push(take(reader, argument(reader, head & 31)));
        }
      const value = concat(...parts);
      return major === 2
        ? { type: 'bytes', value, raw: raw() }
        : { type: 'text', value: text(value, path), raw: raw() };
    }
    case 4: {
      const value: Cbor[] = [];
      while (endless ? !atBreak(reader) : BigInt(value.length) < length) value.push(readItem(reader, depth + 1));
      return { type: 'list', value, raw: raw() };
    }
    case 5: {
      const value: (readonly [Cbor, Cbor])[] = [];
      while (endless ? !atBreak(reader) : BigInt(value.length) < length)
        value.push([readItem(reader, depth + 1), readItem(reader, depth + 1)]);
      return { type: 'map', value, raw: raw() };
    }
    default: {
      const value = readItem(reader, depth + 1);
      return { type: 'tag', tag: length, value, raw: raw() };
    }
  }
}

function argument(reader: Reader, low: number): bigint {
  if (low < 24) return BigInt(low);
  check(low <= 27, reader.path, 'has a length that CBOR does not have');
  const size = 1 << (low - 24);
  const value = take(reader, BigInt(size)).reduce((sum, each) => (sum << 8n) | BigInt(each), 0n);
  check(
    value >= (size === 1 ? 24n : 1n << BigInt(4 * size)),
    reader.path,
    'has a number that is not in its shortest form',
  );
  return value;
}

function atBreak(reader: Reader): boolean {
  if (reader.bytes[reader.at] !== BREAK) return false;
  reader.at += 1;
  return true;
}

function byte(reader: Reader): number {
  const value = reader.bytes[reader.at];
  if (value === undefined) return refuse(reader.path, `ends at byte ${reader.at}, before it is complete`);
  reader.at += 1;
  return value;
}

function take(reader: Reader, length: bigint): Uint8Array {
  check(length <= BigInt(reader.bytes.length - reader.at), reader.path, 'ends before it is complete');
  reader.at += Number(length);
  return reader.bytes.slice(reader.at - Number(length), reader.at);
}

function text(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse(path, 'has a text that is not UTF-8');
  }
}

export const uint = (value: bigint | number): Uint8Array => head(0, BigInt(value));
export const negative = (value: number): Uint8Array => head(1, BigInt(-1 - value));
export const byteString = (value: Uint8Array): Uint8Array => concat(head(2, BigInt(value.length)), value);
export const textString = (value: string): Uint8Array => {
  const bytes = new TextEncoder().encode(value);
  return concat(head(3, BigInt(bytes.length)), bytes);
};
export const list = (...items: readonly Uint8Array[]): Uint8Array => concat(head(4, BigInt(items.length)), ...items);
/** In the order given, which is to be that of the keys' bytes. */
export const map = (...entries: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array =>
  concat(head(5, BigInt(entries.length)), ...entries.flat());
export const yes = Uint8Array.of(0xe0 | simple.true);
export const no = Uint8Array.of(0xe0 | simple.false);
export const nothing = Uint8Array.of(0xe0 | simple.null);

function head(major: number, value: bigint): Uint8Array {
  const top = major << 5;
  if (value < 24n) return Uint8Array.of(top | Number(value));
  for (const [size, low] of [
    [1, 24],
    [2, 25],
    [4, 26],
  ] as const)
    if (value < 1n << BigInt(8 * size)) return concat(Uint8Array.of(top | low), be(value, size));
  return concat(Uint8Array.of(top | 27), be(value, 8));
}
