/**
 * Reads the JSON Schemas of the contract in two ways: `check` finds what is wrong with a request, with the sentence a
 * person needs; `pick` copies out of a reply only what its schema declares, so that nothing undeclared ever leaves.
 * Knows exactly the keywords the contract uses; an unknown one is an error at the first use.
 */
import type { TSchema } from 'typebox';

export interface Problem {
  /** `body.encryptedKeyShares[2].signerId` */
  readonly path: string;
  readonly message: string;
}

/** The first thing wrong with a value, or undefined. `path` is how the value itself is called. */
export function check(schema: TSchema, value: unknown, path: string): Problem | undefined {
  return checkNode(schema as Node, value, path);
}

/** A copy with declared members only; throws when a required member is missing, which is a bug of ours. */
export function pick(schema: TSchema, value: unknown, path = 'reply'): unknown {
  return pickNode(schema as Node, value, path);
}

/** The keywords in use. `says` replaces the sentence for a text that does not match its pattern or length. */
interface Node {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly patternProperties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly says?: string;
}

function checkNode(node: Node, value: unknown, path: string): Problem | undefined {
  if (node.const !== undefined) return value === node.const ? undefined : wrong(path, `must be ${word(node.const)}`);
  if (node.enum) return node.enum.includes(value) ? undefined : wrong(path, `must be one of ${node.enum.join(', ')}`);
  if (node.anyOf) return checkUnion(node.anyOf, value, path);
  switch (node.type) {
    case 'object':
      return checkObject(node, value, path);
    case 'array':
      return checkArray(node, value, path);
    case 'string':
      return checkString(node, value, path);
    case 'integer':
    case 'number':
      return checkNumber(node, value, path);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : wrong(path, 'must be true or false');
    case 'null':
      return value === null ? undefined : wrong(path, 'must be null');
    case undefined:
      return undefined;
    default:
      throw new TypeError(`schema type ${node.type} is not in use`);
  }
}

function checkObject(node: Node, value: unknown, path: string): Problem | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(path, 'must be a JSON object');
  const object = value as Readonly<Record<string, unknown>>;
  const open = node.patternProperties?.['^.*$'];
  for (const member of Object.keys(object)) {
    const known = property(node, member) ?? open;
    if (known === undefined) {
      if (node.additionalProperties === false) return wrong(`${path}.${echo(member)}`, 'is not a known field');
      continue;
    }
    if (object[member] === undefined) continue;
    const problem = checkNode(known, object[member], `${path}.${echo(member)}`);
    if (problem) return problem;
  }
  for (const member of node.required ?? []) {
    if (object[member] === undefined) return wrong(`${path}.${member}`, 'is required');
  }
  return undefined;
}

function checkArray(node: Node, value: unknown, path: string): Problem | undefined {
  if (!Array.isArray(value)) return wrong(path, 'must be a list');
  const least = node.minItems ?? 0;
  const most = node.maxItems ?? Number.POSITIVE_INFINITY;
  if (value.length < least || value.length > most) return wrong(path, `must have ${range(least, most)} entries`);
  for (let k = 0; node.items && k < value.length; k++) {
    const problem = checkNode(node.items, value[k], `${path}[${k}]`);
    if (problem) return problem;
  }
  return undefined;
}

function checkString(node: Node, value: unknown, path: string): Problem | undefined {
  if (typeof value !== 'string') return wrong(path, 'must be a text');
  const least = node.minLength ?? 0;
  const most = node.maxLength ?? Number.POSITIVE_INFINITY;
  if (value.length < least || value.length > most)
    return wrong(path, node.says ?? `must be ${range(least, most)} characters`);
  if (node.pattern !== undefined && !regExp(node.pattern).test(value)) return wrong(path, node.says ?? 'is not valid');
  return undefined;
}

function checkNumber(node: Node, value: unknown, path: string): Problem | undefined {
  const whole = node.type === 'integer';
  const least = node.minimum ?? Number.NEGATIVE_INFINITY;
  const most = node.maximum ?? Number.POSITIVE_INFINITY;
  const ok = typeof value === 'number' && (!whole || Number.isSafeInteger(value)) && value >= least && value <= most;
  if (ok) return undefined;
  const kind = whole ? 'an integer' : 'a number';
  if (least === most) return wrong(path, `must be ${least}`);
  return wrong(
    path,
    Number.isFinite(least) && Number.isFinite(most)
      ? `must be ${kind} between ${least} and ${most}`
      : `must be ${kind}`,
  );
}

/** Unions of objects are told apart by the member that has one fixed value in each of them (`kind`). */
function checkUnion(options: readonly Node[], value: unknown, path: string): Problem | undefined {
  const by = discriminator(options);
  if (by !== undefined && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const tag = (value as Readonly<Record<string, unknown>>)[by];
    if (tag === undefined) return wrong(`${path}.${by}`, 'is required');
    const chosen = options.find((option) => option.properties?.[by]?.const === tag);
    if (chosen) return checkNode(chosen, value, path);
    const allowed = options.map((option) => String(option.properties?.[by]?.const)).join(', ');
    return wrong(`${path}.${by}`, `must be one of ${allowed}`);
  }
  let last: Problem | undefined;
  for (const option of options) {
    last = checkNode(option, value, path);
    if (last === undefined) return undefined;
  }
  // Of forms that differ by JSON type, the one the sender meant.
  const meant = options.filter((option) => option.type === jsonType(value));
  const plain = meant.length === 1 ? meant : options.filter((option) => option.type !== 'null');
  return plain.length === 1 && plain[0]
    ? checkNode(plain[0], value, path)
    : wrong(path, 'has none of the accepted forms');
}

const jsonType = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

function pickNode(node: Node, value: unknown, path: string): unknown {
  if (value === null || typeof value !== 'object') {
    const problem = checkNode(node, value, path);
    if (problem) throw new TypeError(`${problem.path} ${problem.message}`);
    return value;
  }
  if (node.anyOf) return pickNode(chooseForReply(node.anyOf, value, path), value, path);
  // Declared as anything at all.
  if (node.type === undefined) return value;
  if (Array.isArray(value)) {
    const items = node.items;
    if (!items) throw new TypeError(`${path} is a list but was not declared as one`);
    return value.map((item, k) => pickNode(items, item, `${path}[${k}]`));
  }
  if (node.type !== 'object') throw new TypeError(`${path} must be a ${node.type}`);
  const source = value as Readonly<Record<string, unknown>>;
  const open = node.patternProperties?.['^.*$'];
  const copy: Record<string, unknown> = {};
  for (const member of open ? Object.keys(source) : Object.keys(node.properties ?? {})) {
    const known = property(node, member) ?? open;
    if (known && source[member] !== undefined) copy[member] = pickNode(known, source[member], `${path}.${member}`);
  }
  for (const member of node.required ?? []) {
    if (copy[member] === undefined) throw new TypeError(`${path}.${member} is missing`);
  }
  return copy;
}

function chooseForReply(options: readonly Node[], value: object, path: string): Node {
  const by = discriminator(options);
  const found = options.find((option) =>
    by !== undefined
      ? option.properties?.[by]?.const === (value as Readonly<Record<string, unknown>>)[by]
      : (option.required ?? []).every((member) => Object.hasOwn(value, member)) && option.type === 'object',
  );
  if (!found) throw new TypeError(`${path} has none of the declared forms`);
  return found;
}

function discriminator(options: readonly Node[]): string | undefined {
  const first = options[0]?.properties ?? {};
  return Object.keys(first).find((member) =>
    options.every((option) => option.properties?.[member]?.const !== undefined),
  );
}

/** Own members only: a request may well be called `constructor`. */
function property(node: Node, member: string): Node | undefined {
  return node.properties && Object.hasOwn(node.properties, member) ? node.properties[member] : undefined;
}

const compiled = new Map<string, RegExp>();
function regExp(pattern: string): RegExp {
  let found = compiled.get(pattern);
  if (!found) {
    found = new RegExp(pattern, 'u');
    compiled.set(pattern, found);
  }
  return found;
}

const wrong = (path: string, what: string): Problem => ({ path, message: `${path} ${what}` });
const word = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const range = (least: number, most: number): string =>
  least === most ? String(least) : Number.isFinite(most) ? `${least} to ${most}` : `at least ${least}`;
/** Never more than 64 characters of the sender's own text. */
const echo = (member: string): string => (member.length > 64 ? `${member.slice(0, 63)}…` : member);
