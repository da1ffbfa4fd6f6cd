/**
 * What an extrinsic of version 4 is signed over, from the members that polkadot-js gives a signer (its
 * SignerPayloadJSON): the call, then what each of the chain's extensions adds, then what each has signed beside.
 */
import { check, refuse } from '../../errors/index.ts';
import { le } from '../binary.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { textOf } from '../members.ts';
import type { Body, Facts } from '../types.ts';
import { decodeAddress } from './address.ts';

const callMax = 65_536;
const u32Max = (1n << 32n) - 1n;
const u128Max = (1n << 128n) - 1n;

const members = new Set([
  'address',
  'assetId',
  'blockHash',
  'blockNumber',
  'era',
  'genesisHash',
  'metadataHash',
  'method',
  'mode',
  'nonce',
  'signedExtensions',
  'specVersion',
  'tip',
  'transactionVersion',
  'version',
  'withSignedTransaction',
]);

interface Extension {
  /** In the extrinsic, and signed. */
  readonly extra?: (read: Read) => Uint8Array;
  /** Signed, but not in the extrinsic. */
  readonly signed?: (read: Read) => Uint8Array;
}

interface Read {
  readonly era: Uint8Array;
  readonly nonce: bigint;
  readonly tip: bigint;
  readonly specVersion: bigint;
  readonly transactionVersion: bigint;
  readonly genesis: Uint8Array;
  readonly block: Uint8Array;
  /** Absent: the chain need not check what the signer was shown. */
  readonly metadataHash: Uint8Array | undefined;
}

const mortality: Extension = { extra: ({ era }) => era, signed: ({ block }) => block };

/** Of the runtimes of our networks (polkadot-js/api, packages/types/src/extrinsic/signedExtensions). */
const extensions: Readonly<Record<string, Extension>> = {
  AuthorizeCall: {},
  ChargeAssetTxPayment: { extra: ({ tip }) => concat(compact(tip), Uint8Array.of(0)) },
  ChargeTransactionPayment: { extra: ({ tip }) => compact(tip) },
  CheckEra: mortality,
  CheckGenesis: { signed: ({ genesis }) => genesis },
  CheckMetadataHash: {
    extra: ({ metadataHash }) => Uint8Array.of(metadataHash === undefined ? 0 : 1),
    signed: ({ metadataHash }) =>
      metadataHash === undefined ? Uint8Array.of(0) : concat(Uint8Array.of(1), metadataHash),
  },
  CheckMortality: mortality,
  CheckNonZeroSender: {},
  CheckNonce: { extra: ({ nonce }) => compact(nonce) },
  CheckSpecVersion: { signed: ({ specVersion }) => le(specVersion, 4) },
  CheckTxVersion: { signed: ({ transactionVersion }) => le(transactionVersion, 4) },
  CheckWeight: {},
  PrevalidateAttests: {},
  SetOrigin: {},
  StorageWeightReclaim: {},
  StoreCallMetadata: {},
  WeightReclaim: {},
};
/** One of each must be there: without it, the member of the same meaning would be shown and not signed. */
const required = [
  ['CheckGenesis'],
  ['CheckSpecVersion'],
  ['CheckTxVersion'],
  ['CheckMortality', 'CheckEra'],
  ['CheckNonce'],
  ['ChargeTransactionPayment', 'ChargeAssetTxPayment'],
];

export interface Payload {
  /** What is signed, or hashed and signed. */
  readonly bytes: Uint8Array;
  readonly method: Uint8Array;
  /** Era, nonce, tip and so on, as they stand in the extrinsic. */
  readonly extra: Uint8Array;
  readonly nonce: bigint;
  readonly transactionVersion: bigint;
  readonly summary: Facts['summary'];
}

interface Given {
  readonly value: Body;
  /** Of the member that holds it. */
  readonly path: string;
}

/** `genesis` absent: the request names no network. */
export function encodePayload(given: Given, publicKey: Uint8Array, genesis: Uint8Array | undefined): Payload {
  const { value } = given;
  const at = (name: string) => memberOf(given, name);
  for (const name of Object.keys(value)) check(members.has(name), at(name.slice(0, 64)), 'is not known');
  check(value['version'] === 4, at('version'), 'must be 4');
  const account = decodeAddress(textOf({ [at('address')]: value['address'] }, at('address')), at('address'));
  check(equal(account, publicKey), at('address'), 'is not of this wallet');
  const named = hexOf(given, 'genesisHash', { exactly: 32 });
  check(genesis === undefined || equal(named, genesis), at('genesisHash'), 'is of another network');
  check(
    value['assetId'] === undefined || value['assetId'] === null,
    at('assetId'),
    'pays the fee in a token, which is not signed here',
  );
  const method = hexOf(given, 'method', { min: 2, max: callMax });
  const era = eraOf(given);
  const block = hexOf(given, 'blockHash', { exactly: 32 });
  check(era.length === 2 || equal(block, named), at('blockHash'), 'must be the genesis hash, as the era never ends');
  if (value['blockNumber'] !== undefined) numberOf(given, 'blockNumber', u32Max);
  const read: Read = {
    era,
    block,
    genesis: named,
    nonce: numberOf(given, 'nonce', u32Max),
    tip: numberOf(given, 'tip', u128Max),
    specVersion: numberOf(given, 'specVersion', u32Max),
    transactionVersion: numberOf(given, 'transactionVersion', u32Max),
    metadataHash: metadataHashOf(given),
  };
  const found = extensionsOf(given, read);
  const extra = concat(...found.map((each) => each.extra?.(read) ?? new Uint8Array(0)));
  const signed = concat(...found.map((each) => each.signed?.(read) ?? new Uint8Array(0)));
  return {
    bytes: concat(method, extra, signed),
    method,
    extra,
    nonce: read.nonce,
    transactionVersion: read.transactionVersion,
    summary: [
      { label: 'Call', value: `${toHex0x(method.subarray(0, 2))}, ${method.length} bytes` },
      { label: 'Nonce', value: read.nonce.toString() },
      { label: 'Tip', value: read.tip.toString() },
      { label: 'Era', value: era.length === 1 ? 'never ends' : toHex0x(era) },
    ],
  };
}

/** Compact integers of SCALE: 1, 2 or 4 bytes, or a length and the shortest little-endian form. */
export function compact(value: bigint): Uint8Array {
  if (value < 1n << 6n) return le(value << 2n, 1);
  if (value < 1n << 14n) return le((value << 2n) | 1n, 2);
  if (value < 1n << 30n) return le((value << 2n) | 2n, 4);
  const length = Math.ceil(value.toString(16).length / 2);
  return concat(Uint8Array.of(((length - 4) << 2) | 3), le(value, length));
}

function extensionsOf(given: Given, read: Read): readonly Extension[] {
  const value = given.value['signedExtensions'];
  const path = memberOf(given, 'signedExtensions');
  check(Array.isArray(value) && value.length <= 32, path, 'must be a list of at most 32 names');
  const names: readonly unknown[] = value;
  for (const choice of required)
    check(
      names.filter((name) => choice.includes(String(name))).length === 1,
      path,
      `must have one of ${choice.join(', ')}`,
    );
  check(new Set(names).size === names.length, path, 'has a name twice');
  check(
    read.metadataHash === undefined || names.includes('CheckMetadataHash'),
    path,
    'lacks CheckMetadataHash, though a hash is given',
  );
  return names.map((name) =>
    typeof name === 'string' && Object.hasOwn(extensions, name)
      ? (extensions[name] ?? {})
      : refuse(path, `has ${String(name).slice(0, 64)}, whose encoding is not known`),
  );
}

/** 00: never ends. Two bytes: period and phase. */
function eraOf(given: Given): Uint8Array {
  const era = hexOf(given, 'era', { min: 1, max: 2 });
  const [first = 0] = era;
  check(
    era.length === 1 ? first === 0 : (first & 15) !== 0,
    memberOf(given, 'era'),
    'must be 00, or two bytes of a mortal era',
  );
  return era;
}

function metadataHashOf(given: Given): Uint8Array | undefined {
  const mode = given.value['mode'] ?? 0;
  check(mode === 0 || mode === 1, memberOf(given, 'mode'), 'must be 0 or 1');
  const hash = given.value['metadataHash'];
  const absent = hash === undefined || hash === null;
  check(absent === (mode === 0), memberOf(given, 'metadataHash'), 'must be there exactly where the mode is 1');
  return absent ? undefined : hexOf(given, 'metadataHash', { exactly: 32 });
}

/** Hex, big-endian, as polkadot-js writes numbers; or an integer. */
function numberOf(given: Given, name: string, max: bigint): bigint {
  const value = given.value[name];
  const path = memberOf(given, name);
  const read =
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? BigInt(value)
      : typeof value === 'string' && /^0x[0-9a-fA-F]{1,32}$/.test(value)
        ? BigInt(value)
        : refuse(path, 'must be 0x and hex digits, or an integer');
  check(read <= max, path, `must be at most ${max}`);
  return read;
}

function hexOf(given: Given, name: string, limits: Parameters<typeof hexMember>[2]): Uint8Array {
  const path = memberOf(given, name);
  return hexMember({ [path]: given.value[name] }, path, limits);
}

const memberOf = ({ path }: Given, name: string): string => `${path}.${name}`;
