import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { verifyRaw } from '../../schemes/index.ts';
import { concat, toHex0x } from '../bytes.ts';
import { addressOf, assembleSignature, loadFamily, planSignature } from '../index.ts';
import type { PublicKeyRef } from '../types.ts';

await Promise.all([loadFamily('pseudo'), loadFamily('solana')]);

// RFC 8032 §7.1 test 1.
const seed = Uint8Array.from(Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'));
const key: PublicKeyRef = { scheme: 'EdDSA', curve: 'ed25519', publicKey: ed25519.getPublicKey(seed) };
const to = new Uint8Array(32).fill(7);
const systemProgram = new Uint8Array(32);

/** A transfer of 5 lamports, legacy or version 0, built by hand from the format's description. */
interface Shape {
  readonly payer?: Uint8Array;
  readonly versioned?: boolean;
  readonly tail?: Uint8Array;
  readonly accounts?: readonly Uint8Array[];
}

function transfer(shape: Shape = {}): Uint8Array {
  const { payer = key.publicKey, versioned = false, tail = new Uint8Array(0) } = shape;
  const accounts = shape.accounts ?? [payer, to, systemProgram];
  const data = Uint8Array.of(2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0);
  const message = concat(
    versioned ? Uint8Array.of(0x80) : new Uint8Array(0),
    Uint8Array.of(1, 0, 1, accounts.length),
    ...accounts,
    new Uint8Array(32).fill(9),
    Uint8Array.of(1, 2, 2, 0, 1, data.length),
    data,
    versioned ? Uint8Array.of(0) : new Uint8Array(0),
  );
  return concat(Uint8Array.of(1), new Uint8Array(64), message, tail);
}

const body = (bytes: Uint8Array) => ({ kind: 'Transaction', transaction: toHex0x(bytes) });

test('gives the base58 address of the RFC 8032 key', () => {
  equal(addressOf('Solana', key), 'FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z');
});

for (const versioned of [false, true])
  test(`signs a ${versioned ? 'version 0' : 'legacy'} transfer and puts the signature in its slot`, () => {
    const request = body(transfer({ versioned }));
    const [item] = planSignature({ key, network: 'Solana', body: request }).items;
    if (item?.algorithm !== 'eddsa') throw new Error('expected a message');
    const raw = { signature: ed25519.sign(item.message, seed) };

    const { signedData } = assembleSignature({ key, network: 'Solana', body: request, signatures: [raw] });

    equal(verifyRaw(item, key, raw), true);
    deepEqual(signedData, toHex0x(concat(Uint8Array.of(1), raw.signature, item.message)));
  });

const wrong: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['paid by another', transfer({ payer: new Uint8Array(32).fill(3) }), /not to be signed by this wallet/],
  ['with trailing bytes', transfer({ tail: Uint8Array.of(0) }), /1 bytes follow the transaction/],
  ['cut short', transfer().subarray(0, 150), /ends at byte/],
  ['with an account twice', transfer({ accounts: [key.publicKey, to, to] }), /appears twice/],
  ['above the packet size', concat(transfer(), new Uint8Array(1232)), /at most 1232 bytes/],
];
for (const [name, bytes, message] of wrong)
  test(`[bad-input 128] refuses a transaction ${name}`, () => {
    throws(() => planSignature({ key, network: 'Solana', body: body(bytes) }), message);
  });

test('[bad-input 132] counts the bytes of a message whether 0x is written or not', () => {
  for (const zeroX of ['', '0x']) {
    const message = (bytes: number) => ({ kind: 'Message', message: `${zeroX}${'00'.repeat(bytes)}` });
    equal(planSignature({ key, body: message(65_536) }).items.length, 1);
    for (const bytes of [0, 65_537]) throws(() => planSignature({ key, body: message(bytes) }), /65536 bytes/);
  }
});

test('refuses a hash on an EdDSA key and an empty message', () => {
  throws(() => planSignature({ key, body: { kind: 'Hash', hash: `0x${'00'.repeat(32)}` } }), { code: 'E_KIND' });
  throws(() => planSignature({ key, body: { kind: 'Message', message: '0x' } }), /must be 1 to 65536 bytes/);
});
