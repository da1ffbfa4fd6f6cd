/**
 * Algorand's canonical msgpack (developer.algorand.org, "Encoding and decoding"): map keys are text in ascending order, members
 * that are empty or zero are left out, every number and length takes its shortest form. What reads here is canonical.
 */
import { check, refuse } from '../../errors/index.ts';
import { be, type Reader } from '../binary.ts';
import { concat } from '../bytes.ts';

export type Value = bigint | boolean | string | Uint8Array | readonly Value[] | ValueMap;
export type ValueMap = ReadonlyMap<string, Value>;

const depthMax = 8;

export function isMap(value: Value | undefined): value is ValueMap {
  return value instanceof Map;
}

export function readValue(reader: Reader, depth = 0): Value {
  check(depth <= depthMax, reader.path, `nests deeper than ${depthMax}`);
  const at = reader.at;
  const tag = reader.byte();
  if (tag < 0x80) return BigInt(tag);
  if (tag < 0x90) return readMap(reader, tag & 15, depth);
  if (tag < 0xa0) return readList(reader, tag & 15, depth);
  if (tag < 0xc0) return readText(reader, tag & 31);
  switch (tag) {
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
      return reader.take(readShortest(reader, 1, 0));
    case 0xc5:
      return reader.take(readShortest(reader, 2, 1 << 8));
    case 0xcc:
      return BigInt(readShortest(reader, 1, 1 << 7));
    case 0xcd:
      return BigInt(readShortest(reader, 2, 1 << 8));
    case 0xce:
      return BigInt(readShortest(reader, 4, 1 << 16));
    case 0xcf: {
      const value = reader.be(8);
      check(value >= 1n << 32n, reader.path, `a number that is not in its shortest form at byte ${at}`);
      return value;
    }
    case 0xd9:
      return readText(reader, readShortest(reader, 1, 32));
    case 0xdc:
      return readList(reader, readShortest(reader, 2, 16), depth);
    case 0xde:
      return readMap(reader, readShortest(reader, 2, 16), depth);
    default:
      refuse(reader.path, `a value of unknown type ${tag} at byte ${at}`);
  }
}

export function encodeMap(members: Readonly<Record<string, bigint | string | Uint8Array>>): Uint8Array {
  const kept = Object.entries(members)
    .filter(([, value]) => value !== 0n && value !== '' && !(value instanceof Uint8Array && value.length === 0))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const parts = kept.map(([name, value]) => concat(encodeText(name), encodeScalar(value)));
  return concat(kept.length < 16 ? be(0x80 | kept.length, 1) : concat(be(0xde, 1), be(kept.length, 2)), ...parts);
}

export function encodeText(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return concat(bytes.length < 32 ? be(0xa0 | bytes.length, 1) : concat(be(0xd9, 1), be(bytes.length, 1)), bytes);
}

export function encodeBytes(bytes: Uint8Array): Uint8Array {
  const small = bytes.length < 256;
  return concat(be(small ? 0xc4 : 0xc5, 1), be(bytes.length, small ? 1 : 2), bytes);
}

function encodeScalar(value: bigint | string | Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return encodeBytes(value);
  if (typeof value === 'string') return encodeText(value);
  if (value < 128n) return be(value, 1);
  if (value < 1n << 8n) return concat(be(0xcc, 1), be(value, 1));
  if (value < 1n << 16n) return concat(be(0xcd, 1), be(value, 2));
  if (value < 1n << 32n) return concat(be(0xce, 1), be(value, 4));
  return concat(be(0xcf, 1), be(value, 8));
}

function readShortest(reader: Reader, bytes: number, least: number): number {
  const value = Number(reader.be(bytes));
  check(
    value >= least,
    reader.path,
    `a number or length that is not in its shortest form at byte ${reader.at - bytes}`,
  );
  return value;
}

function readText(reader: Reader, length: number): string {
  const bytes = reader.take(length);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // The decoder's own message names neither place nor format.
    refuse(reader.path, `text that is not UTF-8 at byte ${reader.at - length}`);
  }
}

function readList(reader: Reader, length: number, depth: number): readonly Value[] {
  check(length <= reader.left, reader.path, `a list of ${length} at byte ${reader.at}`);
  return Array.from({ length }, () => readValue(reader, depth + 1));
}

function readMap(reader: Reader, length: number, depth: number): ValueMap {
  check(length <= reader.left, reader.path, `a map of ${length} at byte ${reader.at}`);
  const map = new Map<string, Value>();
  let previous: string | undefined;
  for (let n = 0; n < length; n += 1) {
    const at = reader.at;
    const name = readValue(reader, depthMax);
    check(typeof name === 'string', reader.path, `a map's key that is not text at byte ${at}`);
    check(
      previous === undefined || name > previous,
      reader.path,
      `key ${name.slice(0, 16)} at byte ${at} is out of order`,
    );
    previous = name;
    const value = readValue(reader, depth + 1);
    check(!isEmpty(value), reader.path, `an empty member ${name.slice(0, 16)} at byte ${at}, which is to be left out`);
    map.set(name, value);
  }
  return map;
}

function isEmpty(value: Value): boolean {
  if (typeof value === 'bigint') return value === 0n;
  if (typeof value === 'boolean') return !value;
  return value instanceof Map ? value.size === 0 : (value as { length: number }).length === 0;
}
