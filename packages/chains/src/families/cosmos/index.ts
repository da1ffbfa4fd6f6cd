/**
 * Cosmos chains: bech32 addresses of the hashed key, transactions as sign documents of mode DIRECT (Cosmos SDK, ADR-020 and
 * ADR-027). One signer: this wallet.
 */
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bech32 } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, memoOf, textOf, transferOf, u64Max } from '../members.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { type Message, protoField, protoMessage, readMessage } from '../protobuf.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Facts, Family, Network, Order, PublicKeyRef } from '../types.ts';
import { type Parameters, parameters } from './parameters.ts';

const path = 'signDoc';
const bytesMax = 65_536;
const keyType = '/cosmos.crypto.secp256k1.PubKey';
const sendType = '/cosmos.bank.v1beta1.MsgSend';
/** SIGN_MODE_DIRECT. */
const direct = 1n;
/** Bytes that the chains allow by default (auth parameter max_memo_characters). */
const memoMax = 256;

export const cosmos: Family = {
  name: 'cosmos',

  address: (key, network) => encodeAddress(accountOf(key), parametersOf(network)),

  plan({ key, network, body }) {
    if (body['kind'] !== 'SignDocDirect') return planPlain(key, body, ['SignDocDirect']);
    const { bytes, facts } = parseSignDoc(key, network, body);
    return { items: [{ algorithm: 'ecdsa', digest: sha256(bytes) }], facts };
  },

  assemble({ key, network, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(r, s));
    if (body['kind'] !== 'SignDocDirect') return { signature };
    const { bodyBytes, authInfoBytes } = parseSignDoc(key, network, body);
    const signed = concat(protoField(1, bodyBytes), protoField(2, authInfoBytes), protoField(3, raw.signature));
    return { signature, signedData: toHex0x(signed) };
  },

  construct(order) {
    if (order.purpose === 'transaction') return whole(order);
    const { key, network, body, completion } = order;
    if (body['kind'] !== 'Native') return unknownKind(body, ['Native']);
    transferOf(body, ['to', 'amount', 'memo']);
    const chain = parametersOf(network);
    const to = textOf(body, 'to');
    decodeAddress(to, chain, 'to');
    const amount = amountOf(body, (1n << 128n) - 1n);
    const memo = memoOf(body) ?? '';
    check(new TextEncoder().encode(memo).length <= memoMax, 'memo', `must be at most ${memoMax} bytes of text`);
    const given = completionOf(completion, { required: ['accountNumber', 'sequence', 'fee', 'gasLimit'] });
    const fee = given.number('fee');
    checkFee(fee, network.feeMax ?? chain.feeMax, chain.denom);
    const sequence = given.number('sequence');
    const from = encodeAddress(accountOf(key), chain);
    const send = concat(protoField(1, from), protoField(2, to), protoMessage(3, coin(chain.denom, amount)));
    const bodyBytes = concat(protoMessage(1, protoField(1, sendType), protoField(2, send)), protoField(2, memo));
    const authInfoBytes = concat(
      protoMessage(
        1,
        protoMessage(1, protoField(1, keyType), protoField(2, protoField(1, key.publicKey))),
        protoMessage(2, protoMessage(1, protoField(1, direct))),
        protoField(3, sequence),
      ),
      protoMessage(
        2,
        ...(fee === 0n ? [] : [protoMessage(1, coin(chain.denom, fee))]),
        protoField(2, given.number('gasLimit', u64Max, 1n)),
      ),
    );
    const signDoc = concat(
      protoField(1, bodyBytes),
      protoField(2, authInfoBytes),
      protoField(3, chain.chainId),
      protoField(4, given.number('accountNumber')),
    );
    const made = { kind: 'SignDocDirect', signDoc: toHex0x(signDoc) };
    return {
      body: made,
      facts: parseSignDoc(key, network, made).facts,
      feeMax: fee,
      exclusion: { kind: 'sequence', account: from, lane: '', sequence: sequence.toString() },
    };
  },

  transactionId: (signedData) =>
    toHex0x(sha256(hexMember({ signedData }, 'signedData', { min: 1, max: bytesMax })))
      .slice(2)
      .toUpperCase(),
};

/** Of the only signer of a signed transaction. */
export function sequenceOf(bytes: Uint8Array): bigint {
  const raw = readMessage(bytes, 'signedData', { 1: 'bytes', 2: 'bytes', 3: 'bytes' });
  const info = readMessage(raw.bytes(2), 'signedData', { 1: 'bytes', 2: 'bytes', 3: 'bytes' });
  return readMessage(info.bytes(1), 'signedData', { 1: 'bytes', 2: 'bytes', 3: 'number' }).number(3);
}

function whole({ key, network, body, completion }: Order & { readonly completion: Completion }): Construction {
  if (body['kind'] !== 'SignDocDirect') return unknownKind(body, ['SignDocDirect']);
  completionOf(completion, { required: [] });
  const made = { kind: 'SignDocDirect', signDoc: body['signDoc'] };
  return { body: made, facts: parseSignDoc(key, network, made).facts, exclusion: { kind: 'digest' } };
}

interface SignDoc {
  readonly bytes: Uint8Array;
  readonly bodyBytes: Uint8Array;
  readonly authInfoBytes: Uint8Array;
  readonly facts: Facts;
}

function parseSignDoc(key: PublicKeyRef, network: Network, body: Body): SignDoc {
  const bytes = hexMember(body, path, { min: 1, max: bytesMax });
  const doc = readMessage(bytes, path, { 1: 'bytes', 2: 'bytes', 3: 'bytes', 4: 'number' });
  const [bodyBytes, authInfoBytes, chainId] = [doc.bytes(1), doc.bytes(2), doc.text(3)];
  const chain = chainOf(network, chainId);
  check(
    chainId === chain.chainId,
    path,
    `chain id ${chainId.slice(0, 32)} does not match network ${network.name} (${chain.chainId})`,
  );
  const { fee, sequence } = parseAuthInfo(key, chain, authInfoBytes);
  const own = encodeAddress(accountOf(key), chain);
  const parsed = readMessage(bodyBytes, path, {
    1: 'bytes',
    2: 'bytes',
    3: 'number',
    4: 'number',
    5: 'bytes',
    1023: 'bytes',
    2047: 'bytes',
  });
  const messages = parsed.all(1).map(parseAny);
  check(messages.length >= 1, path, 'has no message');
  for (const { type } of messages)
    check(
      /^\/[a-z][a-zA-Z0-9]*(\.[a-zA-Z0-9_]+)+$/.test(type),
      path,
      `has a message of type ${type.slice(0, 64)}, which is no type URL`,
    );
  const [only] = messages;
  const plain =
    messages.length === 1 && only?.type === sendType && !parsed.has(1023) && !parsed.has(2047)
      ? parseSend(only.value, own, chain)
      : undefined;
  const memo = parsed.text(2);
  return {
    bytes,
    bodyBytes,
    authInfoBytes,
    facts: {
      interpreted: plain !== undefined,
      kind: 'SignDocDirect',
      summary: [
        ...(plain ?? [
          {
            label: 'Messages',
            value: messages
              .map(({ type }) => type)
              .join(', ')
              .slice(0, 256),
          },
        ]),
        ...(memo === '' ? [] : [{ label: 'Memo', value: memo }]),
        { label: 'Fee', value: fee },
        { label: 'Sequence', value: sequence.toString() },
        { label: 'Account number', value: doc.number(4).toString() },
        { label: 'Chain id', value: chainId },
      ],
    },
  };
}

/** One signer: this wallet's key, in mode DIRECT; nobody else pays, and no tip is left. */
function parseAuthInfo(key: PublicKeyRef, chain: Parameters, bytes: Uint8Array) {
  const info = readMessage(bytes, path, { 1: 'bytes', 2: 'bytes' });
  const [signer, ...others] = info.all(1);
  check(signer !== undefined && others.length === 0, path, `has ${info.all(1).length} signers in place of one`);
  const parsed = readMessage(signer, path, { 1: 'bytes', 2: 'bytes', 3: 'number' });
  const named = parseAny(parsed.bytes(1));
  check(named.type === keyType, path, `names a key of type ${named.type.slice(0, 64)}, not ${keyType}`);
  const publicKey = readMessage(named.value, path, { 1: 'bytes' }).bytes(1);
  check(equal(publicKey, key.publicKey), path, 'is to be signed by another key, not by this wallet');
  const mode = readMessage(parsed.bytes(2), path, { 1: 'bytes' });
  const single = readMessage(mode.bytes(1), path, { 1: 'number' });
  check(single.number(1) === direct, path, 'asks for another mode of signing than DIRECT');
  const fee = readMessage(info.bytes(2), path, { 1: 'bytes', 2: 'number', 3: 'bytes', 4: 'bytes' });
  const payer = fee.text(3);
  check(
    payer === '' || payer === encodeAddress(accountOf(key), chain),
    path,
    `is paid by ${payer.slice(0, 90)}, who would have to sign too`,
  );
  if (fee.has(4)) decodeAddress(fee.text(4), chain, path);
  return {
    fee:
      fee
        .all(1)
        .map((each) => coinText(readCoin(each)))
        .join(', ') || '0',
    sequence: parsed.number(3),
  };
}

function parseSend(bytes: Uint8Array, own: string, chain: Parameters): Facts['summary'] {
  const send = readMessage(bytes, path, { 1: 'bytes', 2: 'bytes', 3: 'bytes' });
  const from = send.text(1);
  check(from === own, path, `is sent by ${from.slice(0, 90)}, not by this wallet`);
  const to = send.text(2);
  decodeAddress(to, chain, path);
  const coins = send.all(3).map(readCoin);
  check(coins.length >= 1, path, 'sends nothing');
  return [
    { label: 'To', value: to },
    ...coins.flatMap(({ denom, amount }) => [
      { label: 'Asset', value: denom },
      { label: 'Amount', value: amount },
    ]),
  ];
}

function parseAny(bytes: Uint8Array): { readonly type: string; readonly value: Uint8Array } {
  const any: Message = readMessage(bytes, path, { 1: 'bytes', 2: 'bytes' });
  return { type: any.text(1), value: any.bytes(2) };
}

function readCoin(bytes: Uint8Array): { readonly denom: string; readonly amount: string } {
  const read = readMessage(bytes, path, { 1: 'bytes', 2: 'bytes' });
  const [denom, amount] = [read.text(1), read.text(2)];
  check(/^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/.test(denom), path, `has a coin of no valid name: ${denom.slice(0, 64)}`);
  check(/^(0|[1-9][0-9]{0,77})$/.test(amount), path, `has an amount that is no number: ${amount.slice(0, 64)}`);
  return { denom, amount };
}

function coinText({ denom, amount }: { readonly denom: string; readonly amount: string }): string {
  return `${amount} ${denom}`;
}

function coin(denom: string, amount: bigint): Uint8Array {
  return concat(protoField(1, denom), protoField(2, amount.toString()));
}

/** 20 bytes. */
function accountOf(key: PublicKeyRef): Uint8Array {
  return ripemd160(sha256(key.publicKey));
}

function encodeAddress(account: Uint8Array, { prefix }: Parameters): string {
  return bech32.encode(prefix, bech32.toWords(account));
}

/** 20 bytes of a key, 32 of a module or contract. */
function decodeAddress(text: string, { prefix }: Parameters, at: string): Uint8Array {
  check(text.length <= 90 && text === text.toLowerCase(), at, 'is not an address of this chain');
  const decoded = bech32.decodeUnsafe(text);
  check(decoded !== undefined, at, 'is not a bech32 address, or its checksum is wrong');
  check(
    decoded.prefix === prefix,
    at,
    `begins with ${decoded.prefix.slice(0, 16)}; addresses of this chain begin with ${prefix}`,
  );
  const bytes = bech32.fromWordsUnsafe(decoded.words);
  check(
    bytes instanceof Uint8Array && (bytes.length === 20 || bytes.length === 32),
    at,
    'is not an address of this chain',
  );
  return bytes;
}

function parametersOf(network: Network): Parameters {
  return parameters[network.name] ?? refuse('network', 'must be named: addresses differ between chains', 'E_NETWORK');
}

/** A request may name a kind of chain instead of a network; then the document says which one it is for. */
function chainOf(network: Network, chainId: string): Parameters {
  const chain =
    network.name === '' ? Object.values(parameters).find((each) => each.chainId === chainId) : parametersOf(network);
  return chain ?? refuse(path, `chain id ${chainId.slice(0, 32)} is none of a network this version serves`);
}
