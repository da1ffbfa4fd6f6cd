/** Algorand, judged by algosdk and by transactions that its networks accepted. */
import { deepEqual, equal } from 'node:assert/strict';
import {
  type Case,
  type Constructed,
  conformance,
  localKey,
  type Random,
  type Signed,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/algorand';
import { family, loadFamily } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { oracle } from '../oracles.ts';
import { filled, hex, published, publishedTransactions } from './published.ts';

const sdk = await oracle('algosdk');
await loadFamily('algorand');
const vectors = published('algorand');

const key = localKey('EdDSA', 'ed25519', filled(0x51));
const other = localKey('EdDSA', 'ed25519', filled(0x52));
const addressOf = (of: { publicKey: Uint8Array }): string => sdk.encodeAddress(of.publicKey);
const own = addressOf(key);
const stranger = addressOf(other);
const genesis: Readonly<Record<string, { id: string; hash: string }>> = {
  Algorand: { id: 'mainnet-v1.0', hash: 'wGHE2Pwdvd7S12BL5FaOP20EGYesN73ktiC1qzkkit8=' },
  AlgorandTestnet: { id: 'testnet-v1.0', hash: 'SGO1GKSzyE7IEPItTxCByw9x8FmnrCDexi9/cOUJOiI=' },
};
const suggested = (name = 'AlgorandTestnet') => ({
  flatFee: true,
  fee: 1000n,
  minFee: 1000n,
  firstValid: 5000n,
  lastValid: 6000n,
  genesisID: genesis[name]?.id,
  genesisHash: Buffer.from(genesis[name]?.hash ?? '', 'base64'),
});
const common = { sender: own, suggestedParams: suggested() };

// biome-ignore lint/suspicious/noExplicitAny: the oracle's types stay outside the build.
const made: Readonly<Record<string, () => any>> = {
  payment: () =>
    sdk.makePaymentTxnWithSuggestedParamsFromObject({
      ...common,
      receiver: stranger,
      amount: 2n ** 40n,
      note: Buffer.alloc(300, 7),
    }),
  'payment of nothing': () =>
    sdk.makePaymentTxnWithSuggestedParamsFromObject({ ...common, receiver: stranger, amount: 0 }),
  'asset transfer': () =>
    sdk.makeAssetTransferTxnWithSuggestedParamsFromObject({
      ...common,
      receiver: stranger,
      amount: 7,
      assetIndex: 31566704,
    }),
  'payment that closes the account': () =>
    sdk.makePaymentTxnWithSuggestedParamsFromObject({
      ...common,
      receiver: stranger,
      amount: 1,
      closeRemainderTo: stranger,
      rekeyTo: stranger,
    }),
  'asset creation': () =>
    sdk.makeAssetCreateTxnWithSuggestedParamsFromObject({
      ...common,
      total: 1000,
      decimals: 2,
      defaultFrozen: false,
      assetName: 'Ünit',
      unitName: 'U',
      manager: own,
    }),
  'application call': () =>
    sdk.makeApplicationNoOpTxnFromObject({
      ...common,
      appIndex: 9,
      appArgs: [Buffer.from('a'), Buffer.alloc(0), Buffer.alloc(20)],
      accounts: [stranger],
      foreignAssets: [1, 300],
      boxes: [
        { appIndex: 9, name: Buffer.from('b') },
        { appIndex: 0, name: Buffer.alloc(0) },
      ],
    }),
  'key registration': () =>
    sdk.makeKeyRegistrationTxnWithSuggestedParamsFromObject({ ...common, nonParticipation: true }),
};
// biome-ignore lint/suspicious/noExplicitAny: as above.
const wrapped = (txn: any) => hex(sdk.encodeMsgpack(new sdk.SignedTransaction({ txn })));
const body = (transaction: string) => ({ kind: 'Transaction', transaction });

function verified({ plan, network: name, assembled }: Signed) {
  const signed = sdk.decodeSignedTransaction(Buffer.from((assembled.signedData ?? '').slice(2), 'hex'));
  const [item] = plan.items;
  // The signature over these bytes was verified by the suite; the SDK says that they are the transaction's.
  equal(item?.algorithm === 'eddsa' ? hex(item.message) : '', hex(signed.txn.bytesToSign()));
  equal(hex(signed.sig), (assembled.signature?.encoded ?? '').slice(2));
  equal(hex(signed.txn.attachSignature(own, signed.sig)), (assembled.signedData ?? '').slice(2));
  equal(family('algorand').transactionId?.(assembled.signedData ?? '', network(name)), signed.txn.txID());
  return signed.txn;
}

const cases: readonly Case[] = Object.entries(made).map(([name, transaction]) => ({
  name: `Transaction: ${name}`,
  network: 'AlgorandTestnet',
  key,
  body: body(wrapped(transaction())),
  corrupt: 'transaction',
  accepted: (signed) => {
    equal(verified(signed).txID(), transaction().txID());
    equal(signed.plan.facts.interpreted, ['payment', 'payment of nothing', 'asset transfer'].includes(name));
  },
}));

const drawn = (random: Random, more: Record<string, unknown>) => {
  const firstValid = random.amount(2n ** 60n);
  return {
    key,
    network: random.pick(['Algorand', 'AlgorandTestnet']),
    completion: {
      fee: String(random.amount(100_000n)),
      firstValid: String(firstValid),
      lastValid: String(firstValid + BigInt(random.int(1001))),
    },
    body: {
      ...more,
      to: addressOf({ publicKey: random.bytes(32) }),
      amount: String(random.amount(2n ** 64n - 1n)),
      ...(random.chance(2) ? { memo: 'ä'.repeat(random.int(400)) } : {}),
    },
  };
};

function decodedAs(read: Constructed): void {
  const { order, completion: given } = read;
  const txn = verified(read);
  equal(txn.sender.toString(), own);
  equal(String(txn.fee), given['fee']);
  equal(String(txn.firstValid), given['firstValid']);
  equal(String(txn.lastValid), given['lastValid']);
  equal(txn.genesisID, genesis[read.network]?.id);
  equal(Buffer.from(txn.genesisHash).toString('base64'), genesis[read.network]?.hash);
  equal(Buffer.from(txn.note).toString(), order['memo'] ?? '');
  equal(txn.rekeyTo, undefined);
  const [paid, type] = order['kind'] === 'Native' ? [txn.payment, 'pay'] : [txn.assetTransfer, 'axfer'];
  equal(txn.type, type);
  equal(paid.receiver.toString(), order['to']);
  equal(String(paid.amount), order['amount']);
  equal(paid.closeRemainderTo, undefined);
  deepEqual(order['assetId'], paid.assetIndex === undefined ? undefined : String(paid.assetIndex));
  equal(read.construction.feeMax, BigInt(String(given['fee'])));
  equal(read.plan.facts.interpreted, true);
}

const order = (more: object, changed: object = {}) => ({
  key,
  network: 'Algorand',
  body: { kind: 'Native', to: stranger, amount: '5', ...more },
  completion: { fee: '1000', firstValid: '1', lastValid: '1001', ...changed },
});
const refusal = (name: string, transaction: string, message: RegExp) => ({
  name,
  network: 'AlgorandTestnet',
  key,
  body: body(transaction),
  message,
});
const payment = () => wrapped(made['payment']!());
const paid = (more: object) =>
  wrapped(sdk.makePaymentTxnWithSuggestedParamsFromObject({ ...common, receiver: stranger, amount: 1, ...more }));

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'algorand 1',
  addresses: vectors.addresses,
  sdkAddress: addressOf,
  cases: [
    ...cases,
    { name: 'Message', network: 'Algorand', key, body: { kind: 'Message', message: '0x4d58' }, accepted: () => {} },
  ],
  refusals: [
    refusal(
      'a signed transaction',
      hex(made['payment']!().signTxn(Buffer.concat([key.secret, key.publicKey]))),
      /already signed/,
    ),
    refusal('another network', paid({ suggestedParams: suggested('Algorand') }), /another network/),
    refusal('another sender', paid({ sender: stranger }), /not by this wallet/),
    refusal('a transaction that is not wrapped', payment().slice(10), /wrapped as/),
    refusal('trailing bytes', `${payment()}00`, /too many/),
    refusal('a truncated transaction', payment().slice(0, -2), /complete/),
    refusal('a number in a longer form', payment().replace('a3666565cd03e8', 'a3666565ce000003e8'), /shortest/),
    refusal('a member that is zero', payment().replace('a3666565cd03e8', 'a366656500'), /empty member/),
    refusal('members out of order', payment().replace('a3666565', 'a37a6565'), /out of order/),
    { name: 'a hash', network: 'Algorand', key, body: { kind: 'Hash', hash: '07'.repeat(32) }, code: 'E_KIND' },
  ],
  transfers: [
    { kind: 'Native', cases: 110, draw: (random) => drawn(random, { kind: 'Native' }), decoded: decodedAs },
    {
      kind: 'Asa',
      cases: 110,
      draw: (random) => drawn(random, { kind: 'Asa', assetId: String(random.amount(2n ** 53n)) }),
      decoded: decodedAs,
    },
  ],
  refusedOrders: [
    { name: 'above the fee cap', ...order({}, { fee: '100001' }), code: 'E_FEE', message: /above the cap/ },
    { name: 'that is valid for too long', ...order({}, { lastValid: '1002' }), code: 'E_COMPLETION' },
    { name: 'that ends before it begins', ...order({}, { lastValid: '0' }), code: 'E_COMPLETION' },
    { name: '[bad-input 111] of nothing', ...order({ amount: '0' }), code: 'E_BODY' },
    {
      name: '[bad-input 112] above a 64-bit amount',
      ...order({ amount: String(2n ** 64n) }),
      code: 'E_BODY',
      message: /exceeds/,
    },
    {
      name: 'to an address with a wrong checksum',
      ...order({ to: `${stranger.slice(0, 50)}AAAAAAAA` }),
      code: 'E_BODY',
      message: /checksum/,
    },
    { name: '[bad-input 116] with a memo of 1025 bytes', ...order({ memo: 'x'.repeat(1025) }), code: 'E_BODY' },
    { name: 'of asset 0', ...order({ kind: 'Asa', assetId: '0' }), code: 'E_BODY' },
    { name: 'with a priority', ...order({ priority: 'Fast' }), code: 'E_BODY' },
  ],
});
publishedTransactions(vectors);
