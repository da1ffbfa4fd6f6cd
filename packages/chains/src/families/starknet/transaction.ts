/**
 * Transactions of version 3 in the JSON that nodes take, and their hashes (starknet-io/starknet-specs,
 * api/starknet_api_openrpc.json; docs.starknet.io, "Transaction types"): calls of an account, and its deployment. Strict:
 * no members beyond those, no paymaster, data on L1, bounds for all three resources.
 */

import { parseStrictJson } from '@holdfast/contract/wire';
import { poseidonHashMany } from '@scure/starknet';
import { check, refuse } from '../../errors/index.ts';
import { equal, hexMember } from '../bytes.ts';
import type { Body } from '../types.ts';
import { accountClass, addressBound, addressOfX } from './address.ts';
import { prime, shortString } from './felt.ts';

const path = 'transaction';
const bytesMax = 131_072;
/** Numbers in the calls of one transaction; a transfer has seven. */
const calldataMax = 1_024;
const u64Max = (1n << 64n) - 1n;
const u128Max = (1n << 128n) - 1n;

const resources = ['l1_gas', 'l1_data_gas', 'l2_gas'] as const;
export interface Bound {
  readonly amount: bigint;
  /** In 10^-18 STRK. */
  readonly price: bigint;
}
export type Bounds = Readonly<Record<(typeof resources)[number], Bound>>;

export type Transaction = {
  readonly nonce: bigint;
  readonly bounds: Bounds;
  /** Added to the price of each unit of L2 gas. */
  readonly tip: bigint;
} & (
  | { readonly type: 'INVOKE'; readonly sender: bigint; readonly calldata: readonly bigint[] }
  /** Of OpenZeppelin's account for the key whose first coordinate is x. */
  | { readonly type: 'DEPLOY_ACCOUNT'; readonly x: bigint }
);

export interface Call {
  readonly to: bigint;
  readonly selector: bigint;
  readonly data: readonly bigint[];
}

/** As OpenZeppelin's account takes them: the number of calls, then each with the length of its data. */
export const encodeCalls = (calls: readonly Call[]): readonly bigint[] => [
  BigInt(calls.length),
  ...calls.flatMap(({ to, selector, data }) => [to, selector, BigInt(data.length), ...data]),
];

export function decodeCalls(calldata: readonly bigint[]): readonly Call[] {
  let at = 0;
  const next = () => calldata[at++] ?? refuse(path, 'has calls that are not complete');
  const count = next();
  check(count > 0n && count <= 64n, path, 'must have 1 to 64 calls');
  const calls = Array.from({ length: Number(count) }, () => {
    const [to, selector, length] = [next(), next(), next()];
    check(length <= BigInt(calldata.length), path, 'has calls that are not complete');
    return { to, selector, data: Array.from({ length: Number(length) }, next) };
  });
  check(at === calldata.length, path, 'has values after its last call');
  return calls;
}

export const accountOf = (transaction: Transaction): bigint =>
  transaction.type === 'INVOKE' ? transaction.sender : addressOfX(transaction.x);

/** The most that the chain can charge, in 10^-18 STRK. */
export const feeOf = ({ bounds, tip }: Pick<Transaction, 'bounds' | 'tip'>): bigint =>
  resources.reduce((sum, each) => sum + bounds[each].amount * bounds[each].price, bounds.l2_gas.amount * tip);

export function hashOf(transaction: Transaction, chainId: string): bigint {
  const { type, nonce, bounds, tip } = transaction;
  const packed = (name: string, { amount, price }: Bound) => (shortString(name) << 192n) | (amount << 128n) | price;
  const fee = poseidonHashMany([
    tip,
    packed('L1_GAS', bounds.l1_gas),
    packed('L2_GAS', bounds.l2_gas),
    packed('L1_DATA', bounds.l1_data_gas),
  ]);
  const none = poseidonHashMany([]);
  // The zero: both data availability modes are L1.
  const common = [3n, accountOf(transaction), fee, none, shortString(chainId), nonce, 0n];
  if (type === 'INVOKE')
    return poseidonHashMany([shortString('invoke'), ...common, none, poseidonHashMany([...transaction.calldata])]);
  const { x } = transaction;
  return poseidonHashMany([shortString('deploy_account'), ...common, poseidonHashMany([x]), accountClass, x]);
}

export const felt = (value: bigint): string => `0x${value.toString(16)}`;

/** Compact JSON with the members in this order and numbers in their shortest form: one form for each transaction. */
export function encodeTransaction(transaction: Transaction, signature: readonly bigint[] = []): Uint8Array {
  const { type, nonce, bounds, tip } = transaction;
  const own =
    type === 'INVOKE'
      ? {
          sender_address: felt(transaction.sender),
          calldata: transaction.calldata.map(felt),
          account_deployment_data: [],
        }
      : {
          class_hash: felt(accountClass),
          contract_address_salt: felt(transaction.x),
          constructor_calldata: [felt(transaction.x)],
        };
  const json = {
    type,
    version: '0x3',
    ...own,
    signature: signature.map(felt),
    nonce: felt(nonce),
    resource_bounds: Object.fromEntries(
      resources.map((each) => [
        each,
        { max_amount: felt(bounds[each].amount), max_price_per_unit: felt(bounds[each].price) },
      ]),
    ),
    tip: felt(tip),
    paymaster_data: [],
    nonce_data_availability_mode: 'L1',
    fee_data_availability_mode: 'L1',
  };
  return new TextEncoder().encode(JSON.stringify(json));
}

/** The JSON object, or the hex of what `encodeTransaction` writes; without a signature. */
export function parseUnsigned(body: Body): Transaction {
  const { transaction: given } = body;
  const bytes = typeof given === 'string' ? hexMember(body, path, { min: 2, max: bytesMax }) : undefined;
  const { transaction, signature } = readTransaction(bytes === undefined ? given : jsonOf(bytes, path), path);
  check(signature.length === 0, `${path}.signature`, 'is already there');
  if (bytes !== undefined)
    check(
      equal(bytes, encodeTransaction(transaction)),
      path,
      'is JSON of another form than the one this family writes',
    );
  return transaction;
}

/** What `encodeTransaction` made with a signature. */
export function parseSigned(signedData: string): { readonly json: Body; readonly transaction: Transaction } {
  const json = jsonOf(hexMember({ signedData }, 'signedData', { min: 2, max: 2 * bytesMax }), 'signedData');
  return { json: json as Body, transaction: readTransaction(json, 'signedData').transaction };
}

const common = [
  'type',
  'version',
  'signature',
  'nonce',
  'resource_bounds',
  'tip',
  'paymaster_data',
  'nonce_data_availability_mode',
  'fee_data_availability_mode',
];
const own: Readonly<Record<string, readonly string[]>> = {
  INVOKE: ['sender_address', 'calldata', 'account_deployment_data'],
  DEPLOY_ACCOUNT: ['class_hash', 'contract_address_salt', 'constructor_calldata'],
};

function readTransaction(json: unknown, at: string) {
  const type = String(objectOf(json, at)['type']);
  const members = own[type];
  check(members !== undefined && Object.hasOwn(own, type), `${at}.type`, 'must be INVOKE or DEPLOY_ACCOUNT');
  const given = objectOf(json, at, [...common, ...members]);
  check(given['version'] === '0x3', `${at}.version`, 'must be 0x3');
  for (const name of ['paymaster_data', 'account_deployment_data'])
    check(feltsOf(given, name, at, 0).length === 0, `${at}.${name}`, 'must be empty');
  for (const name of ['nonce_data_availability_mode', 'fee_data_availability_mode'])
    check(given[name] === 'L1', `${at}.${name}`, 'must be L1');
  const shared = {
    nonce: numberOf(given, 'nonce', at, prime - 1n),
    bounds: boundsOf(given['resource_bounds'], `${at}.resource_bounds`),
    tip: numberOf(given, 'tip', at, u64Max),
  };
  const signature = feltsOf(given, 'signature', at, 2);
  if (type === 'INVOKE') {
    const sender = numberOf(given, 'sender_address', at, addressBound - 1n);
    const calldata = feltsOf(given, 'calldata', at, calldataMax);
    return { signature, transaction: { type: 'INVOKE', sender, calldata, ...shared } as Transaction };
  }
  check(
    numberOf(given, 'class_hash', at, prime - 1n) === accountClass,
    `${at}.class_hash`,
    'is not of the account contract that the address is for',
  );
  const x = numberOf(given, 'contract_address_salt', at, prime - 1n);
  const arguments_ = feltsOf(given, 'constructor_calldata', at, 1);
  check(arguments_[0] === x, `${at}.constructor_calldata`, 'must be the public key, and the salt the same');
  return { signature, transaction: { type: 'DEPLOY_ACCOUNT', x, ...shared } as Transaction };
}

function boundsOf(value: unknown, at: string): Bounds {
  const given = objectOf(value, at, resources);
  return Object.fromEntries(
    resources.map((name) => {
      const bound = objectOf(given[name], `${at}.${name}`, ['max_amount', 'max_price_per_unit']);
      const amount = numberOf(bound, 'max_amount', `${at}.${name}`, u64Max);
      return [name, { amount, price: numberOf(bound, 'max_price_per_unit', `${at}.${name}`, u128Max) }];
    }),
  ) as unknown as Bounds;
}

function jsonOf(bytes: Uint8Array, at: string): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return parseStrictJson(text, { bytesMax: 2 * bytesMax, name: at });
  } catch (cause) {
    return refuse(at, `is not the JSON of a transaction: ${(cause as Error).message.slice(0, 100)}`);
  }
}

/** `members`: all that may be there; a list may be absent where it is empty. */
function objectOf(value: unknown, at: string, members?: readonly string[]): Body {
  check(typeof value === 'object' && value !== null && !Array.isArray(value), at, 'must be an object');
  for (const name of Object.keys(value))
    check(members?.includes(name) ?? true, `${at}.${name.slice(0, 64)}`, 'is not known');
  return value as Body;
}

function feltsOf(given: Body, name: string, at: string, max: number): readonly bigint[] {
  const value = given[name] ?? [];
  check(Array.isArray(value) && value.length <= max, `${at}.${name}`, `must be a list of at most ${max} numbers`);
  return value.map((_, index) => numberOf(value as unknown as Body, String(index), `${at}.${name}`, prime - 1n));
}

function numberOf(given: Body, name: string, at: string, max: bigint): bigint {
  const value = given[name];
  check(typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value), `${at}.${name}`, 'must be 0x and hex digits');
  const number = BigInt(value);
  check(number <= max, `${at}.${name}`, `must be at most ${felt(max)}`);
  return number;
}
