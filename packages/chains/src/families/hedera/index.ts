/**
 * Hedera: transactions in Protocol Buffers for one node, as the SDKs' `toBytes` writes them. Accounts have numbers that no
 * key tells: the completion names the wallet's, and the network takes the signature for accounts of this key alone.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { check, refuse } from '../../errors/index.ts';
import { concat, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, memoOf, textOf, transferOf } from '../members.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { protoMessage, readMessage } from '../protobuf.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Family, Order, PublicKeyRef, SigningItem } from '../types.ts';
import { type Account, accountText, addressOf, isOwn, parseAccount } from './address.ts';
import { encodeTransfer, type Moved, readBody } from './body.ts';

const path = 'transaction';
/** 6 KiB is the network's own limit. */
const bytesMax = 8_192;
const i64Max = (1n << 63n) - 1n;
/** 2 HBAR: what the SDK offers where a transaction has no default of its own; for transfers it offers 1. */
const feeMaxDefault = 200_000_000n;
/** The network takes at most 180 seconds; the SDKs write 120. */
const validSeconds = 120n;
const memoMax = 100;

export const hedera: Family = {
  name: 'hedera',

  address: (key) => addressOf(key),

  plan({ key, body }) {
    if (body['kind'] !== 'Transaction') return planPlain(key, body, ['Transaction']);
    const bytes = unsignedOf(body);
    return { items: [itemOf(key, bytes)], facts: readBody(bytes).facts };
  },

  assemble({ key, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(r, s));
    if (body['kind'] !== 'Transaction') return { signature };
    // `SignaturePair`: the key, and the signature under the number of its scheme.
    const pair = concat(protoMessage(1, key.publicKey), protoMessage(key.scheme === 'EdDSA' ? 3 : 6, raw.signature));
    return { signature, signedData: toHex0x(inList(unsignedOf(body), protoMessage(1, pair))) };
  },

  occupies({ body }) {
    const { payer, validStart } = readBody(unsignedOf(body));
    return exclusionOf(payer, validStart);
  },

  construct(order) {
    if (order.purpose === 'transaction') return whole(order);
    const { key, network, body, completion } = order;
    const { to, moved } = wantedOf(key, body);
    const given = completionOf(completion, { required: ['account', 'node', 'validStart', 'fee'] });
    const payer = given.number('account', i64Max, 1n);
    check(accountText(to) !== `0.0.${payer}`, 'to', 'is this wallet itself');
    const fee = given.number('fee', i64Max, 1n);
    checkFee(fee, network.feeMax ?? feeMaxDefault, 'HBAR');
    // Seconds of 40 bits reach beyond the year 30000.
    const validStart = given.number('validStart', 1_000_000_000n << 40n, 1_000_000_000n);
    const bytes = encodeTransfer({
      payer,
      to,
      moved,
      memo: memoOf(body) ?? '',
      node: given.number('node', i64Max, 1n),
      validStart,
      validSeconds,
      fee,
    });
    return {
      body: { kind: 'Transaction', transaction: toHex0x(inList(bytes, new Uint8Array(0))) },
      facts: readBody(bytes).facts,
      feeMax: fee,
      exclusion: exclusionOf({ num: payer }, validStart),
    };
  },

  transactionId(signedData) {
    const bytes = hexMember({ signedData }, 'signedData', { min: 1, max: 2 * bytesMax });
    return readBody(outOfList(bytes, 'signedData').body, 'signedData').id;
  },
};

function whole({ body, completion }: Order & { readonly completion: Completion }): Construction {
  if (body['kind'] !== 'Transaction') return unknownKind(body, ['Transaction']);
  completionOf(completion, { required: [] });
  const made = { kind: 'Transaction', transaction: body['transaction'] };
  return { body: made, facts: readBody(unsignedOf(made)).facts, exclusion: { kind: 'digest' } };
}

function wantedOf(key: PublicKeyRef, body: Body): { readonly to: Account; readonly moved: Moved } {
  const kind = String(body['kind']);
  switch (kind) {
    case 'Native':
      transferOf(body, ['to', 'amount', 'memo']);
      break;
    case 'Hts':
      transferOf(body, ['to', 'amount', 'memo', 'tokenId']);
      break;
    case 'Hip17':
      transferOf(body, ['to', 'memo', 'tokenId', 'serialNumber']);
      break;
    default:
      return unknownKind(body, ['Native', 'Hts', 'Hip17']);
  }
  const to = parseAccount(textOf(body, 'to'), 'to');
  check(!isOwn(to, key), 'to', 'is this wallet itself');
  const memo = memoOf(body) ?? '';
  check(new TextEncoder().encode(memo).length <= memoMax, 'memo', `must be at most ${memoMax} bytes`);
  check(!memo.includes('\0'), 'memo', 'must have no zero bytes');
  if (kind === 'Native') return { to, moved: { kind: 'hbar', amount: amountOf(body, i64Max) } };
  const token = numberOf(textOf(body, 'tokenId'), 'tokenId', /^0\.0\.([1-9][0-9]{0,18})$/);
  if (kind === 'Hts') return { to, moved: { kind: 'token', token, amount: amountOf(body, i64Max) } };
  const serial = numberOf(textOf(body, 'serialNumber'), 'serialNumber', /^([1-9][0-9]{0,18})$/);
  return { to, moved: { kind: 'nft', token, serial } };
}

function numberOf(text: string, name: string, form: RegExp): bigint {
  const number = BigInt(form.exec(text)?.[1] ?? refuse(name, 'is not of the form that Hedera gives it'));
  check(number <= i64Max, name, `exceeds ${i64Max}`);
  return number;
}

/** A transaction ID counts once in the three minutes in which it may count at all. */
const exclusionOf = (payer: Account, validStart: bigint) =>
  ({ kind: 'sequence', account: accountText(payer), lane: '', sequence: validStart.toString() }) as const;

/** Keys on secp256k1 sign the Keccak-256 of the body. */
function itemOf(key: PublicKeyRef, bytes: Uint8Array): SigningItem {
  return key.scheme === 'EdDSA'
    ? { algorithm: 'eddsa', message: bytes }
    : { algorithm: 'ecdsa', digest: keccak_256(bytes) };
}

/** `TransactionList` of one `Transaction`, whose `SignedTransaction` is the body and a map of signatures. */
function inList(body: Uint8Array, signatures: Uint8Array): Uint8Array {
  return protoMessage(1, protoMessage(5, protoMessage(1, body), protoMessage(2, signatures)));
}

function outOfList(bytes: Uint8Array, at: string): { readonly body: Uint8Array; readonly signatures: Uint8Array } {
  const [only, ...others] = readMessage(bytes, at, { 1: 'bytes' }).all(1);
  check(only !== undefined && others.length === 0, at, 'must be for one node (a list of one transaction)');
  const signed = readMessage(readMessage(only, at, { 5: 'bytes' }).bytes(5), at, { 1: 'bytes', 2: 'bytes' });
  return { body: signed.bytes(1), signatures: signed.bytes(2) };
}

function unsignedOf(body: Body): Uint8Array {
  const bytes = hexMember(body, path, { min: 1, max: bytesMax });
  const { body: inner, signatures } = outOfList(bytes, path);
  check(signatures.length === 0, path, 'is already signed');
  return inner;
}
