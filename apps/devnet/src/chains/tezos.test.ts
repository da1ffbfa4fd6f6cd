/** Tezos, judged by @taquito/local-forging and @taquito/utils and by operations that a test network included. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  type Case,
  type Constructed,
  conformance,
  localKey,
  type Random,
  type Signed,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/tezos';
import { family, loadFamily } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { oracle } from '../oracles.ts';
import { filled, published, publishedTransactions } from './published.ts';

const { localForger } = await oracle('@taquito/local-forging');
const utils = await oracle('@taquito/utils');
await loadFamily('tezos');
const vectors = published('tezos');

const eddsa = localKey('EdDSA', 'ed25519', filled(0x41));
const ecdsa = localKey('ECDSA', 'secp256k1', filled(0x42));
const keys = [eddsa, ecdsa];
type Key = typeof eddsa;
const names = ['Tezos', 'TezosGhostnet', 'TezosShadownet'];
const branch = 'BL8euoCWqNCny9AR3AKjnpi38haYMxjei1ZqNHuXMn19JSQnoWp';
const stranger = 'tz1eZwq8b5cvE2bPKokatLkVMzkxz24z3Don';
const contract = 'KT1XnTn74bUtxHfDtBmm2bGZAQfhPbvKWR8o';

const publicKey = (key: Key): string =>
  utils.b58Encode(
    key.publicKey,
    key.curve === 'ed25519' ? utils.PrefixV2.Ed25519PublicKey : utils.PrefixV2.Secp256k1PublicKey,
  );
const addressOf = (key: Key): string => utils.getPkhfromPk(publicKey(key));

const manager = (key: Key, counter = 7) => ({
  source: addressOf(key),
  fee: '1272',
  counter: String(counter),
  gas_limit: '10100',
  storage_limit: '257',
});
const pay = (key: Key, counter?: number) => ({
  kind: 'transaction',
  ...manager(key, counter),
  amount: '1',
  destination: stranger,
});
type Contents = readonly Record<string, unknown>[];
const made: Readonly<Record<string, (key: Key) => Contents>> = {
  payment: (key) => [pay(key)],
  'payment with a reveal': (key) => [{ kind: 'reveal', ...manager(key), public_key: publicKey(key) }, pay(key, 8)],
  'contract call': (key) => [
    {
      ...pay(key),
      destination: contract,
      parameters: {
        entrypoint: 'transfer',
        value: {
          prim: 'Pair',
          args: [
            { string: stranger },
            { int: '-123456789' },
            { bytes: 'deadbeef' },
            [{ prim: 'Some', args: [{ int: '0' }], annots: ['%a'] }, { prim: 'Unit' }],
          ],
        },
      },
    },
  ],
  delegation: (key) => [{ kind: 'delegation', ...manager(key), delegate: stranger }],
  origination: (key) => [
    {
      kind: 'origination',
      ...manager(key),
      balance: '5',
      script: {
        code: [
          { prim: 'parameter', args: [{ prim: 'unit' }] },
          { prim: 'storage', args: [{ prim: 'unit' }] },
          { prim: 'code', args: [[{ prim: 'CDR' }, { prim: 'NIL', args: [{ prim: 'operation' }] }, { prim: 'PAIR' }]] },
        ],
        storage: { prim: 'Unit' },
      },
    },
  ],
  stake: (key) => [
    { ...pay(key), destination: addressOf(key), parameters: { entrypoint: 'stake', value: { prim: 'Unit' } } },
  ],
};
const forge = (contents: Contents): Promise<string> => localForger.forge({ branch, contents });

/** Parsed by the SDK, which verifies the signature and names the operation. */
async function verified({ key, network: name, assembled }: Signed) {
  const signedData = (assembled.signedData ?? '').slice(2);
  const bytes = signedData.slice(0, -128);
  const raw = Buffer.from(signedData.slice(-128), 'hex');
  const prefix = key.curve === 'ed25519' ? utils.PrefixV2.Ed25519Signature : utils.PrefixV2.Secp256k1Signature;
  ok(utils.verifySignature(`03${bytes}`, publicKey(key as Key), utils.b58Encode(raw, prefix)), 'the SDK verifies');
  equal(family('tezos').transactionId?.(assembled.signedData ?? '', network(name)), utils.encodeOpHash(signedData));
  return localForger.parse(bytes);
}

const cases: readonly Case[] = keys.flatMap((key) =>
  Object.entries(made).map(([name, contents]) => ({
    name: `Transaction (${name})`,
    network: 'TezosGhostnet',
    key,
    body: async () => ({ kind: 'Transaction', transaction: await forge(contents(key)) }),
    corrupt: 'transaction',
    accepted: async (signed: Signed) => {
      equal(await localForger.forge(await verified(signed)), await forge(contents(key)));
      equal(signed.plan.facts.interpreted, name.startsWith('payment'));
    },
  })),
);

const drawn = (random: Random) => {
  const reveal = random.chance(2);
  const to = random.chance(4)
    ? contract
    : addressOf(random.chance(2) ? localKey('EdDSA', 'ed25519', random.bytes(32)) : ecdsa);
  return {
    key: random.pick(keys),
    network: random.pick(names),
    body: { kind: 'Native', to, amount: String(random.amount(2n ** 63n - 1n)) },
    completion: {
      branch: utils.b58Encode(random.bytes(32), utils.PrefixV2.BlockHash),
      counter: String(random.amount(2n ** 62n)),
      fee: String(random.amount(100_000n)),
      gasLimit: String(random.amount(1_040_000n)),
      storageLimit: String(random.int(300)),
      reveal,
      ...(reveal ? { revealFee: String(random.amount(50_000n)), revealGasLimit: String(random.amount(10_000n)) } : {}),
    },
  };
};

async function decodedAs(read: Constructed): Promise<void> {
  const { order, completion: given } = read;
  const key = read.key as Key;
  const parsed = await verified(read);
  const first = BigInt(String(given['counter']));
  equal(parsed.branch, given['branch']);
  deepEqual(parsed.contents, [
    ...(given['reveal'] === true
      ? [
          {
            kind: 'reveal',
            source: addressOf(key),
            fee: given['revealFee'],
            counter: String(first),
            gas_limit: given['revealGasLimit'],
            storage_limit: '0',
            public_key: publicKey(key),
          },
        ]
      : []),
    {
      kind: 'transaction',
      source: addressOf(key),
      fee: given['fee'],
      counter: String(given['reveal'] === true ? first + 1n : first),
      gas_limit: given['gasLimit'],
      storage_limit: given['storageLimit'],
      amount: order['amount'],
      destination: order['to'],
    },
  ]);
  const cost =
    BigInt(String(given['fee'])) +
    BigInt(String(given['revealFee'] ?? 0)) +
    250n * BigInt(String(given['storageLimit']));
  equal(read.construction.feeMax, cost);
  equal(read.plan.facts.interpreted, true);
}

const order = (body: object, changed: object = {}) => ({
  key: eddsa,
  network: 'Tezos',
  body: { kind: 'Native', to: stranger, amount: '5', ...body },
  completion: { branch, counter: '1', fee: '400', gasLimit: '2000', storageLimit: '0', reveal: false, ...changed },
});
const refusal = (name: string, transaction: () => Promise<string>, message: RegExp) => ({
  name,
  network: 'Tezos',
  key: eddsa,
  body: async () => ({ kind: 'Transaction', transaction: await transaction() }),
  message,
});
const payment = () => forge([pay(eddsa)]);

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'tezos 1',
  addresses: vectors.addresses,
  sdkAddress: (key) => addressOf(key as Key),
  cases: [
    ...cases,
    { name: 'Message', network: 'Tezos', key: eddsa, body: { kind: 'Message', message: '0x0501' }, accepted: () => {} },
    { name: 'Hash', network: 'Tezos', key: ecdsa, body: { kind: 'Hash', hash: '07'.repeat(32) }, accepted: () => {} },
  ],
  refusals: [
    refusal('a signed operation', async () => `${await payment()}${'ab'.repeat(64)}`, /tag 171/),
    refusal('a watermark in front', async () => `03${await payment()}`, /tag|complete|curve/),
    refusal('another sender', () => forge([{ ...pay(eddsa), source: stranger }]), /not by this wallet/),
    refusal('operations of two senders', () => forge([pay(eddsa), { ...pay(ecdsa, 8) }]), /not by this wallet/),
    refusal(
      'the key of another',
      () => forge([{ kind: 'reveal', ...manager(eddsa), public_key: publicKey(ecdsa) }]),
      /not this wallet/,
    ),
    refusal('a gap between counters', () => forge([pay(eddsa, 7), pay(eddsa, 9)]), /counter 9 after 7/),
    refusal('a branch alone', async () => (await payment()).slice(0, 64), /no operation/),
    refusal('a truncated operation', async () => (await payment()).slice(0, -2), /complete/),
    refusal('trailing bytes', async () => `${await payment()}00`, /tag 0/),
    refusal('a number in two forms', async () => (await payment()).replace('f809', 'f88900'), /shortest/),
  ],
  transfers: [{ kind: 'Native', cases: 200, draw: drawn, decoded: decodedAs }],
  refusedOrders: [
    { name: 'above the fee cap', ...order({}, { fee: '250001' }), code: 'E_FEE', message: /above the cap/ },
    { name: 'above the cap by storage', ...order({}, { storageLimit: '1001' }), code: 'E_FEE' },
    {
      name: 'above the cap by the fee of a reveal',
      ...order({}, { reveal: true, revealFee: '250000', revealGasLimit: '1' }),
      code: 'E_FEE',
    },
    { name: 'with half a reveal', ...order({}, { reveal: true }), code: 'E_COMPLETION' },
    {
      name: 'with the fee of a reveal that is none',
      ...order({}, { revealFee: '1', revealGasLimit: '1' }),
      code: 'E_COMPLETION',
    },
    {
      name: 'on a branch with a wrong checksum',
      ...order({}, { branch: `${branch.slice(0, -1)}q` }),
      code: 'E_COMPLETION',
    },
    { name: '[bad-input 111] of nothing', ...order({ amount: '0' }), code: 'E_BODY' },
    { name: 'to an address with a wrong checksum', ...order({ to: `${stranger.slice(0, -1)}o` }), code: 'E_BODY' },
    { name: 'to an EVM address', ...order({ to: `0x${'35'.repeat(20)}` }), code: 'E_BODY' },
    { name: '[bad-input 116] with a memo, which the chain has not', ...order({ memo: 'x' }), code: 'E_BODY' },
    { name: 'of a token', ...order({ kind: 'Asa' }), code: 'E_KIND' },
  ],
});
publishedTransactions(vectors);
