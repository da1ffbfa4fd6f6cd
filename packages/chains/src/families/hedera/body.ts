/** `TransactionBody` (hashgraph/hedera-protobufs, services/transaction_body.proto): written for transfers, read for what it says. */
import { check, refuse } from '../../errors/index.ts';
import { concat } from '../bytes.ts';
import { type Message, protoField, protoMessage, readMessage } from '../protobuf.ts';
import type { Facts } from '../types.ts';
import { type Account, accountText, encodeAccount, sameAccount } from './address.ts';

const path = 'transaction';
const i64 = 1n << 63n;

/** Fields of the union `data`; every kind of transaction that an account can send. */
const kinds: Readonly<Record<number, string>> = {
  7: 'contractCall',
  8: 'contractCreateInstance',
  9: 'contractUpdateInstance',
  10: 'cryptoAddLiveHash',
  11: 'cryptoCreateAccount',
  12: 'cryptoDelete',
  13: 'cryptoDeleteLiveHash',
  14: 'cryptoTransfer',
  15: 'cryptoUpdateAccount',
  16: 'fileAppend',
  17: 'fileCreate',
  18: 'fileDelete',
  19: 'fileUpdate',
  20: 'systemDelete',
  21: 'systemUndelete',
  22: 'contractDeleteInstance',
  23: 'freeze',
  24: 'consensusCreateTopic',
  25: 'consensusUpdateTopic',
  26: 'consensusDeleteTopic',
  27: 'consensusSubmitMessage',
  28: 'uncheckedSubmit',
  29: 'tokenCreation',
  31: 'tokenFreeze',
  32: 'tokenUnfreeze',
  33: 'tokenGrantKyc',
  34: 'tokenRevokeKyc',
  35: 'tokenDeletion',
  36: 'tokenUpdate',
  37: 'tokenMint',
  38: 'tokenBurn',
  39: 'tokenWipe',
  40: 'tokenAssociate',
  41: 'tokenDissociate',
  42: 'scheduleCreate',
  43: 'scheduleDelete',
  44: 'scheduleSign',
  45: 'tokenFeeScheduleUpdate',
  46: 'tokenPause',
  47: 'tokenUnpause',
  48: 'cryptoApproveAllowance',
  49: 'cryptoDeleteAllowance',
  50: 'ethereumTransaction',
  52: 'utilPrng',
  53: 'tokenUpdateNfts',
  57: 'tokenReject',
  58: 'tokenAirdrop',
  59: 'tokenCancelAirdrop',
  60: 'tokenClaimAirdrop',
};
const bodyFields = {
  1: 'bytes',
  2: 'bytes',
  3: 'word',
  4: 'bytes',
  5: 'word',
  6: 'bytes',
  ...Object.fromEntries(Object.keys(kinds).map((field) => [field, 'bytes' as const])),
} as const;

/** What is moved. */
export type Moved =
  | { readonly kind: 'hbar'; readonly amount: bigint }
  | { readonly kind: 'token'; readonly token: bigint; readonly amount: bigint }
  | { readonly kind: 'nft'; readonly token: bigint; readonly serial: bigint };

export interface Transfer {
  /** Pays the fee and what is moved. */
  readonly payer: bigint;
  readonly to: Account;
  readonly moved: Moved;
  readonly memo: string;
  /** The node that is to take it. */
  readonly node: bigint;
  /** Nanoseconds since 1970. */
  readonly validStart: bigint;
  readonly validSeconds: bigint;
  /** Tinybar at most. */
  readonly fee: bigint;
}

const billion = 1_000_000_000n;

export function encodeTransfer({ payer, to, moved, memo, node, validStart, validSeconds, fee }: Transfer): Uint8Array {
  const from = { num: payer };
  const start = concat(protoField(1, validStart / billion), protoField(2, validStart % billion));
  const amounts = (field: number, amount: bigint) => [
    protoMessage(field, protoMessage(1, encodeAccount(from)), protoField(2, zigzag(-amount))),
    protoMessage(field, protoMessage(1, encodeAccount(to)), protoField(2, zigzag(amount))),
  ];
  const data =
    moved.kind === 'hbar'
      ? protoMessage(1, ...amounts(1, moved.amount))
      : protoMessage(
          2,
          protoMessage(1, protoField(3, moved.token)),
          ...(moved.kind === 'token'
            ? amounts(2, moved.amount)
            : [
                protoMessage(
                  3,
                  protoMessage(1, encodeAccount(from)),
                  protoMessage(2, encodeAccount(to)),
                  protoField(3, moved.serial),
                ),
              ]),
        );
  return concat(
    protoMessage(1, protoMessage(1, start), protoMessage(2, encodeAccount(from))),
    protoMessage(2, encodeAccount({ num: node })),
    protoField(3, fee),
    protoMessage(4, protoField(1, validSeconds)),
    protoField(6, memo),
    protoMessage(14, data),
  );
}

export interface Read {
  /** `0.0.n@seconds.nanos`, as explorers write it. */
  readonly id: string;
  readonly payer: Account;
  readonly validStart: bigint;
  readonly facts: Facts;
}

export function readBody(bytes: Uint8Array, at: string = path): Read {
  const body = readMessage(bytes, at, bodyFields);
  const name = readMessage(body.bytes(1), at, { 1: 'bytes', 2: 'bytes', 3: 'word', 4: 'word' });
  const start = readMessage(name.bytes(1), at, { 1: 'word', 2: 'word' });
  const [seconds, nanos] = [start.number(1), start.number(2)];
  check(seconds > 0n && seconds < 1n << 40n && nanos < billion, at, 'has no moment from which it is valid');
  check(name.number(3) === 0n && name.number(4) === 0n, at, 'is scheduled, or has a nonce of its own');
  const payer = accountIn(name.bytes(2), at);
  const node = accountIn(body.bytes(2), at);
  const duration = readMessage(body.bytes(4), at, { 1: 'word' }).number(1);
  const found = Object.keys(kinds).filter((field) => body.has(Number(field)));
  const [field = ''] = found;
  check(found.length === 1, at, `has ${found.length} contents in place of one`);
  const fee = body.number(3);
  const memo = body.has(6) && body.bytes(6).length > 0 ? body.text(6) : '';
  const understood = field === '14' ? interpret(body.bytes(14), payer, at) : undefined;
  return {
    id: `${accountText(payer)}@${seconds}.${nanos.toString().padStart(9, '0')}`,
    payer,
    validStart: seconds * billion + nanos,
    facts: {
      interpreted: understood !== undefined,
      kind: 'Transaction',
      summary: [
        ...(understood ?? [{ label: 'Type', value: kinds[Number(field)] ?? '' }]),
        ...(memo === '' ? [] : [{ label: 'Memo', value: memo.slice(0, 100) }]),
        { label: 'Paid by', value: accountText(payer) },
        { label: 'Fee at most', value: fee.toString() },
        { label: 'Node', value: accountText(node) },
        { label: 'Valid from', value: `${seconds}.${nanos.toString().padStart(9, '0')} for ${duration} s` },
      ],
    },
  };
}

function interpret(bytes: Uint8Array, payer: Account, at: string): Facts['summary'] | undefined {
  const data = readMessage(bytes, at, { 1: 'bytes', 2: 'bytes' });
  const hbar = readMessage(data.bytes(1), at, { 1: 'bytes' }).all(1);
  const tokens = data.all(2);
  if (tokens.length === 0) {
    const paid = payment(hbar, payer, at);
    return paid === undefined ? undefined : said(paid.to, 'HBAR', 'Amount', paid.amount);
  }
  const [only, ...others] = tokens;
  if (hbar.length > 0 || only === undefined || others.length > 0) return undefined;
  const list = readMessage(only, at, { 1: 'bytes', 2: 'bytes', 3: 'bytes', 4: 'bytes' });
  const id = readMessage(list.bytes(1), at, { 1: 'word', 2: 'word', 3: 'word' });
  if (list.has(4) || id.number(1) !== 0n || id.number(2) !== 0n) return undefined;
  const asset = `0.0.${id.number(3)}`;
  const [nft, ...more] = list.all(3);
  if (nft === undefined) {
    const paid = payment(list.all(2), payer, at);
    return paid === undefined ? undefined : said(paid.to, asset, 'Amount', paid.amount);
  }
  if (more.length > 0 || list.has(2)) return undefined;
  const read = readMessage(nft, at, { 1: 'bytes', 2: 'bytes', 3: 'word', 4: 'word' });
  const from = accountIn(read.bytes(1), at);
  if (!sameAccount(from, payer) || read.number(4) !== 0n) return undefined;
  return said(accountIn(read.bytes(2), at), asset, 'Serial number', read.number(3));
}

/** Two amounts that cancel out, the negative one of the payer's own. */
function payment(list: readonly Uint8Array[], payer: Account, at: string) {
  const amounts = list.map((each) => {
    const read = readMessage(each, at, { 1: 'bytes', 2: 'word', 3: 'word' });
    return { account: accountIn(read.bytes(1), at), amount: unzigzag(read.number(2)), approved: read.number(3) !== 0n };
  });
  const from = amounts.find(({ amount }) => amount < 0n);
  const to = amounts.find(({ amount }) => amount > 0n);
  if (amounts.length !== 2 || from === undefined || to === undefined) return undefined;
  const plain = !from.approved && !to.approved && sameAccount(from.account, payer) && from.amount === -to.amount;
  return plain ? { to: to.account, amount: to.amount } : undefined;
}

const said = (to: Account, asset: string, label: string, value: bigint): Facts['summary'] => [
  { label: 'To', value: accountText(to) },
  { label: 'Asset', value: asset },
  { label, value: value.toString() },
];

function accountIn(bytes: Uint8Array, at: string): Account {
  const read: Message = readMessage(bytes, at, { 1: 'word', 2: 'word', 3: 'word', 4: 'bytes' });
  check(read.number(1) === 0n && read.number(2) === 0n, at, 'names an account of another shard or realm');
  const alias = read.bytes(4);
  if (read.has(4)) {
    // Of two the network takes the later one, and were it empty.
    check(alias.length > 0 && read.number(3) === 0n, at, 'names an account by number and by alias');
    return { alias };
  }
  const num = read.number(3);
  return num > 0n && num < i64 ? { num } : refuse(at, 'lacks an account');
}

/** sint64: small numbers of either sign are short. */
const zigzag = (value: bigint): bigint => (value < 0n ? -2n * value - 1n : 2n * value);
const unzigzag = (value: bigint): bigint => ((value & 1n) === 1n ? -((value + 1n) >> 1n) : value >> 1n);
