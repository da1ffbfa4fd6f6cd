/**
 * Contract calls as JSON (wallets.md §7, call-function): one function fragment of a JSON ABI, arguments by name, the
 * decoded output. Coding by micro-eth-signer. Integers are decimal text, bytes 0x hex, structs objects by name.
 */
import { createContract } from 'micro-eth-signer/abi.js';
import { check, refuse } from '../../errors/index.ts';
import { hexMember, toHex0x } from '../../families/bytes.ts';

export interface FunctionFragment {
  readonly name: string;
  readonly inputs: readonly Parameter[];
  readonly outputs: readonly Parameter[];
}

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly components?: readonly Parameter[];
}

const typeForm =
  /^(?:tuple|address|bool|string|function|bytes(?:[1-9]|[12][0-9]|3[0-2])?|u?int(?:8|16|24|32|40|48|56|64|72|80|88|96|104|112|120|128|136|144|152|160|168|176|184|192|200|208|216|224|232|240|248|256)?)(?:\[(?:[1-9][0-9]{0,3})?\]){0,4}$/;
const nameForm = /^[A-Za-z_$][A-Za-z0-9_$]{0,127}$/;
const DEPTH_MAX = 8;
const PARAMETERS_MAX = 64;

/** Throws ChainError E_BODY with the path of what is wrong. */
export function parseFragment(abi: Readonly<Record<string, unknown>>): FunctionFragment {
  check(abi['type'] === 'function', 'abi.type', 'must be function');
  const { name, stateMutability } = abi;
  check(typeof name === 'string' && nameForm.test(name), 'abi.name', 'must be the name of a function');
  check(
    stateMutability === 'view' || stateMutability === 'pure',
    'abi.stateMutability',
    'must be view or pure: a call changes nothing',
  );
  return {
    name,
    inputs: parameters(abi['inputs'], 'abi.inputs', 0),
    outputs: parameters(abi['outputs'], 'abi.outputs', 0),
  };
}

/** 0x hex of selector and arguments. */
export function encodeCall(fragment: FunctionFragment, calldata: Readonly<Record<string, unknown>>): string {
  const { inputs } = fragment;
  const known = new Set(inputs.map(nameAt));
  const surplus = Object.keys(calldata).find((name) => !known.has(name));
  check(surplus === undefined, 'calldata', `${surplus?.slice(0, 64)} is not an input of ${fragment.name}`);
  const values = inputs.map((each, at) => toAbi(each, calldata[nameAt(each, at)], `calldata.${nameAt(each, at)}`));
  try {
    return toHex0x(methodOf(fragment).encodeInput(shaped(inputs, values)));
  } catch {
    // What a value of the right form can still be: too large for its type.
    return refuse('calldata', 'does not fit the inputs');
  }
}

/** One output as it is, several as an object by name, or a list where one has no name. Undefined: the answer is none of these. */
export function decodeResult(fragment: FunctionFragment, result: string): unknown {
  const { outputs } = fragment;
  if (outputs.length === 0) return null;
  try {
    const decoded = methodOf(fragment).decodeOutput(hexMember({ result }, 'result', { min: 0, max: 1 << 20 }));
    return fromAbi(decoded);
  } catch {
    return undefined;
  }
}

function methodOf(fragment: FunctionFragment) {
  const abi = [{ ...fragment, type: 'function', stateMutability: 'view' }] as never;
  const contract = createContract(abi) as unknown as Record<
    string,
    { encodeInput(value: unknown): Uint8Array; decodeOutput(bytes: Uint8Array): unknown }
  >;
  return contract[fragment.name] ?? refuse('abi', 'is not a function');
}

/** As micro-eth-signer takes arguments: one as it is, several by name, or as a list where one has no name. */
function shaped(inputs: readonly Parameter[], values: readonly unknown[]): unknown {
  if (inputs.length === 0) return undefined;
  if (inputs.length === 1) return values[0];
  return inputs.every(({ name }) => name !== '')
    ? Object.fromEntries(inputs.map(({ name }, at) => [name, values[at]]))
    : values;
}

const nameAt = ({ name }: Parameter, at: number): string => (name === '' ? String(at) : name);

function parameters(value: unknown, path: string, depth: number): readonly Parameter[] {
  check(Array.isArray(value) && value.length <= PARAMETERS_MAX, path, `must be a list of at most ${PARAMETERS_MAX}`);
  check(depth <= DEPTH_MAX, path, `is nested deeper than ${DEPTH_MAX}`);
  const list = value.map((each: unknown, at): Parameter => {
    const here = `${path}[${at}]`;
    check(typeof each === 'object' && each !== null, here, 'must be an object');
    const { name = '', type, components } = each as Readonly<Record<string, unknown>>;
    check(typeof name === 'string' && (name === '' || nameForm.test(name)), here, 'has no proper name');
    check(typeof type === 'string' && typeForm.test(type), here, 'has no type of Solidity');
    if (!type.startsWith('tuple')) return { name, type };
    return { name, type, components: parameters(components, `${here}.components`, depth + 1) };
  });
  const names = list.map(({ name }) => name).filter((name) => name !== '');
  check(new Set(names).size === names.length, path, 'has a name twice');
  return list;
}

function toAbi(parameter: Parameter, value: unknown, path: string): unknown {
  const array = /^(.*)\[([0-9]*)\]$/.exec(parameter.type);
  if (array !== null) {
    const [, type = '', length = ''] = array;
    check(Array.isArray(value) && value.length <= 1_000, path, 'must be a list');
    check(length === '' || value.length === Number(length), path, `must have ${length} elements`);
    return value.map((each, at) => toAbi({ ...parameter, type }, each, `${path}[${at}]`));
  }
  const { type, components = [] } = parameter;
  if (type === 'tuple') {
    check(typeof value === 'object' && value !== null, path, 'must be an object');
    const given = value as Readonly<Record<string, unknown>>;
    return shapedTuple(
      components,
      components.map((each, at) => toAbi(each, given[nameAt(each, at)], `${path}.${nameAt(each, at)}`)),
    );
  }
  if (type === 'bool') return typeof value === 'boolean' ? value : refuse(path, 'must be true or false');
  if (type === 'string') return typeof value === 'string' ? value : refuse(path, 'must be a text');
  if (type === 'address') {
    check(typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value), path, 'must be an address');
    return value.toLowerCase();
  }
  if (type.startsWith('bytes') || type === 'function') {
    check(typeof value === 'string' && /^0x(?:[0-9a-fA-F]{2})*$/.test(value), path, 'must be 0x hex');
    return hexMember({ value }, 'value', { min: 0, max: 65_536 });
  }
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  check(
    typeof value === 'string' && /^(?:-?[0-9]{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value),
    path,
    'must be a whole number, as text where it is large',
  );
  return BigInt(value);
}

/** Inside of a struct even a single member keeps its name. */
function shapedTuple(components: readonly Parameter[], values: readonly unknown[]): unknown {
  return components.every(({ name }) => name !== '')
    ? Object.fromEntries(components.map(({ name }, at) => [name, values[at]]))
    : values;
}

function fromAbi(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return toHex0x(value);
  if (Array.isArray(value)) return value.map(fromAbi);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fromAbi(each)]));
  return value ?? null;
}
