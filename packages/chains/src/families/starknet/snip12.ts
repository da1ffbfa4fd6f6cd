/**
 * SNIP-12 digests (starknet-io/SNIPs, SNIPS/snip-12.md), revisions 0 (Pedersen) and 1 (Poseidon), over JSON as the
 * public API sends it. Strict where the standard leaves gaps and libraries differ: no members beyond the declared ones,
 * no cycles, no nested lists, printable ASCII, numbers in one of two forms.
 */
import { pedersen, poseidonHash, poseidonHashMany } from '@scure/starknet';
import { check, refuse } from '../../errors/index.ts';
import { isPlainText, pedersenMany, prime, selector, shortString } from './felt.ts';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly contains?: string;
}
type Types = ReadonlyMap<string, readonly Field[]>;

export interface Snip12 {
  readonly digest: bigint;
  readonly primaryType: string;
  readonly name?: string;
  readonly chainId?: bigint;
}

/** A hash of Pedersen takes a millisecond or two: a few hundred values are a second. */
const limits = { types: 64, fields: 64, values: 512, depth: 16, text: 4_096 };
const identifier = /^[A-Za-z_$][A-Za-z0-9_$ -]{0,63}$/;

const revisions = {
  0: {
    domain: 'StarkNetDomain',
    basic: new Set(['felt', 'bool', 'string', 'selector', 'merkletree']),
    presets: new Map<string, readonly Field[]>(),
    quote: (text: string) => text,
    hashMany: pedersenMany,
    hashPair: (a: bigint, b: bigint) => BigInt(pedersen(a, b)),
  },
  1: {
    domain: 'StarknetDomain',
    basic: new Set([
      'felt',
      'shortstring',
      'string',
      'bool',
      'selector',
      'u128',
      'i128',
      'timestamp',
      'ContractAddress',
      'ClassHash',
      'merkletree',
      'enum',
    ]),
    presets: new Map<string, readonly Field[]>([
      [
        'u256',
        [
          { name: 'low', type: 'u128' },
          { name: 'high', type: 'u128' },
        ],
      ],
      [
        'TokenAmount',
        [
          { name: 'token_address', type: 'ContractAddress' },
          { name: 'amount', type: 'u256' },
        ],
      ],
      [
        'NftId',
        [
          { name: 'collection_address', type: 'ContractAddress' },
          { name: 'token_id', type: 'u256' },
        ],
      ],
    ]),
    quote: (text: string) => `"${text}"`,
    hashMany: (values: readonly bigint[]) => poseidonHashMany([...values]),
    hashPair: (a: bigint, b: bigint) => poseidonHash(a, b),
  },
} as const;

export function snip12(
  input: {
    readonly types?: unknown;
    readonly primaryType?: unknown;
    readonly domain?: unknown;
    readonly message?: unknown;
  },
  account: bigint,
): Snip12 {
  const domain = record(input.domain, 'domain');
  const number = revisionOf(domain['revision']);
  const revision = revisions[number];
  const encoder = new Encoder(number, readTypes(input.types, number));
  const { primaryType } = input;
  check(typeof primaryType === 'string' && encoder.has(primaryType), 'primaryType', 'must be a declared type');
  check(primaryType !== revision.domain, 'primaryType', 'must not be the domain');
  const digest = revision.hashMany([
    shortString('StarkNet Message'),
    encoder.struct(revision.domain, domain, 'domain', 0),
    account,
    encoder.struct(primaryType, record(input.message, 'message'), 'message', 0),
  ]);
  const { name, chainId } = domain;
  return {
    digest,
    primaryType,
    ...(typeof name === 'string' ? { name } : {}),
    ...(chainId === undefined ? {} : { chainId: felt(chainId, 'domain.chainId') }),
  };
}

function revisionOf(value: unknown): 0 | 1 {
  if (value === undefined || value === 0 || value === '0') return 0;
  return value === 1 || value === '1' ? 1 : refuse('domain.revision', 'must be 0 or 1');
}

function readTypes(value: unknown, number: 0 | 1): Types {
  const { basic, presets, domain } = revisions[number];
  const given = Object.entries(record(value, 'types'));
  check(given.length <= limits.types, 'types', `must be at most ${limits.types}`);
  const types = new Map(presets);
  for (const [name, fields] of given) {
    const path = `types.${name.slice(0, 64)}`;
    check(identifier.test(name), path, 'is not a valid type name');
    check(!basic.has(name) && !presets.has(name), path, 'is a type of the standard');
    check(
      Array.isArray(fields) && fields.length <= limits.fields,
      path,
      `must be a list of at most ${limits.fields} fields`,
    );
    const read = fields.map((field) => readField(field, path));
    check(new Set(read.map((field) => field.name)).size === read.length, path, 'declares a field twice');
    types.set(name, read);
  }
  check(types.has(domain), 'types', `must declare ${domain}, as the revision is ${number}`);
  return types;
}

function readField(value: unknown, path: string): Field {
  const { name, type, contains, ...rest } = record(value, path);
  check(typeof name === 'string' && identifier.test(name), path, 'has a field without a valid name');
  const at = `${path}.${name}`;
  check(typeof type === 'string' && /^[\x21-\x7e ]{1,256}$/.test(type), at, 'has no type');
  check(Object.keys(rest).length === 0, at, 'has members other than name, type and contains');
  if (type !== 'merkletree' && type !== 'enum') {
    check(contains === undefined, at, 'contains something without being a tree or an enum');
    return { name, type };
  }
  check(typeof contains === 'string' && identifier.test(contains), at, 'does not say what it contains');
  return { name, type, contains };
}

class Encoder {
  private readonly types: Types;
  private readonly number: 0 | 1;
  private readonly typeHashes = new Map<string, bigint>();
  private values = 0;

  constructor(number: 0 | 1, types: Types) {
    this.number = number;
    this.types = types;
  }

  has(type: string): boolean {
    return this.types.has(type);
  }

  struct(type: string, value: Readonly<Record<string, unknown>>, path: string, depth: number): bigint {
    check(depth <= limits.depth, path, `nests deeper than ${limits.depth}`);
    const fields = this.fields(type, path);
    for (const name of Object.keys(value))
      check(
        fields.some((field) => field.name === name),
        `${path}.${name.slice(0, 64)}`,
        `is not declared in ${type}`,
      );
    return revisions[this.number].hashMany([
      this.typeHash(type, path),
      ...fields.map((field) => {
        const at = `${path}.${field.name}`;
        check(Object.hasOwn(value, field.name), at, 'is missing');
        return this.value(field, value[field.name], at, depth + 1);
      }),
    ]);
  }

  private value(field: Field, value: unknown, path: string, depth: number): bigint {
    this.values += 1;
    check(this.values <= limits.values, path, `is beyond ${limits.values} values`);
    const { type } = field;
    const { hashMany } = revisions[this.number];
    if (this.types.has(type)) return this.struct(type, record(value, path), path, depth);
    if (type.endsWith('*')) {
      const name = type.slice(0, -1);
      check(
        !name.endsWith('*') && name !== 'merkletree' && name !== 'enum',
        path,
        'is a list of what cannot be listed',
      );
      return hashMany(
        list(value, path).map((each, index) => this.value({ name, type: name }, each, `${path}.${index}`, depth)),
      );
    }
    check(revisions[this.number].basic.has(type), path, `is of type ${type.slice(0, 64)}, which is not declared`);
    switch (type) {
      case 'enum':
        return this.variant(field.contains ?? '', record(value, path), path, depth);
      case 'merkletree':
        return this.root(field.contains ?? '', list(value, path), path, depth);
      case 'selector':
        check(typeof value === 'string', path, 'must be the name of a function, or hex');
        return value.startsWith('0x') ? felt(value, path) : selector(plainText(value, path));
      case 'string':
        return this.number === 1 ? hashMany(byteArray(plainText(value, path))) : felt(value, path);
      case 'bool':
        if (typeof value === 'boolean') return value ? 1n : 0n;
        return refuse(path, 'must be true or false');
      case 'i128': {
        const read = integer(value, path, -(1n << 127n), (1n << 127n) - 1n);
        return read < 0n ? prime + read : read;
      }
      case 'u128':
      case 'timestamp':
        return integer(value, path, 0n, (1n << 128n) - 1n);
      case 'ContractAddress':
      case 'ClassHash':
        return integer(value, path, 0n, prime - 1n);
      default:
        return felt(value, path);
    }
  }

  private variant(type: string, value: Readonly<Record<string, unknown>>, path: string, depth: number): bigint {
    const variants = this.fields(type, path);
    const [name, ...others] = Object.keys(value);
    const index = variants.findIndex((each) => each.name === name);
    const variant = variants[index];
    check(variant !== undefined && name !== undefined && others.length === 0, path, `must be one variant of ${type}`);
    const members = tupleOf(variant.type) ?? refuse(path, `${type} is not an enum`);
    const given = list(value[name], path);
    check(given.length === members.length, path, `must have ${members.length} values`);
    return revisions[this.number].hashMany([
      BigInt(index),
      ...members.map((each, at) => this.value({ name: each, type: each }, given[at], `${path}.${at}`, depth + 1)),
    ]);
  }

  private root(type: string, leaves: readonly unknown[], path: string, depth: number): bigint {
    check(leaves.length > 0, path, 'is a tree without leaves');
    let level = leaves.map((leaf, index) => this.value({ name: type, type }, leaf, `${path}.${index}`, depth + 1));
    while (level.length > 1)
      level = level.flatMap((left, index) => (index % 2 === 0 ? [this.pair(left, level[index + 1] ?? 0n)] : []));
    return level[0] ?? 0n;
  }

  private pair(a: bigint, b: bigint): bigint {
    return a < b ? revisions[this.number].hashPair(a, b) : revisions[this.number].hashPair(b, a);
  }

  private typeHash(type: string, path: string): bigint {
    const known = this.typeHashes.get(type);
    if (known !== undefined) return known;
    const found = new Set<string>();
    this.collect(type, path, found, []);
    const [first, ...others] = [...found];
    const text = [first ?? '', ...others.toSorted()].map((name) => this.typeText(name, path)).join('');
    const hash = selector(text);
    this.typeHashes.set(type, hash);
    return hash;
  }

  /** The type and all it mentions, itself first. What a tree contains is not mentioned by it. */
  private collect(type: string, path: string, found: Set<string>, above: readonly string[]): void {
    check(!above.includes(type), path, `is of type ${type}, which refers to itself`);
    check(above.length <= limits.depth, path, `nests deeper than ${limits.depth}`);
    found.add(type);
    for (const field of this.fields(type, path)) {
      const mentioned = tupleOf(field.type) ?? [field.type === 'enum' ? (field.contains ?? '') : field.type];
      for (const each of mentioned) {
        const name = each.endsWith('*') ? each.slice(0, -1) : each;
        if (this.types.has(name)) this.collect(name, path, found, [...above, type]);
      }
    }
  }

  private typeText(name: string, path: string): string {
    const { quote } = revisions[this.number];
    const members = this.fields(name, path).map((field) => {
      const type = field.type === 'enum' ? (field.contains ?? '') : field.type;
      const tuple = tupleOf(type);
      return `${quote(field.name)}:${tuple === undefined ? quote(type) : `(${tuple.map(quote).join(',')})`}`;
    });
    return `${quote(name)}(${members.join(',')})`;
  }

  private fields(type: string, path: string): readonly Field[] {
    return this.types.get(type) ?? refuse(path, `is of type ${type.slice(0, 64)}, which is not declared`);
  }
}

/** `(felt,u128)`: the types of an enum's variant. */
function tupleOf(type: string): readonly string[] | undefined {
  if (!type.startsWith('(') || !type.endsWith(')')) return undefined;
  return type === '()' ? [] : type.slice(1, -1).split(',');
}

/** Words of 31 bytes, then what is left and its length (Cairo's ByteArray). */
function byteArray(text: string): readonly bigint[] {
  const words = text.match(/.{31}/g) ?? [];
  const rest = text.slice(31 * words.length);
  return [BigInt(words.length), ...words.map(shortString), shortString(rest), BigInt(rest.length)];
}

/** A number, or text of at most 31 characters where it is not one. */
function felt(value: unknown, path: string): bigint {
  if (typeof value !== 'string' || numberForm.test(value)) return integer(value, path, 0n, prime - 1n);
  check(value.length <= 31, path, 'must be a number, or text of at most 31 characters');
  check(value === '' || !readsAsNumber(value), path, 'is neither a plain number nor plain text');
  return shortString(plainText(value, path));
}

/** What JavaScript's libraries take for a number, in forms that others do not share: ` 7`, `007`, `0b1`. */
function readsAsNumber(text: string): boolean {
  try {
    BigInt(text);
    return true;
  } catch {
    return false;
  }
}

const numberForm = /^(-?(0|[1-9][0-9]{0,77})|0x[0-9a-fA-F]{1,64})$/;

function integer(value: unknown, path: string, min: bigint, max: bigint): bigint {
  check(
    Number.isSafeInteger(value) || (typeof value === 'string' && numberForm.test(value)),
    path,
    'must be an integer, or decimal or 0x-hex text',
  );
  const read = BigInt(value as number | string);
  check(read >= min && read <= max, path, 'is out of range');
  return read;
}

function plainText(value: unknown, path: string): string {
  check(
    typeof value === 'string' && value.length <= limits.text,
    path,
    `must be text of at most ${limits.text} characters`,
  );
  check(isPlainText(value), path, 'must be printable ASCII');
  return value;
}

function list(value: unknown, path: string): readonly unknown[] {
  check(Array.isArray(value) && value.length <= limits.values, path, `must be a list of at most ${limits.values}`);
  return value;
}

function record(value: unknown, path: string): Readonly<Record<string, unknown>> {
  check(typeof value === 'object' && value !== null && !Array.isArray(value), path, 'must be an object');
  return value as Readonly<Record<string, unknown>>;
}
