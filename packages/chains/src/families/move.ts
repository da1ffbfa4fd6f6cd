/**
 * What the Move chains share: BCS (github.com/diem/bcs), whose lengths are LEB128 in the shortest form and whose every value has
 * one encoding, and the tags of Move's types.
 */
import { check, refuse } from '../errors/index.ts';
import { be, leb128, type Reader } from './binary.ts';
import { concat, equal, toHex0x } from './bytes.ts';

const depthMax = 8;
const identifier = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Tags of the types without parameters; 6 is a vector, 7 a struct. */
const plainTags: Readonly<Record<string, number>> = {
  bool: 0,
  u8: 1,
  u64: 2,
  u128: 3,
  address: 4,
  signer: 5,
  u16: 8,
  u32: 9,
  u256: 10,
};

export function readLength(reader: Reader): number {
  const length = Number(reader.leb128(32));
  check(length <= reader.left, reader.path, `has a length of ${length} at byte ${reader.at}, more than there is`);
  return length;
}

export function readBytes(reader: Reader): Uint8Array {
  return reader.take(readLength(reader));
}

export function readList<T>(reader: Reader, one: (reader: Reader) => T): readonly T[] {
  return Array.from({ length: readLength(reader) }, () => one(reader));
}

export function readIdentifier(reader: Reader): string {
  const text = new TextDecoder('latin1').decode(readBytes(reader));
  check(identifier.test(text), reader.path, `has a name that is none at byte ${reader.at - text.length}`);
  return text;
}

export function readFlag(reader: Reader): boolean {
  const byte = reader.byte();
  check(byte < 2, reader.path, `has a flag of ${byte} at byte ${reader.at - 1}`);
  return byte === 1;
}

export function readMaybe<T>(reader: Reader, one: (reader: Reader) => T): T | undefined {
  return readFlag(reader) ? one(reader) : undefined;
}

/** As text, with addresses in full. */
export function readTypeTag(reader: Reader, depth = 0): string {
  check(depth <= depthMax, reader.path, `nests types deeper than ${depthMax}`);
  const at = reader.at;
  const tag = reader.byte();
  if (tag === 6) return `vector<${readTypeTag(reader, depth + 1)}>`;
  if (tag === 7) {
    const name = `${toHex0x(reader.take(32))}::${readIdentifier(reader)}::${readIdentifier(reader)}`;
    const parameters = readList(reader, (inner) => readTypeTag(inner, depth + 1));
    return parameters.length === 0 ? name : `${name}<${parameters.join(', ')}>`;
  }
  const [plain] = Object.entries(plainTags).find(([, value]) => value === tag) ?? [];
  return plain ?? refuse(reader.path, `has a type of unknown tag ${tag} at byte ${at}`);
}

/** `0x2::module::Name<…>`: a struct, whose parameters may be any types. */
export function encodeStructTag(text: string, path: string): Uint8Array {
  check(text.length <= 1024, path, 'is longer than any type');
  const parser = { text: text.replaceAll(' ', ''), at: 0 };
  const tag = parseType(parser, path, 0);
  check(parser.at === parser.text.length && tag[0] === 7, path, 'must be a type such as 0x2::module::Name');
  return tag;
}

interface Parser {
  readonly text: string;
  at: number;
}

function parseType(parser: Parser, path: string, depth: number): Uint8Array {
  check(depth <= depthMax, path, `nests types deeper than ${depthMax}`);
  const rest = parser.text.slice(parser.at);
  const struct = /^(0x[0-9a-fA-F]{1,64})::([A-Za-z_][A-Za-z0-9_]{0,127})::([A-Za-z_][A-Za-z0-9_]{0,127})/.exec(rest);
  if (struct !== null) {
    const [all, address = '', module = '', name = ''] = struct;
    parser.at += all.length;
    const parameters = parseParameters(parser, path, depth);
    return concat(
      Uint8Array.of(7),
      addressBytes(address),
      encodeText(module),
      encodeText(name),
      leb128(parameters.length),
      ...parameters,
    );
  }
  const word = /^[a-z0-9]+/.exec(rest)?.[0] ?? '';
  parser.at += word.length;
  if (word === 'vector') {
    const parameters = parseParameters(parser, path, depth);
    check(parameters.length === 1, path, 'has a vector of other than one type');
    return concat(Uint8Array.of(6), ...parameters);
  }
  const tag = plainTags[word] ?? refuse(path, 'must be a type such as 0x2::module::Name');
  return Uint8Array.of(tag);
}

function parseParameters(parser: Parser, path: string, depth: number): readonly Uint8Array[] {
  if (parser.text[parser.at] !== '<') return [];
  const parameters: Uint8Array[] = [];
  do {
    parser.at += 1;
    parameters.push(parseType(parser, path, depth + 1));
  } while (parser.text[parser.at] === ',');
  check(parser.text[parser.at] === '>', path, 'has types that do not end');
  parser.at += 1;
  return parameters;
}

export function encodeText(text: string): Uint8Array {
  return encodeBytes(new TextEncoder().encode(text));
}

export function encodeBytes(bytes: Uint8Array): Uint8Array {
  return concat(leb128(bytes.length), bytes);
}

/** An account as a user writes it: in full, so that a digit left out is noticed. */
export function decodeAddress(text: string, path: string): Uint8Array {
  check(/^0x[0-9a-fA-F]{64}$/.test(text), path, 'must be 0x and 64 hex digits');
  const bytes = addressBytes(text);
  check(!equal(bytes, new Uint8Array(32)), path, 'must not be the zero address');
  return bytes;
}

/** `0x` and up to 64 digits, as in names of modules. */
export function addressBytes(text: string): Uint8Array {
  return be(BigInt(text), 32);
}
