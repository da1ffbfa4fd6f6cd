/** Bytes that no library of a chain would write, one fault each: what the families' own parsers must notice. */
import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha512_256 } from '@noble/hashes/sha2.js';
import { base32nopad, bech32 } from '@scure/base';
import { ChainError } from '../errors/index.ts';
import { network as findNetwork } from '../networks/index.ts';
import { validityOf } from './algorand/index.ts';
import { be, le, leb128 } from './binary.ts';
import { concat, toHex0x } from './bytes.ts';
import {
  addressOf,
  assembleSignature,
  type Body,
  type FamilyName,
  family,
  loadFamily,
  planSignature,
} from './index.ts';
import { encodeBytes, encodeText as moveText } from './move.ts';
import { protoField, protoMessage } from './protobuf.ts';
import type { Completion, PublicKeyRef } from './types.ts';
import { encodeField, encodeFields, type Field } from './xrpl/codec.ts';

const names = [
  'algorand',
  'aptos',
  'cosmos',
  'hedera',
  'icp',
  'iota',
  'near',
  'pseudo',
  'starknet',
  'stellar',
  'sui',
  'tezos',
  'xrpl',
] as const;
await Promise.all(names.map(loadFamily));

const secret = new Uint8Array(32).fill(0x21);
const eddsa: PublicKeyRef = { scheme: 'EdDSA', curve: 'ed25519', publicKey: ed25519.getPublicKey(secret) };
const ecdsa: PublicKeyRef = { scheme: 'ECDSA', curve: 'secp256k1', publicKey: secp256k1.getPublicKey(secret, true) };
const keyOf = (network: string) => (['CosmosHub4', 'XrpLedger'].includes(network) ? ecdsa : eddsa);
const own = (network: string) => addressOf(network, keyOf(network)) ?? '';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const zeros = (bytes: number) => new Uint8Array(bytes);
const times = (n: number, bytes: Uint8Array) => concat(...Array.from({ length: n }, () => bytes));

/** [what is wrong, bytes, what the refusal says] */
type Case = readonly [string, Uint8Array, RegExp];

function refuses(network: string, cases: readonly Case[], member = 'transaction'): void {
  const kind = member === 'signDoc' ? 'SignDocDirect' : 'Transaction';
  for (const [name, bytes, message] of cases)
    test(`${network} refuses ${name}`, () => {
      throws(
        () => planSignature({ key: keyOf(network), network, body: { kind, [member]: toHex0x(bytes) } }),
        says(message),
      );
    });
}

function signs(network: string, bytes: Uint8Array, member = 'transaction'): void {
  const kind = member === 'signDoc' ? 'SignDocDirect' : 'Transaction';
  test(`${network} signs what these faults are put into`, () => {
    equal(planSignature({ key: keyOf(network), network, body: { kind, [member]: toHex0x(bytes) } }).items.length, 1);
  });
}

const says = (message: RegExp) => (error: unknown) => {
  ok(error instanceof ChainError, String(error));
  ok(message.test(error.message), error.message);
  return true;
};

function build(network: string, body: Body, completion: Completion) {
  const target = findNetwork(network);
  const { construct } = family(target.family);
  if (construct === undefined) throw new Error('constructs nothing');
  return construct({ key: keyOf(network), network: target, purpose: 'transfer', body, completion });
}

/** Changes of a good order, each refused. */
function refusesOrders(
  network: string,
  good: { readonly body: Body; readonly completion: Completion },
  cases: readonly (readonly [string, { readonly body?: Body; readonly completion?: Completion }, RegExp])[],
): void {
  test(`${network} builds the order that these faults are put into`, () => {
    ok(build(network, good.body, good.completion).body['kind'] !== undefined);
  });
  for (const [name, { body = {}, completion = {} }, message] of cases)
    test(`${network} refuses an order ${name}`, () => {
      throws(() => build(network, { ...good.body, ...body }, { ...good.completion, ...completion }), says(message));
    });
}

test('nothing is assembled without a signature', () => {
  for (const network of ['XrpLedger', 'Stellar', 'Tezos', 'Algorand', 'Aptos', 'Sui', 'Iota', 'Near'])
    throws(() => assembleSignature({ key: eddsa, network, body: { kind: 'Message', message: '00' }, signatures: [] }), {
      code: 'E_ASSEMBLE',
    });
  const body = { kind: 'Hash', hash: '07'.repeat(32) };
  throws(() => assembleSignature({ key: ecdsa, network: 'CosmosHub4', body, signatures: [] }), { code: 'E_ASSEMBLE' });
});

// XRP Ledger: a payment of 5 drops.
const account = hex('8b1ce810c13d6f337dac85863b3d70265a24df44');
const drops = (amount: bigint) => be((1n << 62n) | amount, 8);
const raw = (type: number, code: number, bytes: string): Field => ({
  type,
  code,
  value: hex(bytes),
  bytes: hex(bytes),
});
const payment = (...more: readonly Field[]) => {
  const fields = [
    encodeField(1, 2, be(0, 2)),
    encodeField(2, 4, be(1, 4)),
    encodeField(6, 1, drops(5n)),
    encodeField(6, 8, drops(10n)),
    encodeField(8, 1, hex(Buffer.from(ownXrpl()).toString('hex'))),
    encodeField(8, 3, account),
  ].filter((each) => !more.some(({ type, code }) => type === each.type && code === each.code));
  return encodeFields([...fields, ...more].filter(({ bytes }) => bytes.length > 0));
};
function ownXrpl(): Uint8Array {
  const built = build(
    'XrpLedger',
    { kind: 'Native', to: 'rDTXLQ7ZKZVKz33zJbHjgVShjsBnqMBhmN', amount: '1' },
    { fee: '1', sequence: '1', lastLedgerSequence: '1' },
  );
  const text = String(built.body['transaction']);
  // The last two fields are Account and Destination, of 22 bytes each.
  return hex(text.slice(-84, -44));
}
const iou = 'd4838d7ea4c68000';
signs('XrpLedger', payment());
refuses('XrpLedger', [
  [
    'objects inside each other without end',
    payment(raw(14, 10, `${'ea'.repeat(12)}${'e1'.repeat(12)}`)),
    /nests deeper than 10/,
  ],
  [
    'lists inside each other without end',
    payment(raw(15, 9, `${'f9ea'.repeat(12)}${'e1f1'.repeat(12)}`)),
    /nests deeper than 10/,
  ],
  ['an object that ends before it begins', payment(raw(14, 1, 'e1')), /never began/],
  ['a list of hashes that are none', payment(raw(19, 1, '011305 0102030405')), /a list of hashes of 5 bytes/],
  [
    'a bridge between things that are no accounts',
    payment(raw(25, 1, `0119 13${'00'.repeat(60)}`)),
    /without an account/,
  ],
  ['a token amount above 63 bits', payment(raw(6, 1, `61 60${'ff'.repeat(8)}${'ab'.repeat(24)}`)), /above 2\^63/],
  [
    'an issued amount of XRP',
    payment(raw(6, 1, `61 ${iou}${'00'.repeat(20)}${'ab'.repeat(20)}`)),
    /issued amount of XRP/,
  ],
  ['an empty payment path', payment(raw(18, 1, '0112 ff')), /empty payment path/],
  ['a step of an unknown kind', payment(raw(18, 1, '0112 02')), /unknown kind/],
  ['a length that cannot be', payment(raw(7, 13, '7dff0000')), /a length that cannot be/],
  ['signatures of several', payment(raw(15, 3, 'f3f1')), /signed by several/],
  ['no type', payment(raw(1, 2, '')), /no TransactionType/],
  ['a fee in an issued currency', payment(raw(6, 8, `68 ${iou}${'ab'.repeat(40)}`)), /no Fee in XRP/],
  ['an unknown type of field', payment(raw(12, 1, 'c1')), /type 12 at byte/],
  ['a negative amount of XRP', payment(raw(6, 1, `61 ${'00'.repeat(7)}05`)), /negative amount/],
  [
    'an amount that is not normalised',
    payment(raw(6, 1, `61 d4${'00'.repeat(6)}01${'ab'.repeat(40)}`)),
    /not normalised/,
  ],
  ['a zero that is not canonical', payment(raw(6, 1, `61 c0${'00'.repeat(7)}${'ab'.repeat(40)}`)), /not canonical/],
  ['an account of 19 bytes', payment(raw(8, 3, `83 13${'ab'.repeat(19)}`)), /an account of 19 bytes/],
]);
refusesOrders(
  'XrpLedger',
  {
    body: {
      kind: 'Iou',
      to: 'rDTXLQ7ZKZVKz33zJbHjgVShjsBnqMBhmN',
      issuer: 'rDTXLQ7ZKZVKz33zJbHjgVShjsBnqMBhmN',
      currency: 'USD',
      amount: '5',
    },
    completion: { fee: '10', sequence: '1', lastLedgerSequence: '2' },
  },
  [
    ['to a text longer than any address', { body: { to: 'r'.repeat(65) } }, /not an XRPL address/],
    ['to a number', { body: { to: 5 } }, /body.to: must be text/],
    [
      'of a currency in hex that begins as a code does',
      { body: { currency: `00${'ab'.repeat(19)}` } },
      /must not begin with 00/,
    ],
    ['with a number as memo', { body: { memo: 5 } }, /memo: must be text/],
  ],
);

// Stellar: version 0, one payment.
const paid = concat(be(0, 4), be(1, 4), be(0, 4), account32(), be(0, 4), be(7, 8));
function account32(): Uint8Array {
  return new Uint8Array(32).fill(9);
}
const envelope = ({ version = 0, conditions = be(0, 4), operation = paid, extension = be(0, 4) } = {}) =>
  concat(
    be(version, 4),
    version === 0 ? zeros(0) : be(0, 4),
    eddsa.publicKey,
    be(100, 4),
    be(7, 8),
    conditions,
    be(0, 4),
    be(1, 4),
    operation,
    extension,
    be(0, 4),
  );
const conditions2 = concat(be(2, 4), zeros(12), be(0, 8), zeros(8));
const soroban = concat(be(1, 4), be(0, 4), zeros(8), zeros(12), be(0, 8));
const not = hex('0000000300000001');
const claimable = concat(
  be(0, 4),
  be(14, 4),
  be(0, 4),
  be(7, 8),
  be(1, 4),
  be(0, 4),
  be(0, 4),
  account32(),
  times(60, not),
  be(0, 4),
);
signs('Stellar', envelope());
signs('Stellar', envelope({ version: 2, conditions: conditions2, extension: soroban }));
refuses('Stellar', [
  ['conditions of version 1 in version 0', envelope({ conditions: conditions2 }), /version 0 does not know/],
  ['an extension in version 0', envelope({ extension: soroban }), /version 0 does not know/],
  ['predicates inside each other without end', envelope({ operation: claimable }), /nests deeper than 100/],
  ['an operation nobody knows', envelope({ operation: concat(be(0, 4), be(99, 4)) }), /unknown value 99/],
  ['a flag that is neither', envelope({ operation: concat(be(2, 4), be(9, 4)) }), /a flag of 2/],
  [
    'a name longer than it may be',
    envelope({ operation: concat(be(0, 4), be(10, 4), be(65, 4), zeros(72)) }),
    /65 bytes where at most 64/,
  ],
  [
    'more path than there may be',
    envelope({
      operation: concat(
        be(0, 4),
        be(2, 4),
        be(0, 4),
        be(1, 8),
        be(0, 4),
        account32(),
        be(0, 4),
        be(1, 8),
        be(6, 4),
        zeros(24),
      ),
    }),
    /a list of 6/,
  ],
]);
test('Stellar signs nothing for a network that is not named', () => {
  const body = { kind: 'Transaction', transaction: toHex0x(envelope()), blockchainKind: 'Stellar' };
  throws(() => planSignature({ key: eddsa, body }), { code: 'E_NETWORK' });
});
const stellarOrder = {
  body: { kind: 'Native', to: own('Stellar'), amount: '5', createDestinationAccount: true },
  completion: { fee: '100', sequence: '1', maxTime: '2', create: true },
};
refusesOrders('Stellar', stellarOrder, [
  ['to a text that is no account', { body: { to: 'GABC' } }, /not a Stellar account/],
  ['with a flag that is text', { body: { createDestinationAccount: 'yes' } }, /must be true or false/],
  ['whose completion has text for a flag', { completion: { create: 'true' } }, /must be true or false/],
]);

// Tezos: a transaction, perhaps with a call.
const branch = 'BL8euoCWqNCny9AR3AKjnpi38haYMxjei1ZqNHuXMn19JSQnoWp';
const tezosOrder = {
  body: { kind: 'Native', to: 'tz1eZwq8b5cvE2bPKokatLkVMzkxz24z3Don', amount: '5' },
  completion: { branch, counter: '1', fee: '400', gasLimit: '2000', storageLimit: '0', reveal: false },
};
const tezosSource = concat(be(0, 1), hex(tezosHash()));
function tezosHash(): string {
  const built = build('Tezos', tezosOrder.body, tezosOrder.completion);
  // Branch, tag, tag of the curve.
  return String(built.body['transaction']).slice(2 + 64 + 4, 2 + 64 + 4 + 40);
}
const call = (
  parameters: Uint8Array,
  { fee = hex('00'), destination = zeros(22) }: { fee?: Uint8Array; destination?: Uint8Array } = {},
) => concat(zeros(32), be(108, 1), tezosSource, fee, hex('01 00 00'), hex('00'), destination, parameters);
const sized = (bytes: Uint8Array) => concat(be(bytes.length, 4), bytes);
const value = (text: string) => concat(hex('ff00'), sized(hex(text)));
signs('Tezos', call(hex('00')));
signs('Tezos', call(value('030b')));
refuses('Tezos', [
  ['an entrypoint nobody knows', call(concat(hex('ff20'), sized(hex('030b')))), /unknown entrypoint/],
  ['an entrypoint without a name', call(concat(hex('ffff00'), sized(hex('030b')))), /a name of 0 bytes|name of 0/],
  [
    'an entrypoint of 32 letters',
    call(concat(hex(`ffff20${'61'.repeat(32)}`), sized(hex('030b')))),
    /name of 32 bytes/,
  ],
  ['minus zero', call(value('0040')), /minus zero/],
  ['a number in a longer form', call(value('008000')), /shortest/],
  ['an unknown tag', call(value('0b')), /unknown Micheline tag/],
  [
    'expressions inside each other without end',
    call(concat(hex('ff00'), sized(concat(times(300, hex('050b')), hex('030b'))))),
    /nests deeper than 200/,
  ],
  ['a fee without end', call(hex('00'), { fee: hex('80'.repeat(12)) }), /endless/],
  ['a fee above 63 bits', call(hex('00'), { fee: hex(`${'ff'.repeat(9)}7f`) }), /more than 63 bits/],
  [
    'a recipient of an unknown curve',
    call(hex('00'), { destination: concat(hex('0009'), zeros(20)) }),
    /unknown curve/,
  ],
  ['a recipient of an unknown kind', call(hex('00'), { destination: concat(hex('09'), zeros(21)) }), /unknown kind/],
  [
    'a contract whose padding is not zero',
    call(hex('00'), { destination: concat(hex('01'), zeros(20), hex('01')) }),
    /padding/,
  ],
  ['a flag that is neither', call(hex('01')), /a flag of 1/],
]);
refusesOrders('Tezos', tezosOrder, [
  // The bytes of its prefix are one below tz1's, which the text does not show.
  [
    'to what only looks like an account',
    { body: { to: 'tz1Ke2h7sDdakHJQh8WX4Z372du1KCccq6Ty' } },
    /not a Tezos address/,
  ],
  ['whose completion has text for a flag', { completion: { reveal: 'false' } }, /must be true or false/],
  ['on a branch that is no text', { completion: { branch: 7 } }, /must be the hash of a block/],
]);

// Algorand: a payment.
const msgpack = (members: string, count: number) => concat(hex('81a374786e'), be(0x80 | count, 1), hex(members));
const bin = (bytes: Uint8Array) =>
  `c4${bytes.length.toString(16).padStart(2, '0')}${Buffer.from(bytes).toString('hex')}`;
const genesis = bin(Uint8Array.from(Buffer.from('wGHE2Pwdvd7S12BL5FaOP20EGYesN73ktiC1qzkkit8=', 'base64')));
const key = (name: string) =>
  be(0xa0 | name.length, 1).reduce((text, byte) => text + byte.toString(16), '') + Buffer.from(name).toString('hex');
const pay = ({ snd = bin(eddsa.publicKey), fee = '01', gh = genesis } = {}) =>
  msgpack(`${key('fee')}${fee}${key('gh')}${gh}${key('snd')}${snd}${key('type')}${key('pay')}`, 4);
signs('Algorand', pay());
refuses('Algorand', [
  ['a number of 8 bytes that needs one', pay({ fee: 'cf0000000000000001' }), /shortest/],
  ['a sender in text', pay({ snd: key('me') }), /not bytes/],
  ['a sender of 31 bytes', pay({ snd: bin(zeros(31)) }), /31 bytes in place of 32/],
  ['maps inside each other without end', pay({ fee: `${'81a161'.repeat(12)}01` }), /nests deeper|order|text/],
  ['text that is not UTF-8', pay({ fee: 'a1ff' }), /not UTF-8/],
  ['a negative number', pay({ fee: 'ff' }), /unknown type 255/],
  ['a key that is no text', msgpack('0101', 1), /not text/],
]);
test('Algorand signs nothing for a network that is not named, and reads no validity in what is not signed', () => {
  const body = { kind: 'Transaction', transaction: toHex0x(pay()), blockchainKind: 'Algorand' };
  throws(() => planSignature({ key: eddsa, body }), { code: 'E_NETWORK' });
  const signed = (inner: string) => hex(`82a3736967c4400${'0'.repeat(127)}a374786e${inner}`);
  equal(validityOf(signed('82a2667605a26c7607')).lastValid, 7n);
  for (const bytes of [pay(), hex('82a374786e00'), hex('82a373696701a3616263'), signed('05'), signed('81a26676a161')])
    throws(() => validityOf(bytes), says(/not a signed transaction/));
});
refusesOrders(
  'Algorand',
  {
    body: { kind: 'Native', to: own('Algorand'), amount: '5' },
    completion: { fee: '1000', firstValid: '1', lastValid: '2' },
  },
  [
    ['to 57 characters', { body: { to: own('Algorand').slice(1) } }, /not an Algorand address/],
    [
      'to an address with bits beyond its end',
      { body: { to: base32nopad.encode(concat(zeros(32), sha512_256(zeros(32)).subarray(28))).replace(/.$/, 'B') } },
      /not an Algorand address/,
    ],
  ],
);

// Cosmos: a payment.
const send = (coins: Uint8Array) => concat(protoField(1, own('CosmosHub4')), protoField(2, own('CosmosHub4')), coins);
const atom = protoMessage(3, protoField(1, 'uatom'), protoField(2, '5'));
const message = (bytes: Uint8Array) =>
  protoMessage(1, protoField(1, '/cosmos.bank.v1beta1.MsgSend'), protoField(2, bytes));
const authInfo = concat(
  protoMessage(
    1,
    protoMessage(1, protoField(1, '/cosmos.crypto.secp256k1.PubKey'), protoField(2, protoField(1, ecdsa.publicKey))),
    protoMessage(2, protoMessage(1, protoField(1, 1n))),
    protoField(3, 4n),
  ),
  protoMessage(2, protoField(2, 100_000n)),
);
const signDoc = ({
  txBody = message(send(atom)),
  auth = authInfo,
  tail = protoField(4, 12n),
  chainId = protoField(3, 'cosmoshub-4'),
} = {}) => concat(protoField(1, txBody), protoField(2, auth), chainId, tail);
signs('CosmosHub4', signDoc(), 'signDoc');
refuses(
  'CosmosHub4',
  [
    ['no message', signDoc({ txBody: protoField(2, 'memo') }), /no message/],
    ['a payment of nothing', signDoc({ txBody: message(send(zeros(0))) }), /sends nothing/],
    ['a number that is doubled', signDoc({ tail: hex('200c200c') }), /doubled/],
    [
      'text that is doubled',
      signDoc({ chainId: concat(protoField(3, 'cosmoshub-4'), protoField(3, 'cosmoshub-4')) }),
      /doubled/,
    ],
    ['text that is empty', signDoc({ txBody: concat(message(send(atom)), hex('1200')) }), /left out/],
    ['text that is not UTF-8', signDoc({ chainId: protoField(3, hex('ff')) }), /not UTF-8/],
    ['fields out of order', signDoc({ txBody: concat(protoField(2, 'memo'), message(send(atom))) }), /out of order/],
    ['a field of another type', signDoc({ tail: hex('220100') }), /another type/],
    [
      'a coin of no name',
      signDoc({ txBody: message(send(protoMessage(3, protoField(1, '1'), protoField(2, '5')))) }),
      /no valid name/,
    ],
    [
      'an amount that is no number',
      signDoc({ txBody: message(send(protoMessage(3, protoField(1, 'uatom'), protoField(2, '-5')))) }),
      /no number/,
    ],
    ['an additional field', signDoc({ tail: concat(protoField(4, 12n), protoField(5, 1n)) }), /unknown field 5/],
  ],
  'signDoc',
);
test('Cosmos knows a chain by the document where no network is named, and refuses one it does not serve', () => {
  const plan = (bytes: Uint8Array) =>
    planSignature({ key: ecdsa, body: { kind: 'SignDocDirect', signDoc: toHex0x(bytes), blockchainKind: 'Cosmos' } });
  equal(plan(signDoc()).items.length, 1);
  throws(() => plan(signDoc({ chainId: protoField(3, 'osmosis-1') })), says(/none of a network/));
  const nowhere = { ...findNetwork('CosmosHub4'), name: '' };
  throws(() => family('cosmos').address(ecdsa, nowhere), { code: 'E_NETWORK' });
});
refusesOrders(
  'CosmosHub4',
  {
    body: { kind: 'Native', to: own('CosmosHub4'), amount: '5' },
    completion: { accountNumber: '1', sequence: '1', fee: '10', gasLimit: '10' },
  },
  [
    [
      'to an address of 21 bytes',
      { body: { to: bech32.encode('cosmos', bech32.toWords(zeros(21))) } },
      /not an address of this chain/,
    ],
  ],
);

// Aptos: an entry function.
const aptosOwn = hex(own('Aptos').slice(2));
const rawTransaction = (payload: Uint8Array, sender = aptosOwn) =>
  concat(sender, le(5, 8), payload, le(2000, 8), le(100, 8), le(9, 8), be(1, 1));
const entry = (types: Uint8Array = hex('00')) => concat(be(1, 32), moveText('m'), moveText('f'), types, hex('00'));
const entered = concat(hex('02'), entry());
const stranger = new Uint8Array(32).fill(7);
const fee = (sender: Uint8Array, payer: Uint8Array) =>
  concat(rawTransaction(entered, stranger), hex('03'), sender, hex('0000'), aptosOwn, payer);
const zeroSignature = concat(hex('00'), encodeBytes(eddsa.publicKey), encodeBytes(zeros(64)));
const single = (scheme: string, size: number, signature: string) =>
  concat(hex(`02${scheme}`), encodeBytes(zeros(size)), hex(signature), encodeBytes(new Uint8Array(64).fill(1)));
signs('Aptos', rawTransaction(entered));
signs('Aptos', fee(single('00', 32, '00'), hex('04')));
signs('Aptos', rawTransaction(hex('0400 02 00 00 00')));
refuses('Aptos', [
  [
    'types inside each other without end',
    rawTransaction(concat(hex('02'), entry(concat(hex('01'), hex('06'.repeat(12)), hex('00'))))),
    /nests types deeper/,
  ],
  [
    'a type nobody knows',
    rawTransaction(concat(hex('02'), entry(hex('0109')).subarray(0, -2), hex('0163'), hex('00'))),
    /unknown tag|complete|length/,
  ],
  [
    'a name that is none',
    rawTransaction(concat(hex('02'), be(1, 32), moveText('1'), moveText('f'), hex('0000'))),
    /a name that is none/,
  ],
  [
    'a multisig of an unknown payload',
    rawTransaction(concat(hex('03'), stranger, hex('0101'), entry())),
    /unknown payload/,
  ],
  ['an unknown version of the inner payload', rawTransaction(hex('0401')), /unknown payload/],
  ['an unknown executable', rawTransaction(hex('040003')), /unknown payload/],
  ['an unknown extra configuration', rawTransaction(concat(hex('0400'), hex('02'), hex('010000'))), /unknown payload/],
  ['an unknown payload', rawTransaction(hex('09')), /payload of unknown kind 9/],
  ['an argument of a script that nobody knows', rawTransaction(hex('00 00 00 01 0f')), /argument of unknown kind 15/],
  [
    'a place for nobody of ours',
    concat(rawTransaction(entered, stranger), hex('02'), hex('04'), hex('0000')),
    /not to be signed by this wallet/,
  ],
  [
    'fewer authenticators than agents',
    concat(rawTransaction(entered), hex('02'), hex('04'), hex('01'), stranger, hex('00')),
    /one authenticator for each agent/,
  ],
  ['a key of an unknown kind', fee(single('02', 32, '02'), hex('04')), /key of unknown kind/],
  ['a signature of another kind than its key', fee(single('00', 32, '01'), hex('04')), /another kind than its key/],
  ['an authenticator of an unknown kind', fee(hex('05'), hex('04')), /authenticator of unknown kind 5/],
  ['a key of 31 bytes', fee(single('00', 31, '00'), hex('04')), /31 bytes in place of 32/],
]);
const aptosOrder = {
  body: { kind: 'Aip21', metadata: '0xa', to: own('Aptos'), amount: '5' },
  completion: { sequence: '0', maxGasAmount: '2000', gasUnitPrice: '100', expiration: '9' },
};
signs('Aptos', fee(hex('04'), zeroSignature));
test('Aptos constructs nothing for a network that is not named', () => {
  const nowhere = { ...findNetwork('Aptos'), name: '' };
  throws(() => family('aptos').construct?.({ key: eddsa, network: nowhere, purpose: 'transfer', ...aptosOrder }), {
    code: 'E_NETWORK',
  });
});
refusesOrders('Aptos', aptosOrder, [
  ['of metadata that is no address', { body: { metadata: 'USD' } }, /at most 64 hex digits/],
]);
refusesOrders(
  'Aptos',
  { ...aptosOrder, body: { kind: 'Coin', coin: '0x1::a::B<vector<u8>>', to: own('Aptos'), amount: '5' } },
  [
    ['of a type longer than any', { body: { coin: `0x1::a::B<${'u8,'.repeat(400)}u8>` } }, /longer than any type/],
    [
      'of types inside each other without end',
      { body: { coin: `0x1::a::B<${'vector<'.repeat(12)}u8${'>'.repeat(12)}>` } },
      /nests types deeper/,
    ],
    ['of a vector of two types', { body: { coin: '0x1::a::B<vector<u8,u8>>' } }, /other than one type/],
  ],
);

// Sui: the largest lists and references.
const object = concat(zeros(32), le(1, 8), encodeBytes(zeros(32)));
const suiOwn = hex(own('Sui').slice(2));
const programmable = ({ inputs = 1, commands = 1, gas = 1 } = {}) =>
  concat(
    hex('0000'),
    leb128(inputs),
    times(inputs, hex('000101')),
    leb128(commands),
    times(commands, hex('030000')),
    suiOwn,
    leb128(gas),
    times(gas, object),
    suiOwn,
    le(1, 8),
    le(1, 8),
    hex('00'),
  );
signs('Sui', programmable());
refuses('Sui', [
  ['513 inputs', programmable({ inputs: 513 }), /513 inputs/],
  ['no command', programmable({ commands: 0 }), /0 commands/],
  ['gas from 257 objects', programmable({ gas: 257 }), /257 objects/],
]);
test('Sui names only what is signed data', () => {
  throws(
    () => family('sui').transactionId?.(toHex0x(concat(hex('02000000'), programmable())), findNetwork('Sui')),
    says(/not a signed/),
  );
});
const gasObject = { id: `0x${'ab'.repeat(32)}`, version: '5', digest: '4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi' };
refusesOrders(
  'Sui',
  {
    body: { kind: 'Native', to: own('Sui'), amount: '5' },
    completion: { gasPayment: [gasObject], gasPrice: '750', gasBudget: '3000000' },
  },
  [
    ['paid from text', { completion: { gasPayment: 'x' } }, /must be a list/],
    ['paid from a list of text', { completion: { gasPayment: ['x'] } }, /must be a list/],
    [
      'paid from an object without a full id',
      { completion: { gasPayment: [{ ...gasObject, id: '0x2' }] } },
      /must be \{id, version, digest\}/,
    ],
    [
      'paid from an object whose version is a number',
      { completion: { gasPayment: [{ ...gasObject, version: 5 }] } },
      /must be \{id/,
    ],
    [
      'paid from an object whose digest is no base58',
      { completion: { gasPayment: [{ ...gasObject, digest: '0'.repeat(40) }] } },
      /must be \{id/,
    ],
  ],
);

// NEAR: actions.
const name = (text: string) => concat(le(text.length, 4), new TextEncoder().encode(text));
const transaction = (count: number, actions: Uint8Array) =>
  concat(name(own('Near')), hex('00'), eddsa.publicKey, le(1, 8), name('acme.near'), zeros(32), le(count, 4), actions);
const delegated = (inner: Uint8Array, count = 1) =>
  concat(
    hex('08'),
    name('a.near'),
    name('b.near'),
    le(count, 4),
    inner,
    le(1, 8),
    le(1, 8),
    hex('00'),
    zeros(32),
    hex('00'),
    zeros(64),
  );
const transfer = concat(hex('03'), le(7, 16));
signs('Near', transaction(1, transfer));
signs('Near', transaction(1, delegated(transfer)));
refuses('Near', [
  ['101 actions', transaction(101, times(101, hex('00'))), /101 actions/],
  ['a delegated action inside another', transaction(1, delegated(delegated(transfer))), /inside another/],
  ['an action nobody knows', transaction(1, hex('63')), /unknown kind 99/],
  [
    'a permission nobody knows',
    transaction(1, concat(hex('05'), hex('00'), zeros(32), le(0, 8), hex('02'))),
    /unknown value 2/,
  ],
  ['a length beyond the end', transaction(1, concat(hex('01'), le(99, 4))), /a length of 99/],
]);

test('every family of this file is one that was loaded', () => {
  for (const each of names) equal(family(each as FamilyName).name, each);
});

// ── Hedera ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const hederaAccount = (num: bigint, ...more: readonly Uint8Array[]) => concat(protoField(3, num), ...more);
/** A payment of 7 from 0.0.1234; numbers of either sign are folded: 13 is −7. */
const hederaPayment = (to: Uint8Array) => {
  const amount = (account: Uint8Array, folded: bigint) =>
    protoMessage(1, protoMessage(1, account), protoField(2, folded));
  const body = concat(
    protoMessage(1, protoMessage(1, protoField(1, 1_700_000_000n)), protoMessage(2, hederaAccount(1234n))),
    protoMessage(2, hederaAccount(3n)),
    protoField(3, 5n),
    protoMessage(4, protoField(1, 120n)),
    protoMessage(14, protoMessage(1, amount(hederaAccount(1234n), 13n), amount(to, 14n))),
  );
  return protoMessage(1, protoMessage(5, protoMessage(1, body), protoMessage(2)));
};

signs('Hedera', hederaPayment(hederaAccount(99n)));
refuses('Hedera', [
  ['a number and an alias', hederaPayment(hederaAccount(99n, protoMessage(4, zeros(20)))), /by number and by alias/],
  ['a number and an empty alias', hederaPayment(hederaAccount(99n, protoMessage(4))), /by number and by alias/],
]);
const checksummed = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
refusesOrders(
  'Hedera',
  {
    body: { kind: 'Native', to: checksummed, amount: '7' },
    completion: { account: '1234', node: '3', validStart: '1700000000000000000', fee: '5' },
  },
  [['an address with a wrong checksum', { body: { to: checksummed.replace('aA', 'AA') } }, /checksum/]],
);

// ── Internet Computer ───────────────────────────────────────────────────────────────────────────────────────────────

test('payments of the Internet Computer exclude each other only where its ledger makes one of them', () => {
  const body = { kind: 'Native', to: own('InternetComputer'), amount: '5', externalId: 'rent' };
  const completion = { fee: '10000', createdAt: '1700000000000000000', expiry: '1700000240000000000' };
  const exclusionOf = (changed: Body, completed: Completion = {}) =>
    build('InternetComputer', { ...body, ...changed }, { ...completion, ...completed }).exclusion;
  const first = exclusionOf({});

  // The same to the ledger, though another call.
  deepEqual(exclusionOf({}, { expiry: '1700000250000000000' }), first);
  for (const other of [
    exclusionOf({ amount: '6' }),
    exclusionOf({ to: addressOf('InternetComputer', ecdsa) }),
    exclusionOf({ memo: '1' }),
    exclusionOf({}, { fee: '10001' }),
    exclusionOf({}, { createdAt: '1700000000000000001' }),
  ])
    notDeepEqual(other, first);
});

// ── Starknet ────────────────────────────────────────────────────────────────────────────────────────────────────────

test('calls of Starknet that are not shown are counted', () => {
  const key: PublicKeyRef = { scheme: 'ECDSA', curve: 'stark', publicKey: Uint8Array.of(2, ...zeros(31), 7) };
  const bound = { max_amount: '0x0', max_price_per_unit: '0x0' };
  const factsOf = (calls: number) =>
    planSignature({
      key,
      network: 'Starknet',
      body: {
        kind: 'Transaction',
        transaction: {
          type: 'INVOKE',
          version: '0x3',
          sender_address: addressOf('Starknet', key),
          calldata: [calls, ...Array.from({ length: calls }, (_, k) => [0x77 + k, 0x5, 0]).flat()].map(
            (each) => `0x${each.toString(16)}`,
          ),
          nonce: '0x1',
          resource_bounds: { l1_gas: bound, l1_data_gas: bound, l2_gas: bound },
          tip: '0x0',
          nonce_data_availability_mode: 'L1',
          fee_data_availability_mode: 'L1',
        },
      },
    }).facts;

  equal(factsOf(3).summary[0]?.value, '0x5 of 0x77, 0x5 of 0x78, 0x5 of 0x79');
  equal(factsOf(5).summary[0]?.value, '0x5 of 0x77, 0x5 of 0x78, 0x5 of 0x79, 2 more');
});
