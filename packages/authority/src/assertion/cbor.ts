/**
 * The part of CBOR (RFC 8949) that attestation objects use, strictly: definite lengths, shortest heads, no duplicate
 * or nested keys, no tags or floats, bounded depth. Lengths are checked against what is left before anything is made.
 */
import { utf8Decode } from '@holdfast/contract/wire';

export type CborValue = number | string | boolean | null | Uint8Array | readonly CborValue[] | CborMap;
export type CborMap = ReadonlyMap<number | string, CborValue>;

const DEPTH_MAX = 4;

/** Thrown inside this folder only; `attestation.ts` translates it. */
export class CborError extends Error {
  override readonly name = 'CborError';
}

/** One value and how many bytes it took. */
export function readCbor(bytes: Uint8Array): { readonly value: CborValue; readonly length: number } {
  const reader = { bytes, at: 0 };
  const value = readValue(reader, 0);
  return { value, length: reader.at };
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

function readValue(r: Reader, depth: number): CborValue {
  if (depth > DEPTH_MAX) malformed('nested too deep');
  const initial = take(r, 1)[0] ?? 0;
  const major = initial >> 5;
  const info = initial & 31;
  if (major === 7) {
    if (info === 20) return false;
    if (info === 21) return true;
    if (info === 22) return null;
    return malformed('unsupported simple value');
  }
  const argument = readArgument(r, info);
  switch (major) {
    case 0:
      return argument;
    case 1:
      return -1 - argument;
    case 2:
      return take(r, argument).slice();
    case 3:
      return readText(take(r, argument));
    case 4: {
      if (argument > left(r)) malformed('length');
      return Array.from({ length: argument }, () => readValue(r, depth + 1));
    }
    case 5: {
      if (argument > left(r)) malformed('length');
      const map = new Map<number | string, CborValue>();
      for (let k = 0; k < argument; k++) {
        const key = readValue(r, depth + 1);
        if (typeof key !== 'number' && typeof key !== 'string') malformed('map key');
        if (map.has(key)) malformed('duplicate map key');
        map.set(key, readValue(r, depth + 1));
      }
      return map;
    }
    default:
      return malformed('tags are not accepted');
  }
}

/** RFC 8949 §4.2.1: the shortest head that holds the argument; 31 would be an indefinite length. */
function readArgument(r: Reader, info: number): number {
  if (info < 24) return info;
  const size = { 24: 1, 25: 2, 26: 4 }[info];
  if (size === undefined) return malformed('length');
  let value = 0;
  for (const byte of take(r, size)) value = value * 256 + byte;
  if (value < { 1: 24, 2: 0x100, 4: 0x10000 }[size as 1 | 2 | 4]) malformed('length is not in its shortest form');
  return value;
}

function readText(bytes: Uint8Array): string {
  try {
    return utf8Decode(bytes);
  } catch {
    // What is wrong with the text does not matter.
    return malformed('text is not UTF-8');
  }
}

function take(r: Reader, count: number): Uint8Array {
  if (count > left(r)) malformed('unexpected end');
  r.at += count;
  return r.bytes.subarray(r.at - count, r.at);
}

const left = (r: Reader): number => r.bytes.length - r.at;

function malformed(why: string): never {
  throw new CborError(why);
}
