/**
 * `Transaction.raw` in Protocol Buffers (tronprotocol/protocol, core/Tron.proto and core/contract/*.proto): what is
 * signed, and what of it is understood.
 */
import { check, refuse } from '../../errors/index.ts';
import { be, Reader } from '../binary.ts';
import { bytesToBigInt, concat, equal, toHex0x } from '../bytes.ts';
import { type Message, protoField, protoMessage, readMessage } from '../protobuf.ts';
import type { Facts } from '../types.ts';
import { encodeAddress, isAccount } from './address.ts';

const path = 'transaction';
export const i64Max = (1n << 63n) - 1n;
const typePrefix = 'type.googleapis.com/protocol.';
/** transfer(address,uint256) and safeTransferFrom(address,address,uint256). */
const transferSelector = 0xa9059cbb;
const safeTransferSelector = 0x42842e0e;

export const contractTypes = { transfer: 1, transferAsset: 2, trigger: 31 } as const;

interface ContractType {
  readonly name: string;
  /** Number of the field that holds the sender. */
  readonly owner: number;
}

/** `ContractType` of Tron.proto. Shielded transfers, which nobody in the open sends, are left out. */
const table: Readonly<Record<number, ContractType>> = {
  0: { name: 'AccountCreateContract', owner: 1 },
  1: { name: 'TransferContract', owner: 1 },
  2: { name: 'TransferAssetContract', owner: 2 },
  4: { name: 'VoteWitnessContract', owner: 1 },
  5: { name: 'WitnessCreateContract', owner: 1 },
  6: { name: 'AssetIssueContract', owner: 1 },
  8: { name: 'WitnessUpdateContract', owner: 1 },
  9: { name: 'ParticipateAssetIssueContract', owner: 1 },
  10: { name: 'AccountUpdateContract', owner: 2 },
  11: { name: 'FreezeBalanceContract', owner: 1 },
  12: { name: 'UnfreezeBalanceContract', owner: 1 },
  13: { name: 'WithdrawBalanceContract', owner: 1 },
  14: { name: 'UnfreezeAssetContract', owner: 1 },
  15: { name: 'UpdateAssetContract', owner: 1 },
  16: { name: 'ProposalCreateContract', owner: 1 },
  17: { name: 'ProposalApproveContract', owner: 1 },
  18: { name: 'ProposalDeleteContract', owner: 1 },
  19: { name: 'SetAccountIdContract', owner: 2 },
  30: { name: 'CreateSmartContract', owner: 1 },
  31: { name: 'TriggerSmartContract', owner: 1 },
  33: { name: 'UpdateSettingContract', owner: 1 },
  41: { name: 'ExchangeCreateContract', owner: 1 },
  42: { name: 'ExchangeInjectContract', owner: 1 },
  43: { name: 'ExchangeWithdrawContract', owner: 1 },
  44: { name: 'ExchangeTransactionContract', owner: 1 },
  45: { name: 'UpdateEnergyLimitContract', owner: 1 },
  46: { name: 'AccountPermissionUpdateContract', owner: 1 },
  48: { name: 'ClearABIContract', owner: 1 },
  49: { name: 'UpdateBrokerageContract', owner: 1 },
  52: { name: 'MarketSellAssetContract', owner: 1 },
  53: { name: 'MarketCancelOrderContract', owner: 1 },
  54: { name: 'FreezeBalanceV2Contract', owner: 1 },
  55: { name: 'UnfreezeBalanceV2Contract', owner: 1 },
  56: { name: 'WithdrawExpireUnfreezeContract', owner: 1 },
  57: { name: 'DelegateResourceContract', owner: 1 },
  58: { name: 'UnDelegateResourceContract', owner: 1 },
  59: { name: 'CancelAllUnfreezeV2Contract', owner: 1 },
};

const rawFields = {
  1: 'bytes',
  3: 'number',
  4: 'bytes',
  8: 'number',
  9: 'bytes',
  10: 'bytes',
  11: 'bytes',
  12: 'bytes',
  14: 'number',
  18: 'number',
} as const;

export interface Raw {
  /** 2 bytes of a recent block's number, 8 of its hash. */
  readonly refBlockBytes: Uint8Array;
  readonly refBlockHash: Uint8Array;
  /** Milliseconds since 1970. */
  readonly expiration: bigint;
  readonly timestamp: bigint;
  /** Sun; 0 where no contract runs. */
  readonly feeLimit: bigint;
  readonly type: number;
  readonly value: Uint8Array;
}

export function encodeRaw({ refBlockBytes, refBlockHash, expiration, timestamp, feeLimit, type, value }: Raw) {
  const any = concat(protoField(1, `${typePrefix}${table[type]?.name}`), protoField(2, value));
  return concat(
    protoField(1, refBlockBytes),
    protoField(4, refBlockHash),
    protoField(8, expiration),
    protoMessage(11, protoField(1, BigInt(type)), protoMessage(2, any)),
    protoField(14, timestamp),
    protoField(18, feeLimit),
  );
}

export function encodeTransfer(owner: Uint8Array, to: Uint8Array, amount: bigint): Uint8Array {
  return concat(protoField(1, owner), protoField(2, to), protoField(3, amount));
}

export function encodeTransferAsset(owner: Uint8Array, to: Uint8Array, amount: bigint, tokenId: string): Uint8Array {
  return concat(protoField(1, tokenId), protoField(2, owner), protoField(3, to), protoField(4, amount));
}

export function encodeTrigger(owner: Uint8Array, contract: Uint8Array, data: Uint8Array): Uint8Array {
  return concat(protoField(1, owner), protoField(2, contract), protoField(4, data));
}

export const tokenCall = (to: Uint8Array, amount: bigint): Uint8Array =>
  concat(be(transferSelector, 4), be(bytesToBigInt(to.subarray(1)), 32), be(amount, 32));

export const nftCall = (from: Uint8Array, to: Uint8Array, tokenId: bigint): Uint8Array =>
  concat(
    be(safeTransferSelector, 4),
    be(bytesToBigInt(from.subarray(1)), 32),
    be(bytesToBigInt(to.subarray(1)), 32),
    be(tokenId, 32),
  );

/** Refuses what another account sends, and whatever is not in canonical form. */
export function parseRaw(bytes: Uint8Array, own: Uint8Array): Facts {
  const raw = readMessage(bytes, path, rawFields);
  check(raw.bytes(1).length === 2, path, 'has no reference to a block (ref_block_bytes of 2 bytes)');
  check(raw.bytes(4).length === 8, path, 'has no reference to a block (ref_block_hash of 8 bytes)');
  const expiration = positive(raw, 8, 'expiration');
  check(expiration > 0n, path, 'has no expiration');
  const feeLimit = positive(raw, 18, 'fee_limit');
  const [only, ...others] = raw.all(11);
  check(only !== undefined && others.length === 0, path, `has ${raw.all(11).length} contracts in place of one`);
  const contract = readMessage(only, path, { 1: 'number', 2: 'bytes', 3: 'bytes', 4: 'bytes', 5: 'number' });
  const type = contract.number(1);
  const known = table[Number(type)] ?? refuse(path, `contract type ${type} is not known`);
  const any = readMessage(contract.bytes(2), path, { 1: 'bytes', 2: 'bytes' });
  const url = any.text(1);
  check(url === `${typePrefix}${known.name}`, path, `calls its ${known.name} ${url.slice(0, 80)}`);
  const value = any.bytes(2);
  const owner = ownerIn(value, known.owner);
  check(isAccount(owner), path, 'has no sender');
  check(equal(owner, own), path, `is sent by ${encodeAddress(owner)}, not by this wallet`);
  const plain = ![3, 9, 10, 12].some((field) => raw.has(field)) && ![3, 4, 5].some((field) => contract.has(field));
  const understood = plain ? interpret(Number(type), value, own) : undefined;
  const data = raw.bytes(10);
  return {
    interpreted: understood !== undefined,
    kind: 'Transaction',
    summary: [
      ...(understood ?? [{ label: 'Type', value: known.name }]),
      ...(data.length === 0 ? [] : [{ label: 'Note', value: `${data.length} bytes` }]),
      ...(feeLimit === 0n ? [] : [{ label: 'Fee limit', value: feeLimit.toString() }]),
      { label: 'Reference block', value: toHex0x(raw.bytes(4)).slice(2) },
      { label: 'Expires', value: expiration.toString() },
    ],
  };
}

function interpret(type: number, value: Uint8Array, own: Uint8Array): Facts['summary'] | undefined {
  switch (type) {
    case contractTypes.transfer: {
      const read = readMessage(value, path, { 1: 'bytes', 2: 'bytes', 3: 'number' });
      return paid(read.bytes(2), 'TRX', positive(read, 3, 'amount'));
    }
    case contractTypes.transferAsset: {
      const read = readMessage(value, path, { 1: 'bytes', 2: 'bytes', 3: 'bytes', 4: 'number' });
      return paid(read.bytes(3), read.text(1), positive(read, 4, 'amount'));
    }
    case contractTypes.trigger: {
      const read = readMessage(value, path, {
        1: 'bytes',
        2: 'bytes',
        3: 'number',
        4: 'bytes',
        5: 'number',
        6: 'number',
      });
      const contract = read.bytes(2);
      check(isAccount(contract), path, 'calls no contract');
      return [3, 5, 6].some((field) => read.has(field)) ? undefined : called(read.bytes(4), contract, own);
    }
    default:
      return undefined;
  }
}

/** What `tokenCall` and `nftCall` write, and nothing besides. */
function called(data: Uint8Array, contract: Uint8Array, own: Uint8Array): Facts['summary'] | undefined {
  if (data.length !== 68 && data.length !== 100) return undefined;
  const selector = Number(bytesToBigInt(data.subarray(0, 4)));
  const wordAt = (index: number) => bytesToBigInt(data.subarray(4 + 32 * index, 36 + 32 * index));
  const accountAt = (index: number) => concat(Uint8Array.of(0x41), data.subarray(16 + 32 * index, 36 + 32 * index));
  const asset = encodeAddress(contract);
  if (selector === transferSelector && equal(tokenCall(accountAt(0), wordAt(1)), data))
    return paid(accountAt(0), asset, wordAt(1));
  if (selector === safeTransferSelector && data.length === 100 && equal(nftCall(own, accountAt(1), wordAt(2)), data))
    return [
      { label: 'To', value: encodeAddress(accountAt(1)) },
      { label: 'Asset', value: asset },
      { label: 'Token id', value: wordAt(2).toString() },
    ];
  return undefined;
}

function paid(to: Uint8Array, asset: string, amount: bigint): Facts['summary'] {
  check(isAccount(to), path, 'pays to no account');
  return [
    { label: 'To', value: encodeAddress(to) },
    { label: 'Asset', value: asset },
    { label: 'Amount', value: amount.toString() },
  ];
}

/** Numbers are int64 in the format; a negative one has no meaning in any field that is read here. */
function positive(message: Message, field: number, name: string): bigint {
  const value = message.number(field);
  check(value <= i64Max, path, `has a negative ${name}`);
  return value;
}

/** Bytes of one field of a message whose other fields are not looked into. */
function ownerIn(value: Uint8Array, field: number): Uint8Array {
  const reader = new Reader(value, path);
  let owner = new Uint8Array(0) as Uint8Array;
  while (reader.left > 0) {
    const tag = reader.leb128(32);
    const kind = tag & 7n;
    check(kind === 0n || kind === 2n, path, 'has a field of a type that no contract has');
    const word = reader.leb128(64);
    if (kind === 0n) continue;
    check(word <= BigInt(reader.left), path, 'has a field that is not complete');
    const bytes = reader.take(Number(word));
    if (tag >> 3n !== BigInt(field)) continue;
    check(owner.length === 0, path, 'has two senders');
    owner = bytes;
  }
  return owner;
}
