/**
 * JSON (RFC 8259), read so that two readers can never understand one text differently: no duplicate or `__proto__`
 * member, no unpaired surrogate or U+0000, no number that a double cannot hold, bounded depth and size, linear time.
 * Whatever this accepts, `JSON.parse` accepts with an equal value.
 */
import { refuse } from './error.ts';
import { isWellFormed, utf8Decode } from './utf8.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [member: string]: JsonValue;
}

export interface JsonLimits {
  /** UTF-8 bytes; 1 MiB unless told: no request of the api is larger (uploads are not JSON). */
  readonly bytesMax?: number;
  /** Nested arrays and objects; 32 unless told. */
  readonly depthMax?: number;
  /** What the text is called in messages and paths; `body` unless told. */
  readonly name?: string;
}

const BYTES_MAX = 1 << 20;
const DEPTH_MAX = 32;
/** Longest run of the sender's own text in a message or path. */
const ECHO_MAX = 64;
/** The longest number `JSON.stringify` writes has 25 characters. */
const NUMBER_CHARS_MAX = 32;

export function parseStrictJson(text: string, limits: JsonLimits = {}): JsonValue {
  const reader: Reader = { text, at: 0, depthMax: limits.depthMax ?? DEPTH_MAX, name: limits.name ?? 'body', path: [] };
  const bytesMax = limits.bytesMax ?? BYTES_MAX;
  if (text.length > bytesMax || byteLength(text, text.length) > bytesMax) tooLarge(reader.name, bytesMax);
  if (text.charCodeAt(0) === 0xfeff) byteOrderMark(reader.name);
  skipSpace(reader);
  if (reader.at === text.length) {
    refuse('E_JSON_EMPTY', `${reader.name} is required: expected a JSON object`, reader.name);
  }
  const value = readValue(reader);
  skipSpace(reader);
  if (reader.at < text.length) unexpected(reader);
  return value;
}

export function parseStrictJsonBytes(bytes: Uint8Array, limits: JsonLimits = {}): JsonValue {
  const name = limits.name ?? 'body';
  const bytesMax = limits.bytesMax ?? BYTES_MAX;
  if (bytes.length > bytesMax) tooLarge(name, bytesMax);
  if (startsAsOtherEncoding(bytes)) byteOrderMark(name);
  return parseStrictJson(utf8Decode(bytes, name), limits);
}

/** Narrows a parsed value to an object, with the documented message for anything else. */
export function asJsonObject(value: JsonValue, name = 'body'): JsonObject {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    refuse('E_JSON_TYPE', `${name} must be a JSON object`, name);
  }
  return value as JsonObject;
}

/**
 * JSON without white space, members in the order given: the caller states the order by building the object in it.
 * Refuses what JSON would drop or change (undefined, -0, fractions that overflow, unpaired surrogates), so that
 * `parseStrictJson(canonicalJson(v))` is always `v`. Names that look like array indices would be reordered by
 * JavaScript and are refused too.
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

interface Reader {
  readonly text: string;
  at: number;
  readonly depthMax: number;
  readonly name: string;
  /** Member names and array indices that lead to the value being read. */
  readonly path: (string | number)[];
}

function readValue(r: Reader): JsonValue {
  switch (r.text.charCodeAt(r.at)) {
    case 0x7b:
      return readObject(r);
    case 0x5b:
      return readArray(r);
    case 0x22:
      return readString(r);
    case 0x74:
      return readWord(r, 'true', true);
    case 0x66:
      return readWord(r, 'false', false);
    case 0x6e:
      return readWord(r, 'null', null);
    default:
      return readNumber(r);
  }
}

function readObject(r: Reader): JsonObject {
  const members: { [member: string]: JsonValue } = {};
  checkDepth(r);
  r.at++;
  skipSpace(r);
  if (r.text.charCodeAt(r.at) === 0x7d) {
    r.at++;
    return members;
  }
  for (;;) {
    if (r.text.charCodeAt(r.at) !== 0x22) unexpected(r);
    const member = readString(r);
    r.path.push(member);
    if (member === '__proto__') refuse('E_JSON_FORBIDDEN_KEY', `${pathOf(r)} is not an allowed name`, pathOf(r));
    if (Object.hasOwn(members, member)) refuse('E_JSON_DUPLICATE_KEY', `${pathOf(r)} appears twice`, pathOf(r));
    skipSpace(r);
    if (r.text.charCodeAt(r.at) !== 0x3a) unexpected(r);
    r.at++;
    skipSpace(r);
    members[member] = readValue(r);
    r.path.pop();
    skipSpace(r);
    const next = r.text.charCodeAt(r.at);
    if (next === 0x7d) {
      r.at++;
      return members;
    }
    if (next !== 0x2c) unexpected(r);
    r.at++;
    skipSpace(r);
  }
}

function readArray(r: Reader): readonly JsonValue[] {
  const items: JsonValue[] = [];
  checkDepth(r);
  r.at++;
  skipSpace(r);
  if (r.text.charCodeAt(r.at) === 0x5d) {
    r.at++;
    return items;
  }
  for (;;) {
    r.path.push(items.length);
    items.push(readValue(r));
    r.path.pop();
    skipSpace(r);
    const next = r.text.charCodeAt(r.at);
    if (next === 0x5d) {
      r.at++;
      return items;
    }
    if (next !== 0x2c) unexpected(r);
    r.at++;
    skipSpace(r);
  }
}

/** The depth of a container is one more than the number of names and indices that lead to it. */
function checkDepth(r: Reader): void {
  if (r.path.length >= r.depthMax) refuse('E_JSON_DEPTH', `${r.name} is nested deeper than ${r.depthMax}`, r.name);
}

function readString(r: Reader): string {
  const { text } = r;
  let value = '';
  let from = ++r.at;
  for (;;) {
    const code = text.charCodeAt(r.at);
    if (code === 0x22) break;
    // NaN, past the end, fails the comparison too.
    if (!(code >= 0x20)) unexpected(r);
    if (code !== 0x5c) {
      r.at++;
      continue;
    }
    value += text.slice(from, r.at);
    r.at++;
    value += readEscape(r);
    from = r.at;
  }
  value += text.slice(from, r.at);
  r.at++;
  if (!isWellFormed(value)) refuse('E_JSON_SURROGATE', `${pathOf(r)} contains an unpaired surrogate`, pathOf(r));
  // PostgreSQL keeps no text with it: found there, a key or an entry that the signers have made could not be written.
  if (value.includes('\0')) refuse('E_JSON_NUL', `${pathOf(r)} contains the character U+0000`, pathOf(r));
  return value;
}

function readEscape(r: Reader): string {
  const code = r.text[r.at];
  if (code === 'u') {
    const from = ++r.at;
    while (r.at < from + 4) {
      if (!/^[0-9a-fA-F]$/.test(r.text.charAt(r.at))) unexpected(r);
      r.at++;
    }
    return String.fromCharCode(Number.parseInt(r.text.slice(from, r.at), 16));
  }
  const plain = code === undefined ? undefined : escapes.get(code);
  if (plain === undefined) return unexpected(r);
  r.at++;
  return plain;
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

function readWord<T>(r: Reader, word: string, value: T): T {
  for (const letter of word) {
    if (r.text.charAt(r.at) !== letter) unexpected(r);
    r.at++;
  }
  return value;
}

const numberText = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function readNumber(r: Reader): number {
  numberText.lastIndex = r.at;
  const literal = numberText.exec(r.text)?.[0];
  if (literal === undefined) {
    if (r.text.charAt(r.at) === '-') r.at++;
    return unexpected(r);
  }
  r.at += literal.length;
  // A number cut short before its fraction or exponent: it is the end that is not expected.
  if (/^(?:\.|[eE][+-]?)$/.test(r.text.slice(r.at, r.at + 3))) {
    r.at = r.text.length;
    unexpected(r);
  }
  const value = literal.length <= NUMBER_CHARS_MAX ? Number(literal) : Number.NaN;
  // A literal whose digits are not all zero but whose value is has been lost to underflow.
  const lost = value === 0 && (Object.is(value, -0) || /[1-9]/.test(literal.replace(/[eE].*/, '')));
  if (!Number.isFinite(value) || lost || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    refuse(
      'E_JSON_NUMBER',
      `${pathOf(r)} is a number that cannot be read exactly; send large numbers as text`,
      pathOf(r),
    );
  }
  return value;
}

function skipSpace(r: Reader): void {
  for (;;) {
    const code = r.text.charCodeAt(r.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    r.at++;
  }
}

function unexpected(r: Reader): never {
  const byte = byteLength(r.text, Math.min(r.at, r.text.length));
  const what = r.at >= r.text.length ? 'unexpected end' : 'unexpected character';
  return refuse('E_JSON_SYNTAX', `${r.name} is not valid JSON: ${what} at byte ${byte}`, r.name);
}

function tooLarge(name: string, bytesMax: number): never {
  return refuse('E_JSON_SIZE', `${name} must be at most ${bytesMax} bytes`, name);
}

function byteOrderMark(name: string): never {
  return refuse('E_UTF8_BOM', `${name} must be UTF-8 without byte order mark`, name);
}

/** A byte order mark of any kind, or the zero byte that UTF-16 and UTF-32 put beside the first ASCII character. */
function startsAsOtherEncoding(bytes: Uint8Array): boolean {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return true;
  if ((a === 0xfe && b === 0xff) || (a === 0xff && b === 0xfe)) return true;
  return bytes.length >= 2 && (a === 0) !== (b === 0);
}

function byteLength(text: string, end: number): number {
  let length = 0;
  for (let k = 0; k < end; k++) {
    const code = text.charCodeAt(k);
    // Each half of a surrogate pair counts for two of its four bytes.
    length += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
  }
  return length;
}

function pathOf(r: Reader): string {
  let below = '';
  for (const part of r.path) {
    if (typeof part === 'number') below += `[${part}]`;
    else if (/^[A-Za-z_$][A-Za-z0-9_$-]*$/.test(part.slice(0, ECHO_MAX + 1))) below += `.${part}`;
    else below += `[${JSON.stringify(part.slice(0, ECHO_MAX))}]`;
    if (below.length > ECHO_MAX) return `${r.name}${below.slice(0, ECHO_MAX - 1).replace(/[\uD800-\uDFFF]/gu, '')}…`;
  }
  return r.name + below;
}

function write(value: unknown, depth: number): string {
  if (depth > DEPTH_MAX) throw new TypeError('canonicalJson: nested too deep');
  switch (typeof value) {
    case 'string':
      if (!isWellFormed(value)) throw new TypeError('canonicalJson: unpaired surrogate');
      if (value.includes('\0')) throw new TypeError('canonicalJson: U+0000');
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
    case 'number':
      if (
        !Number.isFinite(value) ||
        Object.is(value, -0) ||
        (Number.isInteger(value) && !Number.isSafeInteger(value))
      ) {
        throw new TypeError('canonicalJson: not an exact number');
      }
      return JSON.stringify(value);
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${Array.from(value, (item) => write(item, depth + 1)).join(',')}]`;
      return `{${Object.entries(value)
        .map(([member, item]) => `${writeName(member)}:${write(item, depth + 1)}`)
        .join(',')}}`;
    default:
      throw new TypeError(`canonicalJson: ${typeof value} has no JSON form`);
  }
}

function writeName(member: string): string {
  if (member === '__proto__' || /^(?:0|[1-9][0-9]*)$/.test(member) || !isWellFormed(member) || member.includes('\0')) {
    throw new TypeError('canonicalJson: member name has no stable form');
  }
  return JSON.stringify(member);
}

/** Whether two parsed values are the same JSON, members in any order; absent equals nothing. */
export function equalJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, k) => equalJson(item, b[k]));
  }
  const [left, right] = [a as Record<string, JsonValue>, b as Record<string, JsonValue>];
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && equalJson(left[name], right[name]))
  );
}
