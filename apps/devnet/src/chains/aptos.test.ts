/** Aptos, judged by @aptos-labs/ts-sdk and by a transaction of its published examples. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  type Case,
  type Constructed,
  conformance,
  localKey,
  type Random,
  type Signed,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/aptos';
import { family, loadFamily } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { oracle } from '../oracles.ts';
import { filled, hex, published, publishedTransactions } from './published.ts';

const sdk = await oracle('@aptos-labs/ts-sdk');
await loadFamily('aptos');
const vectors = published('aptos');

const key = localKey('EdDSA', 'ed25519', filled(0x71));
const other = localKey('EdDSA', 'ed25519', filled(0x72));
type Keyed = { publicKey: Uint8Array };
const publicKeyOf = (of: Keyed) => new sdk.Ed25519PublicKey(of.publicKey);
const addressOf = (of: Keyed): string => publicKeyOf(of).authKey().derivedAddress().toStringLong();
const own = addressOf(key);
const stranger = addressOf(other);
const account = (text: string) => sdk.AccountAddress.fromString(text);

// biome-ignore lint/suspicious/noExplicitAny: the oracle's types stay outside the build.
type Any = any;
const entry = (module: string, name: string, types: readonly string[], args: readonly Any[]) =>
  new sdk.TransactionPayloadEntryFunction(
    sdk.EntryFunction.build(
      module,
      name,
      types.map((each) => sdk.parseTypeTag(each)),
      args,
    ),
  );
const raw = (payload: Any, { sender = own, chainId = 2 } = {}) =>
  new sdk.RawTransaction(account(sender), 5n, payload, 2000n, 100n, 1_900_000_000n, new sdk.ChainId(chainId));
const transfer = () => entry('0x1::aptos_account', 'transfer', [], [account(stranger), new sdk.U64(7)]);

const payloads: Readonly<Record<string, () => Any>> = {
  transfer,
  'transfer of a coin': () =>
    entry(
      '0x1::aptos_account',
      'transfer_coins',
      [`0x${'ab'.repeat(32)}::m::Pair<0x1::aptos_coin::AptosCoin, vector<u8>>`],
      [account(stranger), new sdk.U64(7)],
    ),
  'transfer of a fungible asset': () =>
    entry(
      '0x1::primary_fungible_store',
      'transfer',
      ['0x1::fungible_asset::Metadata'],
      [account('0xa'), account(stranger), new sdk.U64(7)],
    ),
  'call of another module': () =>
    entry(`0x${'be'.repeat(32)}::m`, 'f', ['u256', 'address'], [sdk.MoveVector.U8([1, 2]), new sdk.MoveString('x')]),
  script: () =>
    new sdk.TransactionPayloadScript(
      new sdk.Script(
        new Uint8Array([1, 2, 3]),
        [sdk.parseTypeTag('bool')],
        [new sdk.U64(1), new sdk.Bool(true), sdk.MoveVector.U8([9]), account('0x7')],
      ),
    ),
  'call as a multisig account': () =>
    new sdk.TransactionPayloadMultiSig(
      new sdk.MultiSig(account(`0x${'99'.repeat(32)}`), new sdk.MultiSigTransactionPayload(transfer().entryFunction)),
    ),
};

const body = (bytes: Uint8Array) => ({ kind: 'Transaction', transaction: hex(bytes) });
const nobody = () => new sdk.AccountAuthenticatorNoAccountAuthenticator();
const signedBy = (by: typeof key, message: Uint8Array) => {
  const secret = new sdk.Ed25519PrivateKey(by.secret);
  return new sdk.AccountAuthenticatorEd25519(publicKeyOf(by), secret.sign(message));
};

/** Decoded by the SDK, which verifies this wallet's signature over its own signing message. */
function verified(signed: Signed) {
  const { network: name, assembled } = signed;
  const bytes = Buffer.from((assembled.signedData ?? '').slice(2), 'hex');
  const read = sdk.SignedTransaction.deserialize(new sdk.Deserializer(bytes));
  equal(hex(read.bcsToBytes()), hex(bytes));
  const { authenticator } = read;
  const secondary = authenticator.secondary_signer_addresses;
  const feePayer = authenticator.fee_payer?.address;
  const message = sdk.generateSigningMessageForTransaction({
    rawTransaction: read.raw_txn,
    ...(secondary === undefined ? {} : { secondarySignerAddresses: secondary }),
    ...(feePayer === undefined ? {} : { feePayerAddress: feePayer }),
  });
  const slots = [
    [read.raw_txn.sender, authenticator.sender ?? authenticator],
    ...(secondary ?? []).map((each: Any, index: number) => [each, authenticator.secondary_signers[index]]),
    ...(feePayer === undefined ? [] : [[feePayer, authenticator.fee_payer.authenticator]]),
  ];
  const [, slot] = slots.find(([address]) => address.toStringLong() === own) ?? [];
  equal(hex(slot.public_key.toUint8Array()), hex(key.publicKey));
  ok(slot.public_key.verifySignature({ message, signature: slot.signature }), 'the SDK verifies');
  if (secondary === undefined)
    equal(
      family('aptos').transactionId?.(assembled.signedData ?? '', network(name)),
      sdk.generateUserTransactionHash({
        transaction: { rawTransaction: read.raw_txn },
        senderAuthenticator: new sdk.AccountAuthenticatorEd25519(authenticator.public_key, authenticator.signature),
      }),
    );
  return read;
}

const feePaid = () => {
  const transaction = raw(transfer(), { sender: stranger });
  const message = sdk.generateSigningMessageForTransaction({
    rawTransaction: transaction,
    secondarySignerAddresses: [],
    feePayerAddress: account(own),
  });
  return new sdk.SignedTransaction(
    transaction,
    new sdk.TransactionAuthenticatorFeePayer(signedBy(other, message), [], [], {
      address: account(own),
      authenticator: nobody(),
    }),
  );
};
const agents = (slot: Any) => {
  const transaction = raw(transfer());
  const message = sdk.generateSigningMessageForTransaction({
    rawTransaction: transaction,
    secondarySignerAddresses: [account(stranger)],
  });
  return new sdk.SignedTransaction(
    transaction,
    new sdk.TransactionAuthenticatorMultiAgent(slot, [account(stranger)], [signedBy(other, message)]),
  );
};
const zeros = (by: Keyed) =>
  new sdk.AccountAuthenticatorEd25519(publicKeyOf(by), new sdk.Ed25519Signature(new Uint8Array(64)));

const cases: readonly Case[] = [
  ...Object.entries(payloads).map(
    ([name, payload]): Case => ({
      name: `Transaction: ${name}`,
      network: 'AptosTestnet',
      key,
      body: body(raw(payload()).bcsToBytes()),
      corrupt: 'transaction',
      accepted: (signed) => {
        equal(hex(verified(signed).raw_txn.bcsToBytes()), hex(raw(payload()).bcsToBytes()));
        equal(signed.plan.facts.interpreted, name.startsWith('transfer'));
      },
    }),
  ),
  ...(
    [
      ['of another sender, paid by this wallet', feePaid, true],
      ['of two agents, kept free', () => agents(nobody()), false],
      ['of two agents, kept free with zeros', () => agents(zeros(key)), false],
    ] as const
  ).map(
    ([name, envelope, interpreted]): Case => ({
      name: `Transaction: ${name}`,
      network: 'AptosTestnet',
      key,
      body: body(envelope().bcsToBytes()),
      accepted: (signed) => {
        equal(hex(verified(signed).raw_txn.bcsToBytes()), hex(envelope().raw_txn.bcsToBytes()));
        equal(signed.plan.facts.interpreted, interpreted);
      },
    }),
  ),
  { name: 'Message', network: 'Aptos', key, body: { kind: 'Message', message: '0x4150' }, accepted: () => {} },
];

const drawn = (random: Random, more: Record<string, unknown>) => {
  const maxGasAmount = random.amount(50_000n);
  return {
    key,
    network: random.pick(['Aptos', 'AptosTestnet']),
    completion: {
      sequence: random.chance(8) ? '0' : String(random.amount(2n ** 64n - 1n)),
      maxGasAmount: String(maxGasAmount),
      gasUnitPrice: String(random.amount(5_000_000n / maxGasAmount)),
      expiration: String(random.amount(2n ** 64n - 1n)),
    },
    body: {
      ...more,
      to: addressOf(localKey('EdDSA', 'ed25519', random.bytes(32))),
      amount: String(random.amount(2n ** 64n - 1n)),
    },
  };
};
const u64 = (value: unknown) => new sdk.U64(BigInt(String(value)));
const expected: Readonly<Record<string, (order: Record<string, unknown>) => Any>> = {
  Native: ({ to, amount }) => entry('0x1::aptos_account', 'transfer', [], [account(String(to)), u64(amount)]),
  Coin: ({ to, amount, coin }) =>
    entry('0x1::aptos_account', 'transfer_coins', [String(coin)], [account(String(to)), u64(amount)]),
  Aip21: ({ to, amount, metadata }) =>
    entry(
      '0x1::primary_fungible_store',
      'transfer',
      ['0x1::fungible_asset::Metadata'],
      [account(String(metadata)), account(String(to)), u64(amount)],
    ),
};

function decodedAs(read: Constructed): void {
  const { order, completion: given } = read;
  const { raw_txn: transaction } = verified(read);
  const wanted = new sdk.RawTransaction(
    account(own),
    BigInt(String(given['sequence'])),
    expected[String(order['kind'])]?.(order),
    BigInt(String(given['maxGasAmount'])),
    BigInt(String(given['gasUnitPrice'])),
    BigInt(String(given['expiration'])),
    new sdk.ChainId(read.network === 'Aptos' ? 1 : 2),
  );
  equal(hex(transaction.bcsToBytes()), hex(wanted.bcsToBytes()));
  equal(read.construction.feeMax, BigInt(String(given['maxGasAmount'])) * BigInt(String(given['gasUnitPrice'])));
  equal(read.plan.facts.interpreted, true);
  const facts = Object.fromEntries(read.plan.facts.summary.map(({ label, value }) => [label, value]));
  deepEqual([facts['To'], facts['Amount']], [order['to'], order['amount']]);
}

const order = (more: object, changed: object = {}) => ({
  key,
  network: 'Aptos',
  body: { kind: 'Native', to: stranger, amount: '5', ...more },
  completion: { sequence: '0', maxGasAmount: '2000', gasUnitPrice: '100', expiration: '1900000000', ...changed },
});
const refusal = (name: string, transaction: Uint8Array | string, message: RegExp) => ({
  name,
  network: 'AptosTestnet',
  key,
  body: { kind: 'Transaction', transaction: typeof transaction === 'string' ? transaction : hex(transaction) },
  message,
});
const plain = () => raw(transfer()).bcsToBytes();

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'aptos 1',
  addresses: vectors.addresses,
  sdkAddress: addressOf,
  cases,
  refusals: [
    refusal(
      '[bad-input 131] another network',
      raw(transfer(), { chainId: 1 }).bcsToBytes(),
      /chain id 1 does not match network AptosTestnet \(2\)/,
    ),
    refusal('[bad-input 131] another sender', raw(transfer(), { sender: stranger }).bcsToBytes(), /not by this wallet/),
    refusal(
      'a signed transaction',
      new sdk.SignedTransaction(
        raw(transfer()),
        new sdk.TransactionAuthenticatorEd25519(
          publicKeyOf(key),
          new sdk.Ed25519Signature(filled(1).length === 32 ? new Uint8Array(64).fill(1) : []),
        ),
      ).bcsToBytes(),
      /already signed/,
    ),
    refusal('a place that is taken', agents(signedBy(key, filled(1))).bcsToBytes(), /already signed by this wallet/),
    refusal('another key in this wallet’s place', agents(zeros(other)).bcsToBytes(), /names another key/),
    refusal('trailing bytes', `${hex(plain())}00`, /already signed/),
    refusal('trailing bytes of another kind', `${hex(plain())}09`, /unknown kind 9/),
    refusal('a truncated transaction', hex(plain()).slice(0, -2), /complete/),
    refusal('a length in a longer form', hex(plain()).replace('0d6170746f735f', '8d006170746f735f'), /shortest/),
    { name: 'a hash', network: 'Aptos', key, body: { kind: 'Hash', hash: '07'.repeat(32) }, code: 'E_KIND' },
  ],
  transfers: [
    { kind: 'Native', cases: 80, draw: (random) => drawn(random, { kind: 'Native' }), decoded: decodedAs },
    {
      kind: 'Coin',
      cases: 80,
      draw: (random) =>
        drawn(random, {
          kind: 'Coin',
          coin: random.pick([
            '0x1::aptos_coin::AptosCoin',
            `0x${hex(random.bytes(32))}::asset::USDC`,
            '0xf::lp::LP<0x1::aptos_coin::AptosCoin, 0xa::b::C<vector<u8>, u256>>',
          ]),
        }),
      decoded: decodedAs,
    },
    {
      kind: 'Aip21',
      cases: 80,
      draw: (random) =>
        drawn(random, { kind: 'Aip21', metadata: random.chance(3) ? '0xa' : `0x${hex(random.bytes(32))}` }),
      decoded: decodedAs,
    },
  ],
  refusedOrders: [
    {
      name: '[bad-input 137] above the fee cap',
      ...order({}, { maxGasAmount: '50001' }),
      code: 'E_FEE',
      message: /above the cap/,
    },
    { name: 'without gas', ...order({}, { maxGasAmount: '0' }), code: 'E_COMPLETION' },
    { name: 'with a chain id in the completion', ...order({}, { chainId: '1' }), code: 'E_COMPLETION' },
    { name: '[bad-input 111] of nothing', ...order({ amount: '0' }), code: 'E_BODY' },
    {
      name: '[bad-input 112] above a 64-bit amount',
      ...order({ amount: String(2n ** 64n) }),
      code: 'E_BODY',
      message: /exceeds/,
    },
    { name: '[bad-input 113] to a short address', ...order({ to: '0x1234' }), code: 'E_BODY' },
    { name: '[bad-input 113] to the zero address', ...order({ to: `0x${'00'.repeat(32)}` }), code: 'E_BODY' },
    { name: 'of a type that is none', ...order({ kind: 'Coin', coin: 'USDC' }), code: 'E_BODY' },
    { name: 'of a type that does not end', ...order({ kind: 'Coin', coin: '0x1::a::B<u8' }), code: 'E_BODY' },
    { name: 'of a number as a coin', ...order({ kind: 'Coin', coin: 'u64' }), code: 'E_BODY' },
    { name: '[bad-input 116] with a memo, which the chain has not', ...order({ memo: 'x' }), code: 'E_BODY' },
  ],
});
publishedTransactions(vectors);
