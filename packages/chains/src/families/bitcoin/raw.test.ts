import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '@noble/hashes/sha2.js';
import { network } from '../../networks/index.ts';
import { bitcoinCash } from '../bitcoin-cash/index.ts';
import { encodePsbt, newPsbt } from '../bitcoin-cash/psbt.ts';
import { concat, toHex0x } from '../bytes.ts';
import type { PublicKeyRef } from '../types.ts';
import { hash160, pkhScript } from './address.ts';
import { bitcoin } from './index.ts';
import { decodeRaw, encodeRaw, type RawTransaction, txidOf, withoutWitness } from './raw.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

// BIP-143, "Native P2WPKH": the signed transaction, of two inputs of which one has a witness.
const signed = hex(
  '01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000',
);

test('a transaction without its witness has the id that the chain knows it by', () => {
  const plain = withoutWitness(signed, 'it');
  // As bitcoinjs-lib names it.
  equal(txidOf(plain), 'e8151a2af31c368a35053ddd4bdb285a8595c769a3ad83e0fa02314a602d4609');
  deepEqual(withoutWitness(plain, 'it'), plain);
  deepEqual(encodeRaw(decodeRaw(plain, 'it')), plain);
  throws(() => decodeRaw(signed, 'it'), { code: 'E_BODY' });
});

const small: RawTransaction = {
  version: 2,
  inputs: [{ txid: new Uint8Array(32).fill(7), index: 0, script: new Uint8Array(0), sequence: 0 }],
  outputs: [{ amount: 5n, script: hex('6a') }],
  lockTime: 0,
};
const bytes = encodeRaw(small);
const wrong: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['a byte behind its end', concat(bytes, hex('00')), /too many/],
  ['a byte missing', bytes.subarray(0, -1), /before it is complete/],
  ['more inputs than bytes', Uint8Array.from(bytes).fill(0xfc, 4, 5), /more inputs or outputs/],
  ['a count in a longer form', concat(bytes.subarray(0, 4), hex('fd0100'), bytes.subarray(5)), /shortest form/],
  [
    'a count of eight bytes',
    concat(bytes.subarray(0, 4), hex('ff0100000000000000'), bytes.subarray(5)),
    /above four bytes/,
  ],
];
for (const [name, altered, message] of wrong)
  test(`refuses a previous transaction with ${name}`, () => {
    throws(() => decodeRaw(altered, 'previous'), { code: 'E_BODY', message });
  });

const key: PublicKeyRef = {
  scheme: 'ECDSA',
  curve: 'secp256k1',
  publicKey: hex(`02${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}`),
};
const own = pkhScript(hash160(key.publicKey));
const previous = encodeRaw({ ...small, outputs: [{ amount: 9_000n, script: own }] });
const spending: RawTransaction = {
  ...small,
  inputs: [{ txid: sha256(sha256(previous)), index: 0, script: new Uint8Array(0), sequence: 0 }],
};
const entry = (type: number, value: Uint8Array) => ({ key: Uint8Array.of(type), value });
const unsigned = entry(0, encodeRaw(spending));
const psbtOf = (o: { global?: readonly object[]; input?: readonly object[] }) =>
  encodePsbt({
    global: (o.global ?? [unsigned]) as never,
    inputs: [(o.input ?? [entry(0, previous)]) as never],
    outputs: [[]],
  });
const plan = (psbt: Uint8Array) =>
  bitcoinCash.plan({ key, network: network('BitcoinCash'), body: { kind: 'Psbt', psbt: toHex0x(psbt) } });

const wrongPsbts: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['another magic', Uint8Array.from(psbtOf({})).fill(0, 0, 1), /not a PSBT/],
  ['no transaction', psbtOf({ global: [] }), /has no transaction/],
  ['version 2', psbtOf({ global: [unsigned, entry(0xfb, hex('02000000'))] }), /version 0/],
  ['an entry twice', psbtOf({ global: [unsigned, unsigned] }), /twice/],
  [
    'a signed transaction in it',
    psbtOf({
      global: [
        entry(0, encodeRaw({ ...spending, inputs: spending.inputs.map((each) => ({ ...each, script: hex('51') })) })),
      ],
    }),
    /signed already/,
  ],
  [
    'a signature for the input',
    psbtOf({ input: [entry(0, previous), { key: concat(hex('02'), key.publicKey), value: hex('00') }] }),
    /input 0 is signed already/,
  ],
  [
    'a final script for the input',
    psbtOf({ input: [entry(0, previous), entry(7, hex('51'))] }),
    /input 0 is signed already/,
  ],
  ['the sighash of Bitcoin', psbtOf({ input: [entry(0, previous), entry(3, hex('01000000'))] }), /sighash/],
  [
    'a previous transaction of another name',
    psbtOf({ input: [entry(0, encodeRaw(small))] }),
    /names another transaction/,
  ],
  [
    'a script that its previous transaction contradicts',
    psbtOf({ input: [entry(0, previous), entry(1, concat(hex('2823000000000000'), hex('016a')))] }),
    /script does not match/,
  ],
  [
    'an amount that its previous transaction contradicts',
    psbtOf({ input: [entry(0, previous), entry(1, concat(hex('2923000000000000'), Uint8Array.of(own.length), own))] }),
    /amount does not match/,
  ],
];
for (const [name, psbt, message] of wrongPsbts)
  test(`refuses a PSBT of Bitcoin Cash with ${name}`, () => {
    equal(plan(newPsbt(spending, [previous])).items.length, 1);
    throws(() => plan(psbt), { code: 'E_BODY', message });
  });

test('[bad-input 137] a fee above the cap of the network is refused, however low its rate', () => {
  const order = {
    key,
    purpose: 'transfer' as const,
    body: { kind: 'Native', to: bitcoin.address(key, network('Bitcoin')) ?? '', amount: '1000' },
    completion: { inputs: [{ txid: '11'.repeat(32), vout: '0', value: '100000' }], feeRate: '1000' },
  };
  equal(bitcoin.construct?.({ ...order, network: network('Bitcoin') }).feeMax, 141n);
  throws(() => bitcoin.construct?.({ ...order, network: { ...network('Bitcoin'), feeMax: 140n } }), {
    code: 'E_FEE',
    message: /fee 141 is above the cap 140/,
  });
});
