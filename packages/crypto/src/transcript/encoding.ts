/**
 * The canonical encoding of docs/specs/encoding.md: injective, and decoded strictly. Everything that is hashed,
 * signed or sent between signers is written with `enc` and read with `decode`.
 */
import { bigIntToBytes, bytesToBigInt, concatBytes, copyBytes, isBytes } from '../bytes.ts';
import { check, refuse } from '../errors.ts';

const VERSION = 1;
/** Longest tag, and most items of one level; both far above any use, both far below memory. */
const TAG_BYTES_MAX = 255;
const ITEMS_MAX = 0xffff;
/** Lists nest at most this deep; the deepest schema in use has two levels. */
const DEPTH_MAX = 8;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const TYPE = { bytes: 1, uint: 2, sint: 3, point: 4, scalar: 5, text: 6, list: 7, absent: 8 } as const;

/** One encoded item: type byte, length, payload. Made by `i`, consumed by `enc`. */
export interface Item {
  readonly type: number;
  readonly payload: Uint8Array;
  readonly depth: number;
}

/**
 * Encodes items under a tag; two different calls never give the same bytes.
 *
 *     enc('holdfast/example/v1', i.uint(3), i.bytes(key), i.absent)
 */
export function enc(tag: string, ...items: readonly Item[]): Uint8Array {
  check(items.length <= ITEMS_MAX, 'E_ENCODING', 'Too many items.');
  const whole = writeItems(headOf(tag), items);
  whole[5 + tag.length] = items.length >>> 8;
  whole[6 + tag.length] = items.length & 0xff;
  return whole;
}

/** Tags are constants of the code, some hundred of them; whoever makes them up gets no more than this kept. */
const HEADS_MAX = 512;
const heads = new Map<string, Uint8Array>();

/** Version, tag, and two bytes for the number of items. Not to be written to. */
function headOf(tag: string): Uint8Array {
  const known = heads.get(tag);
  if (known !== undefined) return known;
  check(isTag(tag), 'E_ENCODING', 'A tag is 1 to 255 printable ASCII characters.');
  const head = new Uint8Array(1 + 4 + tag.length + 2);
  head[0] = VERSION;
  writeU32(head, 1, tag.length);
  for (let k = 0; k < tag.length; k++) head[5 + k] = tag.charCodeAt(k);
  if (heads.size < HEADS_MAX) heads.set(tag, head);
  return head;
}

/** Constructors of items. */
export const i = {
  bytes(bytes: Uint8Array): Item {
    return item(TYPE.bytes, demandBytes(bytes));
  },
  /** A non-negative integer: a safe integer or a bigint. */
  uint(value: number | bigint): Item {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return item(TYPE.uint, small(value));
    const n = demandInteger(value);
    check(n >= 0n, 'E_ENCODING', 'An unsigned integer is not negative.');
    return item(TYPE.uint, magnitude(n));
  },
  sint(value: number | bigint): Item {
    const n = demandInteger(value);
    const negative = n < 0n;
    return item(TYPE.sint, concatBytes(Uint8Array.of(negative ? 1 : 0), magnitude(negative ? -n : n)));
  },
  /** A canonical point encoding; its curve is part of what the tag means. */
  point(bytes: Uint8Array): Item {
    const length = demandBytes(bytes).length;
    check(length === 32 || length === 33, 'E_ENCODING', 'A point is 32 or 33 bytes.');
    return item(TYPE.point, bytes);
  },
  /** 32 bytes, big-endian, below the order of the curve that the tag means. */
  scalar(bytes: Uint8Array): Item {
    check(demandBytes(bytes).length === 32, 'E_ENCODING', 'A scalar is 32 bytes.');
    return item(TYPE.scalar, bytes);
  },
  text(text: string): Item {
    // TextEncoder would replace an unpaired surrogate, and two different texts would encode alike.
    check(typeof text === 'string' && !/[\ud800-\udfff]/u.test(text), 'E_ENCODING', 'A text is well-formed Unicode.');
    return item(TYPE.text, utf8Encoder.encode(text));
  },
  list(items: readonly Item[]): Item {
    check(items.length <= ITEMS_MAX, 'E_ENCODING', 'Too many items.');
    let depth = 0;
    for (const each of items) depth = Math.max(depth, each.depth);
    check(depth + 1 <= DEPTH_MAX, 'E_ENCODING', 'Lists are nested too deep.');
    const head = new Uint8Array(4);
    writeU32(head, 0, items.length);
    return { type: TYPE.list, payload: writeItems(head, items), depth: depth + 1 };
  },
  absent: { type: TYPE.absent, payload: new Uint8Array(0), depth: 0 } as Item,
} as const;

/** What one item of a message must be. Made by `f`. */
export interface Field<out T> {
  /** Type byte accepted; 0 accepts any and leaves the decision to `read`. */
  readonly type: number;
  read(type: number, payload: Uint8Array, depth: number): T;
}

/** Anything `decode` can return. */
export type Value = Uint8Array | number | bigint | string | undefined | readonly Value[];

export type Values<S extends readonly Field<Value>[]> = {
  -readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never;
};

/**
 * The inverse of `enc`, strict: the tag, the number of items, every type and every limit must match, integers must
 * be minimal, and nothing may follow. What it accepts re-encodes to the same bytes. Returned bytes are copies.
 *
 *     const [index, key] = decode('holdfast/example/v1', message, [f.uint(5), f.bytes(32), f.optional(f.text(20))]);
 */
export function decode<const S extends readonly Field<Value>[]>(tag: string, bytes: Uint8Array, schema: S): Values<S> {
  check(isTag(tag), 'E_ENCODING', 'A tag is 1 to 255 printable ASCII characters.');
  demandBytes(bytes);
  const headBytes = 7 + tag.length;
  check(bytes.length >= headBytes, 'E_ENCODING', 'The message is cut short.');
  check(bytes[0] === VERSION, 'E_ENCODING', 'Unknown encoding version.');
  check(readU32(bytes, 1) === tag.length, 'E_ENCODING', 'The message carries another tag.');
  for (let k = 0; k < tag.length; k++) {
    check(bytes[5 + k] === tag.charCodeAt(k), 'E_ENCODING', 'The message carries another tag.');
  }
  const count = ((bytes[headBytes - 2] as number) << 8) | (bytes[headBytes - 1] as number);
  check(count === schema.length, 'E_ENCODING', 'The message has a wrong number of items.');
  return readItems(bytes, headBytes, schema, 0) as Values<S>;
}

/** Constructors of fields. Every one carries the limit up to which it reads. */
export const f = {
  /** Exactly `size` bytes, or between `min` and `max` of them. */
  bytes(size: number | { readonly min?: number; readonly max: number }): Field<Uint8Array> {
    const min = typeof size === 'number' ? size : (size.min ?? 0);
    const max = typeof size === 'number' ? size : size.max;
    return field(TYPE.bytes, (payload) => {
      check(payload.length >= min && payload.length <= max, 'E_ENCODING', 'Bytes of a wrong length.');
      return copyBytes(payload);
    });
  },
  /** 0…max; gives a number when `max` is a number, a bigint when it is a bigint. */
  uint: uintField,
  /** −max…max; gives a bigint. */
  sint(max: bigint): Field<bigint> {
    const lengthMax = magnitude(max).length;
    return field(TYPE.sint, (payload) => {
      check(payload.length >= 1 && payload.length <= 1 + lengthMax, 'E_ENCODING', 'An integer over its limit.');
      const sign = payload[0] as number;
      check(sign === 0 || sign === 1, 'E_ENCODING', 'A sign is 0 or 1.');
      const size = readMinimal(payload.subarray(1));
      check(sign === 0 || size > 0n, 'E_ENCODING', 'Minus zero.');
      check(size <= max, 'E_ENCODING', 'An integer over its limit.');
      return sign === 1 ? -size : size;
    });
  },
  /** The bytes of a point; pass them to `Curve.decodePoint`, which does the real checks. */
  point(length: 32 | 33): Field<Uint8Array> {
    return field(TYPE.point, (payload) => {
      check(payload.length === length, 'E_ENCODING', 'A point of a wrong length.');
      return copyBytes(payload);
    });
  },
  /** The bytes of a scalar; pass them to `ScalarField.decode`, which checks the range. */
  scalar(): Field<Uint8Array> {
    return field(TYPE.scalar, (payload) => {
      check(payload.length === 32, 'E_ENCODING', 'A scalar of a wrong length.');
      return copyBytes(payload);
    });
  },
  /** At most `bytesMax` bytes of UTF-8. */
  text(bytesMax: number): Field<string> {
    return field(TYPE.text, (payload) => {
      check(payload.length <= bytesMax, 'E_ENCODING', 'A text over its limit.');
      try {
        return utf8Decoder.decode(payload);
      } catch (cause) {
        refuse('E_ENCODING', 'A text is not UTF-8.', { cause });
      }
    });
  },
  /** Exactly `count` items of one kind, or at most `max`. */
  list<T extends Value>(each: Field<T>, size: { readonly count: number } | { readonly max: number }): Field<T[]> {
    return {
      type: TYPE.list,
      read(_type, payload, depth) {
        const count = readCount(payload, depth);
        const fits = 'count' in size ? count === size.count : count <= size.max;
        check(fits, 'E_ENCODING', 'A list of a wrong length.');
        return readItems(payload, 4, new Array<Field<Value>>(count).fill(each), depth + 1) as T[];
      },
    };
  },
  /** A list whose items differ in kind, such as one row of a table. */
  tuple<const S extends readonly Field<Value>[]>(...schema: S): Field<Values<S>> {
    return {
      type: TYPE.list,
      read(_type, payload, depth) {
        check(readCount(payload, depth) === schema.length, 'E_ENCODING', 'A list of a wrong length.');
        return readItems(payload, 4, schema, depth + 1) as Values<S>;
      },
    };
  },
  /** The field, or `i.absent`, which gives undefined. */
  optional<T extends Value>(inner: Field<T>): Field<T | undefined> {
    return {
      type: 0,
      read(type, payload, depth) {
        if (type === TYPE.absent) {
          check(payload.length === 0, 'E_ENCODING', 'An absent item has no contents.');
          return undefined;
        }
        check(inner.type === 0 || type === inner.type, 'E_ENCODING', 'An item of a wrong type.');
        return inner.read(type, payload, depth);
      },
    };
  },
} as const;

function uintField(max: number): Field<number>;
function uintField(max: bigint): Field<bigint>;
function uintField(max: number | bigint): Field<number> | Field<bigint> {
  const limit = demandInteger(max);
  const lengthMax = magnitude(limit).length;
  const read = (payload: Uint8Array): bigint => {
    // The length is compared before any arithmetic, so that a megabyte costs nothing.
    check(payload.length <= lengthMax, 'E_ENCODING', 'An integer over its limit.');
    const value = readMinimal(payload);
    check(value <= limit, 'E_ENCODING', 'An integer over its limit.');
    return value;
  };
  return typeof max === 'number' ? field(TYPE.uint, (payload) => Number(read(payload))) : field(TYPE.uint, read);
}

function field<T>(type: number, read: (payload: Uint8Array) => T): Field<T> {
  return { type, read: (_type, payload) => read(payload) };
}

function item(type: number, payload: Uint8Array): Item {
  return { type, payload, depth: 0 };
}

function writeItems(head: Uint8Array, items: readonly Item[]): Uint8Array {
  let length = head.length;
  for (const each of items) length += 5 + each.payload.length;
  const whole = new Uint8Array(length);
  whole.set(head);
  let at = head.length;
  for (const each of items) {
    whole[at] = each.type;
    writeU32(whole, at + 1, each.payload.length);
    whole.set(each.payload, at + 5);
    at += 5 + each.payload.length;
  }
  return whole;
}

function readItems(bytes: Uint8Array, from: number, schema: readonly Field<Value>[], depth: number): Value[] {
  const values: Value[] = [];
  let at = from;
  for (const each of schema) {
    const start = at + 5;
    const end = start + readU32(bytes, at + 1);
    // False also where not even the five bytes are there: their number is then not a number.
    check(end <= bytes.length, 'E_ENCODING', 'The message is cut short.');
    const type = bytes[at] as number;
    check(each.type === 0 || type === each.type, 'E_ENCODING', 'An item of a wrong type.');
    values.push(each.read(type, bytes.subarray(start, end), depth));
    at = end;
  }
  check(at === bytes.length, 'E_ENCODING', 'Bytes follow the last item.');
  return values;
}

function readCount(payload: Uint8Array, depth: number): number {
  check(depth < DEPTH_MAX, 'E_ENCODING', 'Lists are nested too deep.');
  check(payload.length >= 4, 'E_ENCODING', 'The message is cut short.');
  const count = readU32(payload, 0);
  // Five bytes is the smallest item; a count that cannot fit allocates nothing.
  check(count <= ITEMS_MAX && count * 5 <= payload.length - 4, 'E_ENCODING', 'A list of a wrong length.');
  return count;
}

function readMinimal(bytes: Uint8Array): bigint {
  check(bytes.length === 0 || bytes[0] !== 0, 'E_ENCODING', 'An integer is not minimal.');
  return bytesToBigInt(bytes);
}

function magnitude(value: bigint): Uint8Array {
  if (value > 0n && value < 256n) return Uint8Array.of(Number(value));
  return value === 0n ? new Uint8Array(0) : bigIntToBytes(value, Math.ceil(value.toString(16).length / 2));
}

/** The magnitude of a safe integer that is not negative. */
function small(value: number): Uint8Array {
  let length = 0;
  for (let rest = value; rest >= 1; rest = Math.floor(rest / 256)) length++;
  const bytes = new Uint8Array(length);
  for (let k = length - 1, rest = value; k >= 0; k--, rest = Math.floor(rest / 256)) bytes[k] = rest % 256;
  return bytes;
}

function demandInteger(value: number | bigint): bigint {
  check(typeof value === 'bigint' || Number.isSafeInteger(value), 'E_ENCODING', 'Not a safe integer.');
  return BigInt(value);
}

function demandBytes(bytes: Uint8Array): Uint8Array {
  check(isBytes(bytes), 'E_ENCODING', 'Not bytes.');
  return bytes;
}

function isTag(tag: string): boolean {
  return typeof tag === 'string' && tag.length <= TAG_BYTES_MAX && /^[\x21-\x7e]+$/.test(tag);
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function readU32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  return high * 256 + (bytes[at + 3] as number);
}
