/**
 * Account transactions of version 0 (Concordium/concordium-base, haskell-src/Concordium/Types/Transactions.hs and
 * Execution.hs; proposals.concordium.software, CIS-2): a header of 60 bytes, then the payload; all numbers big-endian but
 * in parameters of contracts.
 */
import { check, refuse } from '../../errors/index.ts';
import { be, le, leb128, Reader } from '../binary.ts';
import { concat, equal } from '../bytes.ts';
import { decodeCbor, textString } from '../cbor.ts';
import type { Facts } from '../types.ts';
import { encodeAccount, type Token, tokenText } from './address.ts';

const path = 'transaction';
const types = { update: 2, transfer: 3, transferWithMemo: 22 } as const;
/** Highest type of a payload there is: TokenUpdate. */
const typeMax = 27;
const headerBytes = 60;
/** Protocol version 7. */
const payloadMax = 100_000;
export const memoMax = 256;
const amountBits = 256;

export interface Header {
  /** 32 bytes. */
  readonly sender: Uint8Array;
  readonly nonce: bigint;
  readonly energy: bigint;
  /** Seconds since 1970. */
  readonly expiry: bigint;
}

export type Payload =
  /** In microCCD. */
  | { readonly kind: 'transfer'; readonly to: Uint8Array; readonly amount: bigint; readonly memo?: string }
  /** Of a CIS-2 contract, whose name is before the dot of its functions. */
  | {
      readonly kind: 'token';
      readonly from: Uint8Array;
      readonly to: Uint8Array;
      readonly amount: bigint;
      readonly token: Token;
      readonly contract: string;
    };

export function encodePayload(payload: Payload): Uint8Array {
  if (payload.kind === 'transfer') {
    const { to, amount, memo } = payload;
    if (memo === undefined) return concat(be(types.transfer, 1), to, be(amount, 8));
    return concat(be(types.transferWithMemo, 1), to, withLength(textString(memo)), be(amount, 8));
  }
  const { from, to, amount, token, contract } = payload;
  const account = be(0, 1);
  // One transfer, of this token, without data for whoever receives it.
  const parameter = concat(
    le(1, 2),
    be(token.id.length, 1),
    token.id,
    leb128(amount),
    concat(account, from),
    concat(account, to),
    le(0, 2),
  );
  return concat(
    be(types.update, 1),
    be(0, 8),
    be(token.index, 8),
    be(token.subindex, 8),
    withLength(new TextEncoder().encode(`${contract}.transfer`)),
    withLength(parameter),
  );
}

export function encodeTransaction({ sender, nonce, energy, expiry }: Header, payload: Uint8Array): Uint8Array {
  return concat(sender, be(nonce, 8), be(energy, 8), be(payload.length, 4), be(expiry, 8), payload);
}

/** A block item of kind 0, with one credential and one key of it: the accounts that a wallet's key has. */
export const encodeSigned = (transaction: Uint8Array, signature: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(0), oneSignature, be(signature.length, 2), signature, transaction);

/** Credential 0, key 0. */
const oneSignature = Uint8Array.of(1, 0, 1, 0);

export interface Read {
  readonly header: Header;
  readonly facts: Facts;
}

export function readTransaction(bytes: Uint8Array): Read {
  const reader = new Reader(bytes, path);
  const sender = reader.take(32);
  const [nonce, energy, size, expiry] = [reader.be(8), reader.be(8), reader.be(4), reader.be(8)];
  check(size > 0n && size <= BigInt(payloadMax), path, `must have a payload of 1 to ${payloadMax} bytes`);
  check(size === BigInt(bytes.length - headerBytes), path, `has a payload of another size than its header says`);
  check(nonce > 0n, path, 'has no sequence number');
  const payload = reader.take(Number(size));
  const type = payload[0] ?? 0;
  check(type <= typeMax, path, `has a payload of unknown type ${type}`);
  const understood = interpret(payload, sender);
  return {
    header: { sender, nonce, energy, expiry },
    facts: {
      interpreted: understood !== undefined,
      kind: 'Transaction',
      summary: [
        ...(understood ?? [{ label: 'Type', value: String(type) }]),
        { label: 'From', value: encodeAccount(sender) },
        { label: 'Sequence', value: nonce.toString() },
        { label: 'Energy at most', value: energy.toString() },
        { label: 'Expires', value: expiry.toString() },
      ],
    },
  };
}

/** What `encodePayload` writes, and nothing besides. */
function interpret(bytes: Uint8Array, sender: Uint8Array): Facts['summary'] | undefined {
  const payload = payloadIn(bytes);
  if (payload === undefined || !equal(encodePayload(payload), bytes)) return undefined;
  const { to, amount } = payload;
  if (payload.kind === 'token' && !equal(payload.from, sender)) return undefined;
  return [
    { label: 'To', value: encodeAccount(to) },
    { label: 'Asset', value: payload.kind === 'token' ? tokenText(payload.token) : 'CCD' },
    { label: 'Amount', value: amount.toString() },
    ...(payload.kind === 'transfer' && payload.memo !== undefined ? [{ label: 'Memo', value: payload.memo }] : []),
  ];
}

function payloadIn(bytes: Uint8Array): Payload | undefined {
  const reader = new Reader(bytes, path);
  const type = reader.byte();
  try {
    if (type === types.transfer) return { kind: 'transfer', to: reader.take(32), amount: reader.be(8) };
    if (type === types.transferWithMemo) {
      const to = reader.take(32);
      const memo = decodeCbor(reader.take(Number(reader.be(2))), path);
      if (memo.type !== 'text') return undefined;
      return { kind: 'transfer', to, memo: memo.value, amount: reader.be(8) };
    }
    return type === types.update ? tokenIn(reader) : undefined;
  } catch {
    // Of another form: signed as given, and nothing is said about it.
    return undefined;
  }
}

function tokenIn(reader: Reader): Payload {
  reader.take(8);
  const [index, subindex] = [reader.be(8), reader.be(8)];
  const name = new TextDecoder().decode(reader.take(Number(reader.be(2))));
  const contract = /^(.+)\.transfer$/.exec(name)?.[1] ?? refuse(path, 'calls another function');
  reader.take(2 + 2);
  const id = reader.take(reader.byte());
  const amount = reader.leb128(amountBits);
  reader.take(1);
  const from = reader.take(32);
  reader.take(1);
  return { kind: 'token', from, to: reader.take(32), amount, token: { index, subindex, id }, contract };
}

const withLength = (bytes: Uint8Array): Uint8Array => concat(be(bytes.length, 2), bytes);
