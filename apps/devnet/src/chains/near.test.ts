/** NEAR, judged by near-api-js and by transactions of its mainnet. */
import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Case,
  type Constructed,
  conformance,
  localKey,
  type Random,
  type Signed,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/near';
import { family, loadFamily } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { oracle } from '../oracles.ts';
import { filled, hex, published, unhex } from './published.ts';

const sdk = await oracle('near-api-js/lib/index.js');
await loadFamily('near');
const vectors = published('near');
const { base58 } = await import('@scure/base');

const key = localKey('EdDSA', 'ed25519', filled(0xa1));
const other = localKey('EdDSA', 'ed25519', filled(0xa2));
// biome-ignore lint/suspicious/noExplicitAny: the oracle's types stay outside the build.
type Any = any;
const publicKeyOf = (of: { publicKey: Uint8Array }): Any =>
  sdk.PublicKey.fromString(`ed25519:${base58.encode(of.publicKey)}`);
const addressOf = (of: { publicKey: Uint8Array }): string => sdk.keyToImplicitAddress(publicKeyOf(of));
const own = addressOf(key);
const { actions } = sdk;
const build = (list: readonly Any[], { signer = own, by = key, to = 'acme.near' } = {}): Uint8Array =>
  sdk.encodeTransaction(sdk.createTransaction(signer, publicKeyOf(by), to, 9n, list, filled(5)));
const body = (bytes: Uint8Array) => ({ kind: 'Transaction', transaction: hex(bytes) });

const made: Readonly<Record<string, () => readonly Any[]>> = {
  transfer: () => [actions.transfer(7n)],
  'several actions': () => [
    actions.createAccount(),
    actions.transfer(10n ** 24n),
    actions.addFullAccessKey(publicKeyOf(other)),
    actions.addFunctionCallAccessKey(publicKeyOf(other), 'shop.near', ['buy', 'sell'], 5n),
    actions.deleteKey(publicKeyOf(other)),
    actions.stake(3n, publicKeyOf(other)),
    actions.deployContract(new Uint8Array([0, 97, 115, 109])),
    actions.deployGlobalContract(new Uint8Array([1]), 'codeHash'),
    actions.useGlobalContract({ accountId: 'lib.near' }),
    actions.deleteAccount('heir.near'),
  ],
  'function call': () => [actions.functionCall('ft_transfer', { amount: '1' }, 30n * 10n ** 12n, 1n)],
};

/** Decoded by the SDK; the signature verifies over the hash of the SDK's own encoding. */
function verified({ network: name, assembled }: Signed): Any {
  const bytes = unhex(assembled.signedData ?? '');
  const read = sdk.decodeSignedTransaction(bytes);
  equal(hex(sdk.encodeTransaction(read)), hex(bytes));
  const hash = sha256(sdk.encodeTransaction(read.transaction));
  const signature = Uint8Array.from(read.signature.ed25519Signature.data);
  ok(ed25519.verify(signature, hash, key.publicKey), 'verifies over the SDK’s encoding');
  equal(family('near').transactionId?.(assembled.signedData ?? '', network(name)), base58.encode(hash));
  return read.transaction;
}

const cases: readonly Case[] = [
  ...Object.entries(made).map(
    ([name, list]): Case => ({
      name: `Transaction: ${name}`,
      network: 'NearTestnet',
      key,
      body: body(build(list())),
      corrupt: 'transaction',
      accepted: (signed) => {
        equal(hex(sdk.encodeTransaction(verified(signed))), hex(build(list())));
        equal(signed.plan.facts.interpreted, name === 'transfer');
      },
    }),
  ),
  { name: 'Message', network: 'Near', key, body: { kind: 'Message', message: '0x4e' }, accepted: () => {} },
];

const drawn = (random: Random) => ({
  key,
  network: random.pick(['Near', 'NearTestnet']),
  completion: { nonce: String(random.amount(2n ** 64n - 1n)), blockHash: base58.encode(random.bytes(32)) },
  body: {
    kind: 'Native',
    to: random.pick([hex(random.bytes(32)), 'acme.near', 'a-b_c.shop.testnet', `0x${hex(random.bytes(20))}`]),
    amount: String(random.amount(2n ** 128n - 1n)),
  },
});

function decodedAs(read: Constructed): void {
  const { order, completion: given } = read;
  const transaction = verified(read);
  equal(transaction.signerId, own);
  equal(transaction.publicKey.toString(), publicKeyOf(key).toString());
  equal(String(transaction.nonce), given['nonce']);
  equal(transaction.receiverId, order['to']);
  equal(base58.encode(Uint8Array.from(transaction.blockHash)), given['blockHash']);
  equal(transaction.actions.length, 1);
  equal(String(transaction.actions[0].transfer.deposit), order['amount']);
  equal(read.plan.facts.interpreted, true);
}

const order = (more: object, changed: object = {}) => ({
  key,
  network: 'Near',
  body: { kind: 'Native', to: 'acme.near', amount: '5', ...more },
  completion: { nonce: '1', blockHash: base58.encode(filled(3)), ...changed },
});
const refusal = (name: string, transaction: string, message: RegExp) => ({
  name,
  network: 'Near',
  key,
  body: { kind: 'Transaction', transaction },
  message,
});
const plain = () => hex(build(made['transfer']!()));

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'near 1',
  addresses: vectors.addresses,
  sdkAddress: addressOf,
  cases,
  refusals: [
    refusal('a signed transaction', `${plain()}00${'01'.repeat(64)}`, /already signed/),
    refusal('another sender', hex(build(made['transfer']!(), { signer: 'acme.near' })), /sent by acme.near/),
    refusal('another key', hex(build(made['transfer']!(), { by: other })), /another key/),
    refusal('trailing bytes', `${plain()}00`, /too many/),
    refusal('a truncated transaction', plain().slice(0, -2), /complete/),
    refusal(
      'a recipient that is none',
      hex(build(made['transfer']!(), { to: 'acme.near' })).replace(
        hex(new TextEncoder().encode('acme')),
        hex(new TextEncoder().encode('ACME')),
      ),
      /no account/,
    ),
    { name: 'a hash', network: 'Near', key, body: { kind: 'Hash', hash: '07'.repeat(32) }, code: 'E_KIND' },
  ],
  transfers: [{ kind: 'Native', cases: 200, draw: drawn, decoded: decodedAs }],
  refusedOrders: [
    { name: 'without a nonce', ...order({}, { nonce: '0' }), code: 'E_COMPLETION' },
    { name: 'with a fee, which the chain sets', ...order({}, { fee: '1' }), code: 'E_COMPLETION' },
    {
      name: 'on a block hash of 31 bytes',
      ...order({}, { blockHash: base58.encode(filled(200).subarray(1)) }),
      code: 'E_COMPLETION',
    },
    { name: '[bad-input 111] of nothing', ...order({ amount: '0' }), code: 'E_BODY' },
    {
      name: '[bad-input 112] above a 128-bit amount',
      ...order({ amount: String(2n ** 128n) }),
      code: 'E_BODY',
      message: /exceeds/,
    },
    { name: 'to a name in capitals', ...order({ to: 'Acme.near' }), code: 'E_BODY' },
    { name: 'to a name of one character', ...order({ to: 'a' }), code: 'E_BODY' },
    { name: 'to a name of 65 characters', ...order({ to: 'a'.repeat(65) }), code: 'E_BODY' },
    { name: '[bad-input 116] with a memo, which the chain has not', ...order({ memo: 'x' }), code: 'E_BODY' },
  ],
});

test('near: transactions of mainnet have the names they have there', () => {
  for (const { signedData, id } of vectors.transactions)
    equal(family('near').transactionId?.(signedData, network('Near')), id);
});
