/** Stellar, judged by @stellar/stellar-base and by transactions that its network accepted. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  type Case,
  type Constructed,
  conformance,
  localKey,
  type Random,
  type Signed,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/stellar';
import { family, loadFamily } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { oracle } from '../oracles.ts';
import { filled, hex, published, publishedTransactions } from './published.ts';

const sdk = (await oracle('@stellar/stellar-base')).default;
await loadFamily('stellar');
const vectors = published('stellar');

const key = localKey('EdDSA', 'ed25519', filled(0x31));
const other = localKey('EdDSA', 'ed25519', filled(0x32));
const addressOf = (of: { publicKey: Uint8Array }): string =>
  sdk.StrKey.encodeEd25519PublicKey(Buffer.from(of.publicKey));
const own = addressOf(key);
const stranger = addressOf(other);
const passphrase = (name: string): string => (name === 'Stellar' ? sdk.Networks.PUBLIC : sdk.Networks.TESTNET);
const names = ['Stellar', 'StellarTestnet'];

const usd = new sdk.Asset('USD', stranger);
const long = new sdk.Asset('LONGCODE', stranger);
const { Operation } = sdk;

const builder = (source = own) =>
  new sdk.TransactionBuilder(new sdk.Account(source, '41'), {
    fee: '100',
    networkPassphrase: sdk.Networks.TESTNET,
  }).setTimebounds(0, 1_900_000_000);
// biome-ignore lint/suspicious/noExplicitAny: the oracle's types stay outside the build.
const build = (operations: readonly any[], memo?: any, source = own) => {
  const made = builder(source);
  for (const each of operations) made.addOperation(each);
  if (memo !== undefined) made.addMemo(memo);
  return made.build();
};
const unsigned = (envelope: { toEnvelope(): { toXDR(as: 'hex'): string } }) => ({
  kind: 'Transaction',
  transaction: envelope.toEnvelope().toXDR('hex'),
});

const contract = () => {
  const call = new sdk.Contract('CDLZFC3SYJYDZT7K67VZ75HPJVIEUVNIXF47ZG2FB2RMQQVU2HHGCYSC').call(
    'transfer',
    sdk.Address.fromString(own).toScVal(),
    sdk.nativeToScVal({ a: 1n, b: ['x', true, Buffer.from([1])], c: 2 }),
    sdk.nativeToScVal(-5n, { type: 'i128' }),
  );
  const data = new sdk.SorobanDataBuilder()
    .setResourceFee(99)
    .setResources(1, 2, 3)
    .setReadOnly([new sdk.Contract('CDLZFC3SYJYDZT7K67VZ75HPJVIEUVNIXF47ZG2FB2RMQQVU2HHGCYSC').getFootprint()])
    .build();
  return builder().addOperation(call).setSorobanData(data).build();
};

// biome-ignore lint/suspicious/noExplicitAny: as above.
const made: Readonly<Record<string, () => any>> = {
  payment: () =>
    build(
      [Operation.payment({ destination: stranger, asset: sdk.Asset.native(), amount: '1.5' })],
      sdk.Memo.text('hi'),
    ),
  'payment of an asset': () =>
    build([Operation.payment({ destination: stranger, asset: usd, amount: '0.0000001' })], sdk.Memo.id('7')),
  'new account': () => build([Operation.createAccount({ destination: stranger, startingBalance: '2' })]),
  'many operations': () =>
    build(
      [
        Operation.pathPaymentStrictSend({
          sendAsset: usd,
          sendAmount: '1',
          destination: stranger,
          destAsset: long,
          destMin: '1',
          path: [sdk.Asset.native()],
        }),
        Operation.manageSellOffer({ selling: usd, buying: long, amount: '3', price: '1.5' }),
        Operation.setOptions({ homeDomain: 'example.org', signer: { ed25519PublicKey: stranger, weight: 1 } }),
        Operation.changeTrust({ asset: long }),
        Operation.manageData({ name: 'n', value: 'vvvvv' }),
        Operation.bumpSequence({ bumpTo: '99' }),
        Operation.createClaimableBalance({
          asset: usd,
          amount: '1',
          claimants: [
            new sdk.Claimant(stranger, sdk.Claimant.predicateNot(sdk.Claimant.predicateBeforeRelativeTime('5'))),
          ],
        }),
        Operation.revokeTrustlineSponsorship({ account: own, asset: usd }),
        Operation.setTrustLineFlags({
          trustor: stranger,
          asset: new sdk.Asset('USD', own),
          flags: { authorized: true },
        }),
        Operation.liquidityPoolWithdraw({
          liquidityPoolId: 'ab'.repeat(32),
          amount: '1',
          minAmountA: '1',
          minAmountB: '1',
        }),
        Operation.accountMerge({ destination: stranger, source: stranger }),
      ],
      sdk.Memo.hash('cd'.repeat(32)),
    ),
  'contract call': contract,
  'fee bump': () => {
    const inner = build(
      [Operation.payment({ destination: own, asset: sdk.Asset.native(), amount: '3' })],
      undefined,
      stranger,
    );
    inner.sign(sdk.Keypair.fromRawEd25519Seed(Buffer.from(other.secret)));
    return sdk.TransactionBuilder.buildFeeBumpTransaction(own, '500', inner, sdk.Networks.TESTNET);
  },
};

/** Decoded by the SDK, whose own hash the signature is verified over. */
function verified({ network: name, assembled }: Signed) {
  const read = sdk.TransactionBuilder.fromXDR(
    Buffer.from((assembled.signedData ?? '').slice(2), 'hex').toString('base64'),
    passphrase(name),
  );
  equal(read.signatures.length, 1);
  ok(sdk.Keypair.fromPublicKey(own).verify(read.hash(), read.signatures[0].signature()), 'the SDK verifies');
  equal(hex(read.signatures[0].hint()), hex(key.publicKey.subarray(28)));
  equal(family('stellar').transactionId?.(assembled.signedData ?? '', network(name)), hex(read.hash()));
  return read;
}

const cases: readonly Case[] = Object.entries(made).map(([name, transaction]) => ({
  name: `Transaction: ${name}`,
  network: 'StellarTestnet',
  key,
  body: unsigned(transaction()),
  corrupt: 'transaction',
  accepted: (signed) => {
    equal(hex(verified(signed).hash()), hex(transaction().hash()));
    equal(signed.plan.facts.interpreted, ['payment', 'payment of an asset', 'new account', 'fee bump'].includes(name));
  },
}));

const amountText = (stroops: string) => {
  const digits = stroops.padStart(8, '0');
  return `${digits.slice(0, -7)}.${digits.slice(-7)}`;
};

const drawn = (random: Random, body: Record<string, unknown>) => {
  const create = body['createDestinationAccount'] === true;
  return {
    key,
    network: random.pick(names),
    completion: {
      fee: String(random.amount(1_000_000n)),
      sequence: String(random.amount(2n ** 63n - 1n)),
      maxTime: String(1 + random.int(2 ** 40)),
      ...(create ? { create: random.chance(2) } : {}),
    },
    body: {
      ...body,
      to: addressOf(localKey('EdDSA', 'ed25519', random.bytes(32))),
      amount: String(random.amount(2n ** 63n - 1n)),
      ...(random.chance(2) ? { memo: 'Müller 7'.slice(0, random.int(9)) } : {}),
    },
  };
};

function decodedAs(read: Constructed, asset: { getCode(): string; issuer?: string }): void {
  const { order, completion } = read;
  const transaction = verified(read);
  equal(transaction.source, own);
  equal(transaction.fee, completion['fee']);
  equal(transaction.sequence, completion['sequence']);
  deepEqual(transaction.timeBounds, { minTime: '0', maxTime: completion['maxTime'] });
  equal(transaction.memo.type, (order['memo'] ?? '') === '' ? 'none' : 'text');
  if (transaction.memo.type === 'text') equal(Buffer.from(transaction.memo.value).toString(), order['memo']);
  equal(transaction.operations.length, 1);
  const [operation] = transaction.operations;
  equal(operation.source, undefined);
  equal(operation.destination, order['to']);
  equal(operation.type, completion['create'] === true ? 'createAccount' : 'payment');
  equal(operation.amount ?? operation.startingBalance, amountText(String(order['amount'])));
  if (operation.type === 'payment') equal(operation.asset.toString(), asset.toString());
  equal(read.construction.feeMax, BigInt(String(completion['fee'])));
  equal(read.plan.facts.interpreted, true);
}

const order = (body: object, changed: object = {}) => ({
  key,
  network: 'Stellar',
  body: { kind: 'Native', to: stranger, amount: '5', ...body },
  completion: { fee: '100', sequence: '1', maxTime: '2', ...changed },
});
const refusal = (name: string, transaction: string, message: RegExp) => ({
  name,
  network: 'StellarTestnet',
  key,
  body: { kind: 'Transaction', transaction },
  message,
});
const payment = () => unsigned(made['payment']!()).transaction;

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'stellar 1',
  addresses: vectors.addresses,
  sdkAddress: addressOf,
  cases: [
    ...cases,
    {
      name: 'Message',
      network: 'Stellar',
      key,
      body: { kind: 'Message', message: '0x68690a' },
      accepted: ({ assembled }) =>
        ok(
          sdk.Keypair.fromPublicKey(own).verify(
            Buffer.from('68690a', 'hex'),
            Buffer.from((assembled.signature?.encoded ?? '').slice(2), 'hex'),
          ),
        ),
    },
  ],
  refusals: [
    refusal(
      'a signed transaction',
      (() => {
        const signed = made['payment']!();
        signed.sign(sdk.Keypair.fromRawEd25519Seed(Buffer.from(key.secret)));
        return unsigned(signed).transaction;
      })(),
      /already signed/,
    ),
    refusal(
      'another sender',
      unsigned(
        build([Operation.payment({ destination: own, asset: sdk.Asset.native(), amount: '1' })], undefined, stranger),
      ).transaction,
      /not by this wallet/,
    ),
    refusal('trailing bytes', `${payment()}00000000`, /too many/),
    refusal('a truncated transaction', payment().slice(0, -8), /complete/),
    refusal('an envelope that is no transaction', `00000003${payment().slice(8)}`, /type 3/),
    refusal('padding that is not zero', payment().replace('0000000268690000', '0000000268690001'), /padding/),
    { name: 'a hash', network: 'Stellar', key, body: { kind: 'Hash', hash: '07'.repeat(32) }, code: 'E_KIND' },
  ],
  transfers: [
    {
      kind: 'Native',
      cases: 130,
      draw: (random) =>
        drawn(random, { kind: 'Native', ...(random.chance(3) ? { createDestinationAccount: true } : {}) }),
      decoded: (read) => decodedAs(read, sdk.Asset.native()),
    },
    {
      kind: 'Sep41',
      cases: 90,
      draw: (random) =>
        drawn(random, { kind: 'Sep41', issuer: stranger, assetCode: 'ABCDEFGHIJKL'.slice(0, 1 + random.int(12)) }),
      decoded: (read) => decodedAs(read, new sdk.Asset(read.order['assetCode'], stranger)),
    },
  ],
  refusedOrders: [
    { name: 'above the fee cap', ...order({}, { fee: '1000001' }), code: 'E_FEE', message: /above the cap/ },
    { name: 'that never expires', ...order({}, { maxTime: '0' }), code: 'E_COMPLETION' },
    {
      name: 'whose completion creates an account nobody asked for',
      ...order({}, { create: true }),
      code: 'E_COMPLETION',
    },
    { name: 'that does not say whether to create', ...order({ createDestinationAccount: true }), code: 'E_COMPLETION' },
    { name: '[bad-input 111] of nothing', ...order({ amount: '0' }), code: 'E_BODY' },
    {
      name: '[bad-input 112] above a 64-bit amount',
      ...order({ amount: String(2n ** 63n) }),
      code: 'E_BODY',
      message: /exceeds/,
    },
    {
      name: 'to an address with a wrong checksum',
      ...order({ to: `${stranger.slice(0, -1)}${stranger.endsWith('A') ? 'B' : 'A'}` }),
      code: 'E_BODY',
    },
    {
      name: 'to a contract',
      ...order({ to: 'CDLZFC3SYJYDZT7K67VZ75HPJVIEUVNIXF47ZG2FB2RMQQVU2HHGCYSC' }),
      code: 'E_BODY',
      message: /contract/,
    },
    {
      name: '[bad-input 116] with a memo of 29 bytes',
      ...order({ memo: 'x'.repeat(29) }),
      code: 'E_BODY',
      message: /28 bytes/,
    },
    {
      name: 'of an asset with a bad code',
      ...order({ kind: 'Sep41', issuer: stranger, assetCode: 'A-B' }),
      code: 'E_BODY',
    },
    { name: 'with a priority', ...order({ priority: 'Fast' }), code: 'E_BODY' },
  ],
});
publishedTransactions(vectors);
