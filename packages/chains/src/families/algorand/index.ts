/**
 * Algorand: the address is the key and four bytes of its SHA-512/256 in base32. A transaction is `{txn}` in canonical msgpack;
 * "TX" and the inner map are signed (developer.algorand.org, "Transactions", "Signatures").
 */
import { sha512_256 } from '@noble/hashes/sha2.js';
import { base32nopad, base64 } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { Reader } from '../binary.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, memoOf, textOf, transferOf, u64Max } from '../members.ts';
import { planPlain, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Completion, Construction, Facts, Family, Network, Order } from '../types.ts';
import { encodeBytes, encodeMap, encodeText, isMap, readValue, type ValueMap } from './msgpack.ts';

/** Genesis of each network (developer.algorand.org, "Algorand networks"). */
const genesis: Readonly<Record<string, { readonly id: string; readonly hash: Uint8Array }>> = {
  Algorand: { id: 'mainnet-v1.0', hash: base64.decode('wGHE2Pwdvd7S12BL5FaOP20EGYesN73ktiC1qzkkit8=') },
  AlgorandTestnet: { id: 'testnet-v1.0', hash: base64.decode('SGO1GKSzyE7IEPItTxCByw9x8FmnrCDexi9/cOUJOiI=') },
};
const prefix = new TextEncoder().encode('TX');
/** 0.1 ALGO: a hundred times the minimum. */
const feeMaxDefault = 100_000n;
/** Rounds a transaction may be valid for. */
const windowMax = 1000n;
const path = 'transaction';
const types = new Set(['pay', 'axfer', 'acfg', 'afrz', 'appl', 'keyreg']);

export const algorand: Family = {
  name: 'algorand',

  address: (key) => encodeAddress(key.publicKey),

  plan({ key, network, body }) {
    if (body['kind'] !== 'Transaction') return planPlain(key, body, ['Transaction']);
    const { inner, facts } = parseUnsigned(key.publicKey, network, body);
    return { items: [{ algorithm: 'eddsa', message: concat(prefix, inner) }], facts };
  },

  assemble({ key, network, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(r, s));
    if (body['kind'] !== 'Transaction') return { signature };
    const { inner } = parseUnsigned(key.publicKey, network, body);
    const signed = concat(Uint8Array.of(0x82), encodeText('sig'), encodeBytes(raw.signature), encodeText('txn'), inner);
    return { signature, signedData: toHex0x(signed) };
  },

  construct(order) {
    if (order.purpose === 'transaction') return whole(order);
    const { key, network, body, completion } = order;
    const native = body['kind'] === 'Native';
    if (!native && body['kind'] !== 'Asa') return unknownKind(body, ['Native', 'Asa']);
    transferOf(body, ['to', 'amount', 'memo', ...(native ? [] : ['assetId'])]);
    const to = decodeAddress(textOf(body, 'to'), 'to');
    const amount = amountOf(body);
    const note = new TextEncoder().encode(memoOf(body) ?? '');
    check(note.length <= 1024, 'memo', 'must be at most 1024 bytes of text');
    const given = completionOf(completion, { required: ['fee', 'firstValid', 'lastValid'] });
    const fee = given.number('fee', u64Max, 1n);
    checkFee(fee, network.feeMax ?? feeMaxDefault, 'ALGO');
    const firstValid = given.number('firstValid', u64Max, 1n);
    const lastValid = given.number('lastValid');
    check(
      lastValid >= firstValid && lastValid - firstValid <= windowMax,
      'completion.lastValid',
      `must be at most ${windowMax} rounds after firstValid`,
      'E_COMPLETION',
    );
    const { id, hash } = genesisOf(network);
    const common = { fee, fv: firstValid, lv: lastValid, gen: id, gh: hash, note, snd: key.publicKey };
    const inner = encodeMap(
      native
        ? { ...common, type: 'pay', amt: amount, rcv: to }
        : { ...common, type: 'axfer', aamt: amount, arcv: to, xaid: assetOf(body) },
    );
    const made = {
      kind: 'Transaction',
      transaction: toHex0x(concat(Uint8Array.of(0x81), encodeText('txn'), inner)),
    };
    return {
      body: made,
      facts: parseUnsigned(key.publicKey, network, made).facts,
      feeMax: fee,
      // Nothing but the same bytes: another window would be another transaction that counts as well.
      exclusion: { kind: 'digest' },
    };
  },

  transactionId: (signedData) =>
    base32nopad.encode(
      sha512_256(concat(prefix, innerOf(hexMember({ signedData }, 'signedData', { min: 1, max: 65_536 })))),
    ),
};

/** The rounds in which a signed transaction can be included. */
export function validityOf(bytes: Uint8Array): { readonly firstValid: bigint; readonly lastValid: bigint } {
  const transaction = readValue(new Reader(innerOf(bytes), 'signedData'));
  check(isMap(transaction), 'signedData', 'is not a signed transaction');
  const number = (name: string) => {
    const value = transaction.get(name) ?? 0n;
    return typeof value === 'bigint' ? value : refuse('signedData', 'is not a signed transaction');
  };
  return { firstValid: number('fv'), lastValid: number('lv') };
}

/** What was signed, without its prefix. */
function innerOf(bytes: Uint8Array): Uint8Array {
  const reader = new Reader(bytes, 'signedData');
  const says = 'is not a signed transaction';
  check(reader.byte() === 0x82 && readValue(reader) === 'sig', 'signedData', says);
  readValue(reader);
  check(readValue(reader) === 'txn', 'signedData', says);
  return bytes.subarray(reader.at);
}

function whole(order: Order & { readonly completion: Completion }): Construction {
  const { key, network, body, completion } = order;
  if (body['kind'] !== 'Transaction') return unknownKind(body, ['Transaction']);
  completionOf(completion, { required: [] });
  const made = { kind: 'Transaction', transaction: body['transaction'] };
  return { body: made, facts: parseUnsigned(key.publicKey, network, made).facts, exclusion: { kind: 'digest' } };
}

function parseUnsigned(
  publicKey: Uint8Array,
  network: Network,
  body: Body,
): { readonly inner: Uint8Array; readonly facts: Facts } {
  const bytes = hexMember(body, path, { min: 1, max: 65_536 });
  const reader = new Reader(bytes, path);
  const first = reader.byte();
  const name = readValue(reader);
  check(name !== 'sig' && name !== 'msig' && name !== 'lsig', path, 'is already signed');
  check(first === 0x81 && name === 'txn', path, 'is not a transaction wrapped as {txn}');
  const start = reader.at;
  const transaction = readValue(reader);
  check(isMap(transaction), path, 'holds something other than a transaction');
  reader.end();

  const sender = bytesOf(transaction, 'snd');
  check(sender !== undefined, path, 'has no sender');
  check(equal(sender, publicKey), path, `is sent by ${encodeAddress(sender)}, not by this wallet`);
  const type = transaction.get('type');
  check(
    typeof type === 'string' && types.has(type),
    path,
    `has no type that a wallet signs (${[...types].join(', ')})`,
  );
  const { id, hash } = genesisOf(network);
  const named = bytesOf(transaction, 'gh');
  check(named !== undefined, path, 'does not name the genesis of its network');
  check(
    equal(named, hash),
    path,
    `is for another network than ${network.name}: its genesis hash is ${base64.encode(named)}`,
  );
  const gen = transaction.get('gen');
  check(gen === undefined || gen === id, path, `names genesis ${String(gen).slice(0, 32)}, not ${id}`);
  return { inner: bytes.subarray(start), facts: factsOf(transaction, type) };
}

/** What a plain transfer may have: closing an account, rekeying it and clawing back are not interpreted. */
const plain: Readonly<Record<string, readonly string[]>> = {
  pay: ['amt', 'rcv'],
  axfer: ['aamt', 'arcv', 'xaid'],
};
const common = ['fee', 'fv', 'gen', 'gh', 'grp', 'lv', 'lx', 'note', 'snd', 'type'];

function factsOf(transaction: ValueMap, type: string): Facts {
  const names = [...transaction.keys()];
  const own = plain[type];
  const interpreted = own !== undefined && names.every((name) => own.includes(name) || common.includes(name));
  const recipient = bytesOf(transaction, type === 'pay' ? 'rcv' : 'arcv');
  const note = bytesOf(transaction, 'note');
  const number = (name: string) => String(transaction.get(name) ?? 0n);
  return {
    interpreted,
    kind: 'Transaction',
    summary: [
      ...(interpreted
        ? [
            {
              label: 'To',
              value: recipient === undefined ? encodeAddress(new Uint8Array(32)) : encodeAddress(recipient),
            },
            { label: 'Asset', value: type === 'pay' ? 'ALGO' : number('xaid') },
            { label: 'Amount', value: number(type === 'pay' ? 'amt' : 'aamt') },
          ]
        : [
            { label: 'Type', value: type },
            { label: 'Members', value: names.join(', ').slice(0, 256) },
          ]),
      ...(note === undefined ? [] : [{ label: 'Memo', value: toHex0x(note.subarray(0, 128)) }]),
      { label: 'Fee', value: number('fee') },
      { label: 'Valid', value: `${number('fv')} to ${number('lv')}` },
    ],
  };
}

function bytesOf(transaction: ValueMap, name: string): Uint8Array | undefined {
  const value = transaction.get(name);
  if (value === undefined) return undefined;
  check(value instanceof Uint8Array, path, `has a member ${name} that is not bytes`);
  check(name === 'note' || value.length === 32, path, `has a member ${name} of ${value.length} bytes in place of 32`);
  return value;
}

function genesisOf(network: Network) {
  return genesis[network.name] ?? refuse('network', 'must be named: a transaction names its genesis', 'E_NETWORK');
}

function assetOf(body: Body): bigint {
  const text = textOf(body, 'assetId');
  check(/^[1-9][0-9]{0,19}$/.test(text) && BigInt(text) <= u64Max, 'assetId', 'must be the number of an asset');
  return BigInt(text);
}

function encodeAddress(publicKey: Uint8Array): string {
  return base32nopad.encode(concat(publicKey, sha512_256(publicKey).subarray(28)));
}

function decodeAddress(text: string, at: string): Uint8Array {
  check(/^[A-Z2-7]{58}$/.test(text), at, 'is not an Algorand address');
  let bytes: Uint8Array;
  try {
    bytes = base32nopad.decode(text);
  } catch {
    // Bits beyond the last byte that are not zero.
    refuse(at, 'is not an Algorand address');
  }
  const publicKey = bytes.slice(0, 32);
  check(encodeAddress(publicKey) === text, at, 'is not an Algorand address: its checksum is wrong');
  return publicKey;
}
