/**
 * EIP-712 digests from JSON as the public API sends it: `types`, `domain`, `message`; the primary type is the one
 * that no other type mentions (as the usual client libraries infer it). Strict where the standard leaves gaps:
 * every type declared once, no cycles, no members beyond the declared ones, integers in range.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { check, refuse } from '../../errors/index.ts';
import { concat } from '../bytes.ts';

interface Field {
  readonly name: string;
  readonly type: string;
}
type Types = ReadonlyMap<string, readonly Field[]>;

export interface TypedDataDigest {
  readonly digest: Uint8Array;
  readonly primaryType: string;
  readonly domain: { readonly name?: string; readonly chainId?: bigint };
}

const limits = { types: 128, fields: 128, depth: 32, nodes: 10_000 };
const identifier = /^[A-Za-z_$][A-Za-z0-9_$]{0,127}$/;
const arraySuffix = /^(.*)\[(\d{0,5})\]$/;

/** Order of EIP712Domain members is fixed by the standard; absent ones are left out. */
const domainFields: readonly Field[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
];

export function typedDataDigest(input: { types: unknown; domain: unknown; message: unknown }): TypedDataDigest {
  const types = readTypes(input.types);
  const domain = record(input.domain, 'domain');
  const message = record(input.message, 'message');
  const present = domainFields.filter((field) => domain[field.name] !== undefined && domain[field.name] !== null);
  for (const name of Object.keys(domain))
    check(
      domainFields.some((field) => field.name === name),
      `domain.${name.slice(0, 64)}`,
      'is not a domain member',
    );

  const primaryType = findPrimaryType(types);
  const encoder = new Encoder(new Map([...types, ['EIP712Domain', present]]));
  const separator = encoder.hashStruct('EIP712Domain', domain, 'domain', 0);
  const digest = keccak_256(
    concat(Uint8Array.of(0x19, 0x01), separator, encoder.hashStruct(primaryType, message, 'message', 0)),
  );
  return {
    digest,
    primaryType,
    domain: {
      ...(typeof domain['name'] === 'string' ? { name: domain['name'] } : {}),
      ...(domain['chainId'] === undefined || domain['chainId'] === null
        ? {}
        : { chainId: integer(domain['chainId'], 'domain.chainId') }),
    },
  };
}

function readTypes(value: unknown): Types {
  const given = record(value, 'types');
  const names = Object.keys(given).filter((name) => name !== 'EIP712Domain');
  check(names.length >= 1 && names.length <= limits.types, 'types', `must declare 1 to ${limits.types} types`);
  const types = new Map<string, readonly Field[]>();
  for (const name of names) {
    const path = `types.${name.slice(0, 64)}`;
    check(identifier.test(name) && !isAtomic(name), path, 'is not a valid type name');
    const fields = given[name];
    check(
      Array.isArray(fields) && fields.length <= limits.fields,
      path,
      `must be a list of at most ${limits.fields} fields`,
    );
    const seen = new Set<string>();
    const read = fields.map((field: unknown): Field => {
      const { name: fieldName, type, ...rest } = record(field, path);
      check(typeof fieldName === 'string' && identifier.test(fieldName), path, 'has a field without a valid name');
      const at = `${path}.${fieldName.slice(0, 64)}`;
      check(typeof type === 'string' && type.length <= 256, at, 'has no type');
      check(Object.keys(rest).length === 0, at, 'has members other than name and type');
      check(!seen.has(fieldName), at, 'is declared twice');
      seen.add(fieldName);
      return { name: fieldName, type };
    });
    types.set(name, read);
  }
  for (const [name, fields] of types)
    for (const field of fields) {
      const at = `types.${name.slice(0, 64)}.${field.name.slice(0, 64)}`;
      const base = elementType(field.type, at);
      check(isAtomic(base) || types.has(base), at, `type ${base.slice(0, 64)} is not declared`);
    }
  const heights = new Map<string, number>();
  for (const name of types.keys()) measureHeight(types, name, { above: [], heights });
  return types;
}

/**
 * How many structs lie below one another from here. A struct may refer to itself only through an array, whose values
 * end. Each type is walked once: with two fields a level, the paths through 32 levels are four thousand million.
 */
function measureHeight(
  types: Types,
  name: string,
  seen: { readonly above: readonly string[]; readonly heights: Map<string, number> },
): number {
  const { above, heights } = seen;
  const known = heights.get(name);
  if (known !== undefined) return known;
  check(
    !above.includes(name),
    `types.${name.slice(0, 64)}`,
    `refers to itself: ${[...above, name]
      .map((each) => each.slice(0, 20))
      .join(' → ')
      .slice(0, 200)}`,
  );
  let height = 1;
  for (const field of types.get(name) ?? []) {
    if (!types.has(field.type)) continue;
    const below = measureHeight(types, field.type, { above: [...above, name], heights });
    height = Math.max(height, below + 1);
  }
  check(height <= limits.depth, `types.${name.slice(0, 64)}`, `is nested deeper than ${limits.depth}`);
  heights.set(name, height);
  return height;
}

function findPrimaryType(types: Types): string {
  const mentioned = new Set(
    [...types].flatMap(([name, fields]) =>
      fields.map((field) => elementType(field.type, '')).filter((base) => base !== name),
    ),
  );
  const roots = [...types.keys()].filter((name) => !mentioned.has(name));
  const [only] = roots;
  if (roots.length !== 1 || only === undefined)
    refuse(
      'types',
      `the primary type is not clear: ${
        roots.length === 0
          ? 'every type is used by another'
          : roots
              .map((each) => each.slice(0, 20))
              .join(', ')
              .slice(0, 100)
      }`,
    );
  return only;
}

class Encoder {
  readonly types: Types;
  readonly typeHashes = new Map<string, Uint8Array>();
  nodes = 0;

  constructor(types: Types) {
    this.types = types;
  }

  hashStruct(name: string, value: unknown, path: string, depth: number): Uint8Array {
    const fields = this.types.get(name) ?? refuse(path, `type ${name.slice(0, 64)} is not declared`);
    const members = record(value, path);
    for (const member of Object.keys(members))
      check(
        fields.some((field) => field.name === member),
        `${path}.${member.slice(0, 64)}`,
        `is not a member of ${name.slice(0, 64)}`,
      );
    return keccak_256(
      concat(
        this.typeHash(name),
        ...fields.map((field) =>
          this.encodeValue(field.type, members[field.name], `${path}.${field.name.slice(0, 64)}`, depth + 1),
        ),
      ),
    );
  }

  encodeValue(type: string, value: unknown, path: string, depth: number): Uint8Array {
    this.nodes += 1;
    check(depth <= limits.depth, path, `is nested deeper than ${limits.depth}`);
    check(this.nodes <= limits.nodes, path, `the message has more than ${limits.nodes} values`);
    check(value !== undefined && value !== null, path, 'is required');

    const array = arraySuffix.exec(type);
    if (array !== null) {
      const [, item = '', length = ''] = array;
      check(Array.isArray(value), path, 'must be a list');
      check(length === '' || value.length === Number(length), path, `must have ${length} items`);
      return keccak_256(
        concat(...value.map((each, index) => this.encodeValue(item, each, `${path}[${index}]`, depth + 1))),
      );
    }
    if (this.types.has(type)) return this.hashStruct(type, value, path, depth);
    return encodeAtomic(type, value, path);
  }

  typeHash(name: string): Uint8Array {
    const known = this.typeHashes.get(name);
    if (known !== undefined) return known;
    const needed = [...this.reachable(name, new Set())].filter((other) => other !== name).sort();
    const text = [name, ...needed]
      .map((each) => `${each}(${(this.types.get(each) ?? []).map((field) => `${field.type} ${field.name}`).join(',')})`)
      .join('');
    const hash = keccak_256(new TextEncoder().encode(text));
    this.typeHashes.set(name, hash);
    return hash;
  }

  reachable(name: string, seen: Set<string>): Set<string> {
    if (seen.has(name)) return seen;
    seen.add(name);
    for (const field of this.types.get(name) ?? []) {
      const base = elementType(field.type, '');
      if (this.types.has(base)) this.reachable(base, seen);
    }
    return seen;
  }
}

function encodeAtomic(type: string, value: unknown, path: string): Uint8Array {
  if (type === 'string') {
    check(typeof value === 'string', path, 'must be a string');
    return keccak_256(new TextEncoder().encode(value));
  }
  if (type === 'bytes') return keccak_256(hexValue(value, path));
  if (type === 'bool') {
    check(typeof value === 'boolean', path, 'must be true or false');
    return word(value ? 1n : 0n);
  }
  if (type === 'address') {
    const bytes = hexValue(value, path);
    check(bytes.length === 20, path, 'must be a 20-byte address');
    return concat(new Uint8Array(12), bytes);
  }
  const [, kind, digits = ''] =
    /^(bytes|u?int)(\d{0,3})$/.exec(type) ?? refuse(path, `type ${type.slice(0, 64)} is not declared`);
  if (kind === 'bytes') {
    const bytes = hexValue(value, path);
    check(bytes.length === Number(digits), path, `must be ${digits} bytes`);
    return concat(bytes, new Uint8Array(32 - bytes.length));
  }
  const bits = BigInt(digits === '' ? 256 : Number(digits));
  const number = integer(value, path);
  const [low, high] = kind === 'uint' ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
  check(number >= low && number <= high, path, `does not fit ${type}`);
  return word(BigInt.asUintN(256, number));
}

function isAtomic(type: string): boolean {
  if (['string', 'bytes', 'bool', 'address', 'int', 'uint'].includes(type)) return true;
  const [, kind, digits = ''] = /^(bytes|u?int)([1-9]\d{0,2})$/.exec(type) ?? [];
  if (kind === undefined) return false;
  const size = Number(digits);
  return kind === 'bytes' ? size <= 32 : size % 8 === 0 && size <= 256;
}

function elementType(type: string, path: string): string {
  let base = type;
  for (let depth = 0; base.endsWith(']'); depth += 1) {
    const [, item] = arraySuffix.exec(base) ?? refuse(path, `${type.slice(0, 64)} is not a type`);
    if (item === undefined || depth >= 8) refuse(path, `${type.slice(0, 64)} is not a type`);
    base = item;
  }
  return base;
}

function integer(value: unknown, path: string): bigint {
  if (typeof value === 'number') {
    check(Number.isSafeInteger(value), path, 'must be a whole number, as a string where it is large');
    return BigInt(value);
  }
  check(
    typeof value === 'string' && /^(-?(0|[1-9]\d{0,77})|0x[0-9a-fA-F]{1,64})$/.test(value),
    path,
    'must be an integer',
  );
  return BigInt(value);
}

function hexValue(value: unknown, path: string): Uint8Array {
  check(typeof value === 'string' && /^0x([0-9a-fA-F]{2})*$/.test(value), path, 'must be 0x and hex digits');
  const out = new Uint8Array(value.length / 2 - 1);
  for (let at = 0; at < out.length; at += 1) out[at] = Number.parseInt(value.slice(2 + 2 * at, 4 + 2 * at), 16);
  return out;
}

function word(value: bigint): Uint8Array {
  const out = new Uint8Array(32);
  let rest = value;
  for (let at = 31; at >= 0; at -= 1) {
    out[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return out;
}

function record(value: unknown, path: string): Readonly<Record<string, unknown>> {
  check(typeof value === 'object' && value !== null && !Array.isArray(value), path, 'must be an object');
  return value as Readonly<Record<string, unknown>>;
}
