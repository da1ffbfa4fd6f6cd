/** Hedera, judged by the network's own SDK: aliases, transactions of both kinds of keys, signatures over their bodies. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  type Case,
  type Constructed,
  conformance,
  type LocalKey,
  localKey,
  type Random,
  type Signed,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/hedera';
import { family, loadFamily } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { oracle } from '../oracles.ts';
import { filled, hex, unhex } from './published.ts';

const sdk = await oracle('@hiero-ledger/sdk');
await loadFamily('hedera');

// biome-ignore lint/suspicious/noExplicitAny: the oracle's types stay outside the build.
type Any = any;
const ed = localKey('EdDSA', 'ed25519', filled(0x31));
const ec = localKey('ECDSA', 'secp256k1', filled(0x32));
const publicKeyOf = ({ scheme, publicKey }: LocalKey): Any =>
  scheme === 'EdDSA' ? sdk.PublicKey.fromBytesED25519(publicKey) : sdk.PublicKey.fromBytesECDSA(publicKey);
const aliasOf = (key: LocalKey): string =>
  key.scheme === 'EdDSA' ? publicKeyOf(key).toAccountId(0, 0).toString() : `0x${publicKeyOf(key).toEvmAddress()}`;
/** As users of the SDK name accounts. */
const accountId = (text: string): Any =>
  text.startsWith('0x') ? sdk.AccountId.fromEvmAddress(0, 0, text) : sdk.AccountId.fromString(text);

const payer = '0.0.1234';
const frozen = (transaction: Any, { nodes = ['0.0.3'], fee = 5 } = {}): string =>
  hex(
    transaction
      .setTransactionId(sdk.TransactionId.fromString(`${payer}@1700000000.000000001`))
      .setNodeAccountIds(nodes.map(accountId))
      .setMaxTransactionFee(sdk.Hbar.fromTinybars(fee))
      .freeze()
      .toBytes(),
  );
const hbar = (more: readonly (readonly [string, number])[] = []): Any =>
  [[payer, -7] as const, ['0.0.99', 7] as const, ...more].reduce(
    (made: Any, [account, amount]) => made.addHbarTransfer(accountId(account), sdk.Hbar.fromTinybars(amount)),
    new sdk.TransferTransaction(),
  );
const made: Readonly<Record<string, readonly [() => Any, boolean]>> = {
  'a payment': [() => hbar(), true],
  'a payment with a memo': [() => hbar().setTransactionMemo('rent'), true],
  'a payment of several': [
    () =>
      hbar([
        ['0.0.100', -2],
        ['0.0.101', 2],
      ]),
    false,
  ],
  'a payment out of an allowance': [
    () =>
      new sdk.TransferTransaction()
        .addApprovedHbarTransfer(accountId('0.0.55'), sdk.Hbar.fromTinybars(-7))
        .addHbarTransfer(accountId('0.0.99'), sdk.Hbar.fromTinybars(7)),
    false,
  ],
  tokens: [
    () => new sdk.TransferTransaction().addTokenTransfer('0.0.77', payer, -5).addTokenTransfer('0.0.77', '0.0.99', 5),
    true,
  ],
  'tokens of stated decimals': [
    () =>
      new sdk.TransferTransaction()
        .addTokenTransferWithDecimals('0.0.77', payer, -5, 2)
        .addTokenTransferWithDecimals('0.0.77', '0.0.99', 5, 2),
    false,
  ],
  'one of a kind': [
    () => new sdk.TransferTransaction().addNftTransfer(sdk.NftId.fromString('0.0.77/3'), payer, '0.0.99'),
    true,
  ],
  'one of a kind of somebody else': [
    () => new sdk.TransferTransaction().addNftTransfer(sdk.NftId.fromString('0.0.77/3'), '0.0.55', '0.0.99'),
    false,
  ],
  'an association with a token': [
    () => new sdk.TokenAssociateTransaction().setAccountId(payer).setTokenIds(['0.0.77']),
    false,
  ],
  'a message for a topic': [
    () => new sdk.TopicMessageSubmitTransaction().setTopicId('0.0.5').setMessage('hello'),
    false,
  ],
  'a new account': [
    () => new sdk.AccountCreateTransaction().setKey(publicKeyOf(ed)).setInitialBalance(sdk.Hbar.fromTinybars(1)),
    false,
  ],
};

/** Decoded by the SDK, which finds the key's signature over the body. */
function verified({ key, network: name, assembled }: Signed): Any {
  const bytes = unhex(assembled.signedData ?? '');
  const read = sdk.Transaction.fromBytes(bytes);
  ok(publicKeyOf(key).verifyTransaction(read), 'the SDK verifies the signature');
  const id = family('hedera').transactionId?.(assembled.signedData ?? '', network(name)) ?? '';
  equal(sdk.TransactionId.fromString(id).toString(), read.transactionId.toString());
  const { r = '', s = '', encoded } = assembled.signature ?? {};
  equal(encoded, `0x${r.slice(2)}${s.slice(2)}`);
  return read;
}

const cases: readonly Case[] = [ed, ec].flatMap((key) =>
  Object.entries(made).map(
    ([name, [build, interpreted]], index): Case => ({
      name: `Transaction: ${name}`,
      network: index % 2 === 0 ? 'Hedera' : 'HederaTestnet',
      key,
      body: { kind: 'Transaction', transaction: frozen(build()) },
      ...(index < 6 ? { corrupt: 'transaction' } : {}),
      accepted: (signed) => {
        const unsigned = sdk.Transaction.fromBytes(unhex(frozen(build())));
        const read = verified(signed);
        equal(hex(read._signedTransactions.list[0].bodyBytes), hex(unsigned._signedTransactions.list[0].bodyBytes));
        equal(signed.plan.facts.interpreted, interpreted);
      },
    }),
  ),
);

const account = (random: Random): string => {
  const other = localKey('EdDSA', 'ed25519', random.bytes(32));
  const secret = random.bytes(32);
  secret[0] = 0x7f;
  return random.pick([
    `0.0.${random.amount(2n ** 53n, 5_000n)}`,
    `0x${hex(random.bytes(20))}`,
    aliasOf(other),
    sdk.PublicKey.fromBytesECDSA(localKey('ECDSA', 'secp256k1', secret).publicKey)
      .toAccountId(0, 0)
      .toString(),
  ]);
};
const i64 = 2n ** 63n - 1n;
const draw = (kind: string, members: (random: Random) => object) => (random: Random) => ({
  key: random.pick([ed, ec]),
  network: random.pick(['Hedera', 'HederaTestnet']),
  body: {
    kind,
    to: account(random),
    ...members(random),
    ...(random.chance(2) ? { memo: 'm'.repeat(random.int(101)) } : {}),
  },
  completion: {
    account: String(random.amount(2n ** 53n, 1_000n)),
    node: String(3 + random.int(30)),
    validStart: String(1_000_000_000n + random.amount(2n ** 61n)),
    fee: String(random.amount(200_000_000n)),
  },
});
const amount = (random: Random) => ({ amount: String(random.amount(i64)) });
const token = (random: Random) => ({ tokenId: `0.0.${random.amount(2n ** 53n)}` });

function decodedAs(signed: Constructed): void {
  const { order, completion, construction } = signed;
  const read = verified(signed);
  const from = `0.0.${completion['account']}`;
  equal(read.transactionId.accountId.toString(), from);
  const { seconds, nanos } = read.transactionId.validStart;
  equal(String(BigInt(seconds.toString()) * 1_000_000_000n + BigInt(nanos.toString())), completion['validStart']);
  deepEqual(read.nodeAccountIds.map(String), [`0.0.${completion['node']}`]);
  equal(read.maxTransactionFee.toTinybars().toString(), completion['fee']);
  equal(construction.feeMax, BigInt(String(completion['fee'])));
  equal(read.transactionMemo, order['memo'] ?? '');
  equal(read.transactionValidDuration, 120);
  equal(signed.plan.facts.interpreted, true);
  const to = accountId(String(order['to'])).toString();
  const balanced = (list: Iterable<readonly [Any, Any]>) =>
    Object.fromEntries([...list].map(([each, value]) => [each.toString(), (value.toTinybars?.() ?? value).toString()]));
  const moved = { [from]: `-${order['amount']}`, [to]: String(order['amount']) };
  if (order['kind'] === 'Native') {
    deepEqual(balanced(read.hbarTransfers), moved);
    equal([...read.tokenTransfers].length + [...read.nftTransfers].length, 0);
    return;
  }
  equal([...read.hbarTransfers].length, 0);
  const lists: readonly (readonly [Any, Any])[] = [
    ...(order['kind'] === 'Hts' ? read.tokenTransfers : read.nftTransfers),
  ];
  deepEqual(
    lists.map(([each]) => each.toString()),
    [order['tokenId']],
  );
  const [, list] = lists[0] ?? [];
  if (order['kind'] === 'Hts') {
    deepEqual(balanced(list), moved);
    return;
  }
  deepEqual(
    list.map((each: Any) => [each.sender.toString(), each.recipient.toString(), each.serial.toString()]),
    [[from, to, order['serialNumber']]],
  );
}

const refusal = (name: string, transaction: string, message: RegExp) => ({
  name,
  network: 'Hedera',
  key: ed,
  body: { kind: 'Transaction', transaction },
  message,
});
const refusedOrder = (name: string, more: object, changed: object = {}, code = 'E_BODY') => ({
  name,
  key: ed,
  network: 'Hedera',
  body: { kind: 'Native', to: '0.0.99', amount: '5', ...more },
  completion: { account: '1234', node: '3', validStart: '1700000000000000001', fee: '100000', ...changed },
  code,
});
const signedAlready = async (): Promise<string> => {
  const unsigned = sdk.Transaction.fromBytes(unhex(frozen(hbar())));
  return hex((await unsigned.sign(sdk.PrivateKey.fromBytesED25519(filled(1)))).toBytes());
};
const body = (transaction: string) => ({ kind: 'Transaction', transaction });

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'hedera 1',
  addresses: [],
  sdkAddress: (key) => aliasOf(key),
  cases: [
    ...cases,
    {
      name: 'Message',
      network: 'Hedera',
      key: ed,
      body: { kind: 'Message', message: '0x4e' },
      accepted: ({ assembled }) =>
        ok(publicKeyOf(ed).verify(Uint8Array.of(0x4e), unhex(assembled.signature?.encoded ?? ''))),
    },
    {
      name: 'Hash',
      network: 'Hedera',
      key: ec,
      body: { kind: 'Hash', hash: '07'.repeat(32) },
      accepted: ({ assembled }) => equal(unhex(assembled.signature?.encoded ?? '').length, 64),
    },
  ],
  refusals: [
    refusal('a transaction for two nodes', frozen(hbar(), { nodes: ['0.0.3', '0.0.4'] }), /for one node/),
    { ...refusal('a signed transaction', '', /already signed/), body: async () => body(await signedAlready()) },
    refusal('trailing bytes', `${frozen(hbar())}00`, /field|type/),
    refusal('a truncated transaction', frozen(hbar()).slice(0, -2), /complete/),
    refusal('nothing', '0a00', /moment|complete|lacks|contents/),
    refusal(
      'a transaction of a shard that is not there',
      frozen(hbar()).replace('080010001863', '080110001863'),
      /another shard/,
    ),
    refusal(
      'a schedule',
      frozen(new sdk.ScheduleCreateTransaction().setScheduledTransaction(hbar())).replace(
        '080010001803',
        '080010011803',
      ),
      /another shard/,
    ),
    refusal('more than a node takes', '00'.repeat(8_193), /8192/),
    {
      name: 'a hash under Ed25519',
      network: 'Hedera',
      key: ed,
      body: { kind: 'Hash', hash: '07'.repeat(32) },
      code: 'E_KIND',
    },
    {
      name: 'a message under secp256k1',
      network: 'Hedera',
      key: ec,
      body: { kind: 'Message', message: '07' },
      code: 'E_KIND',
    },
  ],
  transfers: [
    { kind: 'Native', cases: 100, draw: draw('Native', amount), decoded: decodedAs },
    {
      kind: 'Hts',
      cases: 60,
      draw: draw('Hts', (random) => ({ ...token(random), ...amount(random) })),
      decoded: decodedAs,
    },
    {
      kind: 'Hip17',
      cases: 60,
      draw: draw('Hip17', (random) => ({ ...token(random), serialNumber: String(random.amount(i64)) })),
      decoded: decodedAs,
    },
  ],
  refusedOrders: [
    refusedOrder('[bad-input 111] of nothing', { amount: '0' }),
    refusedOrder('[bad-input 112] above a signed 64-bit amount', { amount: String(2n ** 63n) }),
    refusedOrder('with a memo of 101 bytes', { memo: `${'é'.repeat(50)}x` }),
    refusedOrder('with a zero byte in the memo', { memo: 'a\0b' }),
    refusedOrder('[bad-input 113] to an account with a checksum', { to: '0.0.99-abcde' }),
    refusedOrder('to an account of another shard', { to: '1.0.99' }),
    refusedOrder('to the account zero', { to: '0.0.0' }),
    refusedOrder('to the number of an account in the form of an address', { to: `0x${'00'.repeat(19)}63` }),
    refusedOrder('to the wallet itself by its number', { to: '0.0.1234' }),
    refusedOrder('to the wallet itself by its alias', { to: aliasOf(ed) }),
    refusedOrder('to a key of one byte too many', { to: `${aliasOf(ed)}00` }),
    refusedOrder('of a token without its id', { kind: 'Hts' }),
    refusedOrder('of a token of another realm', { kind: 'Hts', tokenId: '0.1.77' }),
    refusedOrder('of a serial number zero', { kind: 'Hip17', amount: undefined, tokenId: '0.0.7', serialNumber: '0' }),
    refusedOrder('of another chain', { kind: 'Erc20', contract: '0x99' }, {}, 'E_KIND'),
    refusedOrder('for more than the cap', {}, { fee: '200000001' }, 'E_FEE'),
    refusedOrder('from no account', {}, { account: '0' }, 'E_COMPLETION'),
    refusedOrder('from an account by its alias', {}, { account: '0.0.5' }, 'E_COMPLETION'),
    refusedOrder('that is valid from no moment', {}, { validStart: '5' }, 'E_COMPLETION'),
  ],
});
