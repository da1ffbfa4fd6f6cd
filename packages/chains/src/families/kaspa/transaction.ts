/**
 * Kaspa's transactions of version 0, as the JSON that its SDK calls safe (64-bit numbers as text), with what each input
 * spends; their id, digest (rusty-kaspa consensus/core/src/hashing) and mass (KIP-9).
 */
import { blake2b } from '@noble/hashes/blake2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { check, refuse } from '../../errors/index.ts';
import { le } from '../binary.ts';
import { concat, hexMember, toHex0x } from '../bytes.ts';
import type { Body } from '../types.ts';

export interface KaspaInput {
  /** Hex, as people read it and as it is hashed. */
  readonly transactionId: string;
  readonly index: number;
  readonly sequence: bigint;
  readonly sigOpCount: number;
  readonly spent: KaspaOutput;
}

export interface KaspaOutput {
  readonly amount: bigint;
  /** Of script version 0. */
  readonly script: Uint8Array;
}

export interface KaspaTransaction {
  readonly inputs: readonly KaspaInput[];
  readonly outputs: readonly KaspaOutput[];
  readonly lockTime: bigint;
}

const path = 'transaction';
const nativeSubnetwork = '00'.repeat(20);
const u64Max = (1n << 64n) - 1n;
const jsonBytesMax = 65_536;
export const INPUTS_MAX = 80;
const encoder = new TextEncoder();
export const SIGHASH_ALL = 1;

/** A member is the bytes of the JSON in hex, or the object itself. Exactly the members there are, native and unsigned. */
export function readTransaction(body: Body): KaspaTransaction {
  const given = body['transaction'];
  const value =
    typeof given === 'string' ? parseJson(hexMember(body, 'transaction', { min: 2, max: jsonBytesMax })) : given;
  return readObject(value);
}

export function readObject(value: unknown): KaspaTransaction {
  const given = members(
    value,
    path,
    ['version', 'inputs', 'outputs', 'lockTime', 'gas', 'subnetworkId', 'payload'],
    ['id', 'mass'],
  );
  check(given['version'] === 0, path, 'must be of version 0');
  check(
    number(given['gas'], 'gas') === 0n && given['subnetworkId'] === nativeSubnetwork,
    path,
    'must be of the native subnetwork',
  );
  check(given['payload'] === '', path, 'must have no payload');
  const transaction = {
    inputs: list(given['inputs'], 'inputs', INPUTS_MAX).map(readInput),
    outputs: list(given['outputs'], 'outputs', 100).map((each, n) => {
      const output = members(each, `${path}.outputs.${n}`, ['value', 'scriptPublicKey']);
      return { amount: number(output['value'], 'value'), script: script(output['scriptPublicKey']) };
    }),
    lockTime: number(given['lockTime'], 'lockTime'),
  };
  const outpoints = transaction.inputs.map(({ transactionId, index }) => `${transactionId}:${index}`);
  check(new Set(outpoints).size === outpoints.length, path, 'has an input twice');
  if (given['id'] !== undefined) check(given['id'] === idOf(transaction), path, 'has the id of another transaction');
  return transaction;
}

/** `scripts`: of the signatures, in the order of the inputs; empty ones otherwise. */
export function writeTransaction(transaction: KaspaTransaction, scripts: readonly Uint8Array[] = []) {
  return {
    id: idOf(transaction),
    version: 0,
    inputs: transaction.inputs.map((input, n) => ({
      transactionId: input.transactionId,
      index: input.index,
      sequence: String(input.sequence),
      sigOpCount: input.sigOpCount,
      signatureScript: toHex0x(scripts[n] ?? new Uint8Array(0)).slice(2),
      utxo: {
        amount: String(input.spent.amount),
        scriptPublicKey: `0000${toHex0x(input.spent.script).slice(2)}`,
      },
    })),
    outputs: transaction.outputs.map(({ amount, script: bytes }) => ({
      value: String(amount),
      scriptPublicKey: `0000${toHex0x(bytes).slice(2)}`,
    })),
    lockTime: String(transaction.lockTime),
    gas: '0',
    subnetworkId: nativeSubnetwork,
    payload: '',
  };
}

export function idOf({ inputs, outputs, lockTime }: KaspaTransaction): string {
  const hash = keyed(
    'TransactionID',
    le(0, 2),
    le(inputs.length, 8),
    ...inputs.flatMap((each) => [outpoint(each), le(0, 8), le(each.sequence, 8)]),
    le(outputs.length, 8),
    ...outputs.map(encodeOutput),
    le(lockTime, 8),
    new Uint8Array(20),
    le(0, 8),
    le(0, 8),
  );
  return toHex0x(hash).slice(2);
}

/** For Schnorr; ECDSA signs `ecdsaDigest` of it. SIGHASH_ALL. */
export function digestOf({ inputs, outputs, lockTime }: KaspaTransaction, index: number): Uint8Array {
  const input = inputs[index] ?? refuse(path, `has no input ${index}`);
  const part = (...bytes: readonly Uint8Array[]) => keyed('TransactionSigningHash', ...bytes);
  return part(
    le(0, 2),
    part(...inputs.map(outpoint)),
    part(...inputs.map((each) => le(each.sequence, 8))),
    part(...inputs.map((each) => le(each.sigOpCount, 1))),
    outpoint(input),
    le(0, 2),
    sized(input.spent.script),
    le(input.spent.amount, 8),
    le(input.sequence, 8),
    le(input.sigOpCount, 1),
    part(...outputs.map(encodeOutput)),
    le(lockTime, 8),
    new Uint8Array(20),
    le(0, 8),
    // The native subnetwork's empty payload has no hash of its own.
    new Uint8Array(32),
    Uint8Array.of(SIGHASH_ALL),
  );
}

export function ecdsaDigest(digest: Uint8Array): Uint8Array {
  return sha256(concat(sha256(encoder.encode('TransactionSigningHashECDSA')), digest));
}

const BYTE_MASS = 1;
const SCRIPT_BYTE_MASS = 10;
const SIGOP_MASS = 1_000;
const SIGNATURE_SCRIPT_BYTES = 66;
/** KIP-9's C: 10^12. */
const STORAGE = 1_000_000_000_000n;

/** Grams of the signed transaction: what a node weighs it by is the larger of computing and storing it. */
export function massOf({
  inputs,
  outputs,
}: {
  inputs: readonly { readonly amount: bigint }[];
  outputs: readonly KaspaOutput[];
}): bigint {
  const scripts = outputs.reduce((sum, each) => sum + 2 + each.script.length, 0);
  const size =
    2 +
    8 +
    inputs.length * (36 + 8 + SIGNATURE_SCRIPT_BYTES + 1 + 8) +
    8 +
    outputs.reduce((sum, each) => sum + 18 + each.script.length, 0) +
    8 +
    20 +
    8 +
    32 +
    8;
  const compute = BigInt(size * BYTE_MASS + scripts * SCRIPT_BYTE_MASS + inputs.length * SIGOP_MASS);
  const stored = storageMass(
    inputs.map((each) => each.amount),
    outputs.map((each) => each.amount),
  );
  return stored > compute ? stored : compute;
}

function storageMass(ins: readonly bigint[], outs: readonly bigint[]): bigint {
  const harmonic = (values: readonly bigint[]) => values.reduce((sum, each) => sum + STORAGE / each, 0n);
  const isRelaxed = outs.length === 1 || ins.length === 1 || (outs.length === 2 && ins.length === 2);
  const count = BigInt(ins.length);
  const mean = ins.reduce((sum, each) => sum + each, 0n) / count;
  const taken = isRelaxed ? harmonic(ins) : count * (STORAGE / mean);
  const left = harmonic(outs) - taken;
  return left > 0n ? left : 0n;
}

function outpoint({ transactionId, index }: KaspaInput): Uint8Array {
  return concat(hexMember({ transactionId }, 'transactionId', { exactly: 32 }), le(index, 4));
}

function encodeOutput({ amount, script: bytes }: KaspaOutput): Uint8Array {
  return concat(le(amount, 8), le(0, 2), sized(bytes));
}

function sized(bytes: Uint8Array): Uint8Array {
  return concat(le(bytes.length, 8), bytes);
}

function keyed(domain: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return blake2b(concat(...parts), { dkLen: 32, key: encoder.encode(domain) });
}

function readInput(value: unknown, n: number): KaspaInput {
  const at = `${path}.inputs.${n}`;
  const input = members(value, at, ['transactionId', 'index', 'sequence', 'sigOpCount', 'signatureScript', 'utxo']);
  check(input['signatureScript'] === '', at, 'is signed already');
  const spent = members(
    input['utxo'],
    `${at}.utxo`,
    ['amount', 'scriptPublicKey'],
    ['address', 'blockDaaScore', 'isCoinbase'],
  );
  const { transactionId, index, sigOpCount } = input;
  check(
    typeof transactionId === 'string' && /^[0-9a-f]{64}$/.test(transactionId),
    at,
    'must name a transaction in hex',
  );
  check(
    typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < 2 ** 32,
    at,
    'must name an output',
  );
  check(sigOpCount === 1, at, 'must count one signature');
  return {
    transactionId,
    index,
    sequence: number(input['sequence'], 'sequence'),
    sigOpCount,
    spent: { amount: number(spent['amount'], 'amount'), script: script(spent['scriptPublicKey']) },
  };
}

function script(value: unknown): Uint8Array {
  check(
    typeof value === 'string' && /^0000(?:[0-9a-f]{2}){1,100}$/.test(value),
    path,
    'has a script that is not of version 0',
  );
  return hexMember({ value: value.slice(4) }, 'value', { max: 100 });
}

function number(value: unknown, name: string): bigint {
  check(typeof value === 'string' && /^(0|[1-9][0-9]{0,19})$/.test(value), `${path}.${name}`, 'must be decimal text');
  const parsed = BigInt(value);
  check(parsed <= u64Max, `${path}.${name}`, 'is above 64 bits');
  return parsed;
}

function list(value: unknown, name: string, max: number): readonly unknown[] {
  check(Array.isArray(value) && value.length >= 1 && value.length <= max, `${path}.${name}`, `must have 1 to ${max}`);
  return value;
}

function members(value: unknown, at: string, required: readonly string[], optional: readonly string[] = []) {
  check(typeof value === 'object' && value !== null && !Array.isArray(value), at, 'must be an object');
  const given = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given))
    check(required.includes(name) || optional.includes(name), `${at}.${name}`, 'is not known');
  for (const name of required) check(given[name] !== undefined, `${at}.${name}`, 'is missing');
  return given;
}

/** Without spaces and without a member twice, so that each byte means something. */
function parseJson(bytes: Uint8Array): unknown {
  let value: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    return refuse(path, 'is not JSON in hex');
  }
  check(JSON.stringify(value) === text, path, 'is not JSON in its shortest form');
  return value;
}
