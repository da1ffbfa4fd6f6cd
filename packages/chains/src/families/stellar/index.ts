/**
 * Stellar: accounts in strkey, transactions as XDR envelopes without signatures; plain (version 0 or 1) or a fee bump
 * around a signed one. The network is in the digest only: SHA-256 of its passphrase (stellar.org, "Signatures").
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { check, refuse } from '../../errors/index.ts';
import { be, Reader } from '../binary.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, flagOf, memoOf, textOf, transferOf } from '../members.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Facts, Family, Network, Order } from '../types.ts';
import { decodeAccount, encodeAccount } from './strkey.ts';
import {
  feeBumpExtension,
  memo as memoShape,
  muxedAccount,
  operation as operationShape,
  preconditions,
  read,
  signatures as signaturesShape,
  transactionExtension,
} from './xdr.ts';

/** stellar.org, "Networks". */
const passphrases: Readonly<Record<string, string>> = {
  Stellar: 'Public Global Stellar Network ; September 2015',
  StellarTestnet: 'Test SDF Network ; September 2015',
};
const i64Max = (1n << 63n) - 1n;
const u32Max = (1n << 32n) - 1n;
/** 0.1 XLM: a thousand times the minimum of one operation. */
const feeMaxDefault = 1_000_000n;
const bytesMax = 131_072;

export const stellar: Family = {
  name: 'stellar',

  address: (key) => encodeAccount(key.publicKey),

  plan({ key, network, body }) {
    if (body['kind'] !== 'Transaction') return planPlain(key, body, ['Transaction']);
    const envelope = parseUnsigned(key.publicKey, body);
    return { items: [{ algorithm: 'eddsa', message: digestOf(envelope, network) }], facts: envelope.facts };
  },

  assemble({ key, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(r, s));
    if (body['kind'] !== 'Transaction') return { signature };
    const { unsigned } = parseUnsigned(key.publicKey, body);
    // A decorated signature: the last four bytes of the key as a hint, then the signature.
    const decorated = concat(key.publicKey.subarray(28), be(64, 4), raw.signature);
    return { signature, signedData: toHex0x(concat(unsigned, be(1, 4), decorated)) };
  },

  construct(order) {
    if (order.purpose === 'transaction') return whole(order);
    const { key, network, body, completion } = order;
    const native = body['kind'] === 'Native';
    if (!native && body['kind'] !== 'Sep41') return unknownKind(body, ['Native', 'Sep41']);
    transferOf(body, ['to', 'amount', 'memo', ...(native ? ['createDestinationAccount'] : ['issuer', 'assetCode'])]);
    const to = decodeAccount(textOf(body, 'to'), 'to');
    const amount = be(amountOf(body, i64Max), 8);
    const mayCreate = native && flagOf(body, 'createDestinationAccount');
    const given = completionOf(completion, {
      required: ['fee', 'sequence', 'maxTime', ...(mayCreate ? ['create'] : [])],
    });
    const fee = given.number('fee', u32Max, 1n);
    checkFee(fee, network.feeMax ?? feeMaxDefault, 'XLM');
    const sequence = given.number('sequence', i64Max, 1n);
    const account = concat(be(0, 4), to);
    // An account that exists already cannot be created: then the same amount is paid to it.
    const operation =
      mayCreate && given.flag('create')
        ? concat(be(0, 4), account, amount)
        : concat(be(1, 4), account, native ? be(0, 4) : assetOf(body), amount);
    const transaction = concat(
      be(0, 4),
      key.publicKey,
      be(fee, 4),
      be(sequence, 8),
      // Time bounds without a beginning.
      be(1, 4),
      be(0, 8),
      be(given.number('maxTime', i64Max, 1n), 8),
      memoBytes(memoOf(body)),
      be(1, 4),
      be(0, 4),
      operation,
      be(0, 4),
    );
    const made = { kind: 'Transaction', transaction: toHex0x(concat(be(2, 4), transaction, be(0, 4))) };
    return {
      body: made,
      facts: parseUnsigned(key.publicKey, made).facts,
      feeMax: fee,
      exclusion: {
        kind: 'sequence',
        account: encodeAccount(key.publicKey),
        lane: '',
        sequence: sequence.toString(),
      },
    };
  },

  transactionId(signedData, network) {
    const path = 'signedData';
    const envelope = parseEnvelope(new Reader(hexMember({ signedData }, path, { min: 1, max: bytesMax }), path));
    return toHex0x(digestOf(envelope, network)).slice(2);
  },
};

/** Until when a signed transaction can be included: its sequence number, and the end of its time bounds (0: none). */
export function validityOf(bytes: Uint8Array): { readonly sequence: bigint; readonly maxTime: bigint } {
  return parseEnvelope(new Reader(bytes, 'signedData'));
}

function whole({ key, body, completion }: Order & { readonly completion: Completion }): Construction {
  if (body['kind'] !== 'Transaction') return unknownKind(body, ['Transaction']);
  completionOf(completion, { required: [] });
  const made = { kind: 'Transaction', transaction: body['transaction'] };
  return { body: made, facts: parseUnsigned(key.publicKey, made).facts, exclusion: { kind: 'digest' } };
}

interface Envelope {
  /** ENVELOPE_TYPE of the signature's payload: 2 plain, 5 fee bump. */
  readonly type: 2 | 5;
  /** The transaction as it is hashed. */
  readonly transaction: Uint8Array;
  /** The envelope up to its list of signatures. */
  readonly unsigned: Uint8Array;
  readonly signed: boolean;
  readonly source: Uint8Array;
  readonly sequence: bigint;
  /** Seconds since 1970; 0 where there is no end. */
  readonly maxTime: bigint;
  readonly facts: Facts;
}

function parseUnsigned(publicKey: Uint8Array, body: Body): Envelope {
  const path = 'transaction';
  const envelope = parseEnvelope(new Reader(hexMember(body, path, { min: 1, max: bytesMax }), path));
  check(!envelope.signed, path, 'is already signed');
  check(
    equal(envelope.source, publicKey),
    path,
    `is ${envelope.type === 5 ? 'paid' : 'sent'} by ${encodeAccount(envelope.source)}, not by this wallet`,
  );
  return envelope;
}

function parseEnvelope(reader: Reader): Envelope {
  const kind = reader.be(4);
  const start = reader.at;
  let parsed: Parsed;
  switch (kind) {
    case 0n:
    case 2n:
      parsed = parseTransaction(reader, kind === 0n);
      break;
    case 5n:
      parsed = parseFeeBump(reader);
      break;
    default:
      refuse(reader.path, `envelopes of type ${kind} are not transactions`);
  }
  const end = reader.at;
  const signed = read(reader, signaturesShape).length > 4;
  reader.end();
  const bytes = reader.bytes.subarray(start, end);
  return {
    ...parsed,
    type: kind === 5n ? 5 : 2,
    // Version 0 leaves the type of its source key out, and is hashed as if it were there.
    transaction: kind === 0n ? concat(be(0, 4), bytes) : bytes,
    unsigned: reader.bytes.subarray(0, end),
    signed,
  };
}

function digestOf(envelope: Envelope, network: Network): Uint8Array {
  const passphrase = passphrases[network.name];
  check(passphrase !== undefined, 'network', 'must be named: its passphrase is part of what is signed', 'E_NETWORK');
  const networkId = sha256(new TextEncoder().encode(passphrase));
  return sha256(concat(networkId, be(envelope.type, 4), envelope.transaction));
}

type Parsed = Pick<Envelope, 'source' | 'sequence' | 'maxTime' | 'facts'>;

function parseFeeBump(reader: Reader): Parsed {
  const source = keyOf(read(reader, muxedAccount));
  const fee = reader.be(8);
  const inner = reader.be(4);
  check(inner === 2n, reader.path, `a fee bump of an envelope of type ${inner}`);
  const { facts, sequence, maxTime } = parseTransaction(reader, false);
  read(reader, signaturesShape);
  read(reader, feeBumpExtension);
  const of = facts.summary.filter(({ label }) => label !== 'Fee');
  return { source, sequence, maxTime, facts: { ...facts, summary: [...of, { label: 'Fee', value: fee.toString() }] } };
}

function parseTransaction(reader: Reader, versionZero: boolean): Parsed {
  const source = keyOf(versionZero ? reader.take(32) : read(reader, muxedAccount));
  const fee = reader.be(4);
  const sequence = reader.be(8);
  const conditions = read(reader, preconditions);
  check(!versionZero || conditions[3] !== 2, reader.path, 'has conditions that version 0 does not know');
  const memo = read(reader, memoShape);
  const count = Number(reader.be(4));
  check(count >= 1 && count <= 100, reader.path, `has ${count} operations; 1 to 100 are possible`);
  const operations = Array.from({ length: count }, () => read(reader, operationShape));
  const extension = read(reader, transactionExtension);
  check(!versionZero || extension.length === 4, reader.path, 'has an extension that version 0 does not know');
  const payment = count === 1 ? paymentOf(operations[0] ?? new Uint8Array(0)) : undefined;
  return {
    source,
    sequence,
    maxTime: maxTimeOf(conditions),
    facts: {
      interpreted: payment !== undefined,
      kind: 'Transaction',
      summary: [
        ...(payment ?? [{ label: 'Operations', value: operations.map(typeOf).join(', ').slice(0, 256) }]),
        ...memoFacts(memo),
        { label: 'Fee', value: fee.toString() },
        { label: 'Sequence', value: sequence.toString() },
      ],
    },
  };
}

/** The end of the time bounds, wherever the conditions hold them. */
function maxTimeOf(conditions: Uint8Array): bigint {
  const reader = new Reader(conditions, 'transaction');
  const kind = reader.be(4);
  if (kind === 0n || (kind === 2n && reader.be(4) === 0n)) return 0n;
  reader.be(8);
  return reader.be(8);
}

/** A payment or the creation of an account, from the transaction's own source. */
function paymentOf(operation: Uint8Array): Facts['summary'] | undefined {
  const reader = new Reader(operation, 'transaction');
  if (reader.be(4) !== 0n) return undefined;
  const type = reader.be(4);
  if (type > 1n) return undefined;
  const to = read(reader, muxedAccount);
  const kind = type === 0n ? 0n : reader.be(4);
  let asset = 'XLM';
  if (kind !== 0n) {
    const code = new TextDecoder('latin1').decode(reader.take(kind === 1n ? 4 : 12)).replace(/\0+$/, '');
    reader.be(4);
    asset = `${code}:${encodeAccount(reader.take(32))}`;
  }
  // A muxed account names somebody at the account it belongs to.
  const id = to.length === 44 ? ` (${new Reader(to.subarray(4, 12), 'transaction').be(8)})` : '';
  return [
    { label: 'To', value: `${encodeAccount(keyOf(to))}${id}` },
    { label: 'Asset', value: asset },
    { label: 'Amount', value: reader.be(8).toString() },
    ...(type === 0n ? [{ label: 'Creates the account', value: 'yes' }] : []),
  ];
}

function memoFacts(memo: Uint8Array): Facts['summary'] {
  const type = memo[3] ?? 0;
  if (type === 0) return [];
  if (type === 1) {
    const length = memo[7] ?? 0;
    return [{ label: 'Memo', value: new TextDecoder().decode(memo.subarray(8, 8 + length)) }];
  }
  return [
    { label: 'Memo', value: type === 2 ? BigInt(toHex0x(memo.subarray(4))).toString() : toHex0x(memo.subarray(4)) },
  ];
}

function typeOf(operation: Uint8Array): string {
  const reader = new Reader(operation, 'transaction');
  if (reader.be(4) === 1n) read(reader, muxedAccount);
  return reader.be(4).toString();
}

function keyOf(account: Uint8Array): Uint8Array {
  return account.slice(account.length - 32);
}

function memoBytes(memo: string | undefined): Uint8Array {
  if (memo === undefined) return be(0, 4);
  const text = new TextEncoder().encode(memo);
  check(text.length <= 28, 'memo', 'must be at most 28 bytes of text');
  return concat(be(1, 4), be(text.length, 4), text, new Uint8Array((4 - (text.length % 4)) % 4));
}

/** A classic asset; its contract form (SEP-41) moves the same balances. */
function assetOf(body: Body): Uint8Array {
  const code = textOf(body, 'assetCode');
  check(/^[A-Za-z0-9]{1,12}$/.test(code), 'assetCode', 'must be 1 to 12 letters and digits');
  const issuer = decodeAccount(textOf(body, 'issuer'), 'issuer');
  const size = code.length <= 4 ? 4 : 12;
  const padded = concat(new TextEncoder().encode(code), new Uint8Array(size - code.length));
  return concat(be(size === 4 ? 1 : 2, 4), padded, be(0, 4), issuer);
}
