/** Concordium, judged by its SDK: account transactions, payments with and without a memo, transfers of CIS-2 tokens. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  type Case,
  type Constructed,
  conformance,
  localKey,
  type Random,
  type Signed,
  seededRandom,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/concordium';
import { family, loadFamily } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { oracle } from '../oracles.ts';
import { filled, hex, unhex } from './published.ts';

const sdk = await oracle('@concordium/web-sdk/lib/esm/index.js');
const cis2 = await oracle('@concordium/web-sdk/lib/esm/cis2/util.js');
const { AccountTransactionV0 } = await oracle('@concordium/web-sdk/lib/esm/transactions/index.js');
await loadFamily('concordium');

// biome-ignore lint/suspicious/noExplicitAny: the oracle's types stay outside the build.
type Any = any;
const key = localKey('EdDSA', 'ed25519', filled(0x51));
const accountOf = (bytes: Uint8Array): Any => sdk.AccountAddress.fromBuffer(Buffer.from(bytes));
const own = accountOf(filled(0x61));
const other = accountOf(filled(0x62));
const kinds = sdk.AccountTransactionType;
const decoded = (memo: Any): string => {
  const bytes = Buffer.from(memo.data ?? memo);
  const [head = 0, length = 0] = bytes;
  return bytes.subarray(head === 0x78 ? 2 : 1, head === 0x78 ? 2 + length : 1 + (head & 31)).toString();
};

interface Given {
  readonly type: number;
  readonly payload: Any;
}
const header = {
  expiry: sdk.TransactionExpiry.fromEpochSeconds(1_800_000_000n),
  nonce: sdk.SequenceNumber.create(7n),
  sender: own,
};
/** Header and payload as the SDK writes them. */
const unsigned = ({ type, payload }: Given): string => {
  const full = sdk.serializeAccountTransaction({ header, type, payload }, { 0: { 0: '00'.repeat(64) } });
  return hex(full.subarray(1 + 4 + 2 + 64));
};
const amount = (micro: bigint) => sdk.CcdAmount.fromMicroCcd(micro);
const parameter = (bytes: Uint8Array) => sdk.Parameter.fromBuffer(bytes);
const memo = (text: string) => new sdk.DataBlob(Buffer.concat([Buffer.of(0x60 + text.length), Buffer.from(text)]));
const given: Readonly<Record<string, readonly [Given, boolean]>> = {
  'a payment': [{ type: kinds.Transfer, payload: { toAddress: other, amount: amount(5n) } }, true],
  'a payment with a memo': [
    { type: kinds.TransferWithMemo, payload: { toAddress: other, amount: amount(5n), memo: memo('rent') } },
    true,
  ],
  'a payment with a memo that is no text': [
    {
      type: kinds.TransferWithMemo,
      payload: { toAddress: other, amount: amount(5n), memo: new sdk.DataBlob(Buffer.of(1, 2)) },
    },
    false,
  ],
  'a call of a contract': [
    {
      type: kinds.Update,
      payload: {
        amount: amount(3n),
        address: sdk.ContractAddress.create(9n, 0n),
        receiveName: sdk.ReceiveName.fromString('shop.buy'),
        message: parameter(Uint8Array.of(1, 2, 3)),
        maxContractExecutionEnergy: sdk.Energy.create(1_000n),
      },
    },
    false,
  ],
  data: [{ type: kinds.RegisterData, payload: { data: new sdk.DataBlob(Buffer.of(1)) } }, false],
};

/** Decoded by the SDK; the signature verifies over the SDK's own digest. */
function verified({ network: name, assembled }: Signed): Any {
  const bytes = unhex(assembled.signedData ?? '');
  equal(bytes[0], 0);
  const read = AccountTransactionV0.deserialize(Buffer.from(bytes.subarray(1)));
  deepEqual(Object.keys(read.signature), ['0']);
  const signature = unhex(read.signature[0][0]);
  ok(ed25519.verify(signature, AccountTransactionV0.signDigest(read), key.publicKey), 'verifies over the SDK’s digest');
  equal(
    family('concordium').transactionId?.(assembled.signedData ?? '', network(name)),
    // The SDK's getAccountTransactionHash of version 12 leaves out the kind, against its own words and the nodes' code.
    hex(sha256(AccountTransactionV0.serializeBlockItem(read))),
  );
  return read;
}

const cases: readonly Case[] = Object.entries(given).map(
  ([name, [made, interpreted]], index): Case => ({
    name: `Transaction: ${name}`,
    network: index % 2 === 0 ? 'Concordium' : 'ConcordiumTestnet',
    key,
    body: { kind: 'Transaction', transaction: unsigned(made) },
    corrupt: 'transaction',
    accepted: (signed) => {
      const read = verified(signed);
      equal(read.header.sender.toString(), own.toString());
      ok((signed.assembled.signedData ?? '').endsWith(unsigned(made)));
      equal(signed.plan.facts.interpreted, interpreted);
    },
  }),
);

const account = (random: Random): Any => accountOf(random.bytes(32));
const token = (random: Random) =>
  cis2.tokenAddressToBase58({
    contract: sdk.ContractAddress.create(random.amount(2n ** 63n, 0n), random.amount(2n ** 20n, 0n)),
    id: hex(random.bytes(random.int(33))),
  });
const draw = (kind: string) => (random: Random) => ({
  key,
  network: random.pick(['Concordium', 'ConcordiumTestnet']),
  body: {
    kind,
    to: account(random).toString(),
    amount: String(random.amount(2n ** (kind === 'Cis2' ? 256n : 64n) - 1n)),
    ...(kind === 'Cis2'
      ? { tokenAddress: token(random) }
      : random.chance(2)
        ? { memo: 'm'.repeat(random.int(255)) }
        : {}),
  },
  completion: {
    account: account(random).toString(),
    sequence: String(random.amount(2n ** 63n)),
    expiry: String(random.amount(2n ** 40n)),
    ...(kind === 'Cis2'
      ? { contract: random.pick(['cis2_nft', 'euroe', 'w']), energy: String(random.amount(30_000n)) }
      : {}),
  },
});

function decodedAs(read: Constructed): void {
  const { order, completion, construction } = read;
  const { header: head, payload: inner } = verified(read);
  const { type: _, ...payload } = inner;
  equal(head.sender.toString(), completion['account']);
  equal(String(head.nonce.value), completion['sequence']);
  equal(String(head.expiry.expiryEpochSeconds), completion['expiry']);
  equal(construction.feeMax, head.energyAmount.value * 20_000n);
  equal(read.plan.facts.interpreted, true);
  if (order['kind'] === 'Native') {
    equal(payload.toAddress.toString(), order['to']);
    equal(String(payload.amount.microCcdAmount), order['amount']);
    const said = String(order['memo'] ?? '');
    equal(inner.type, said === '' ? kinds.Transfer : kinds.TransferWithMemo);
    if (said !== '') equal(decoded(payload.memo), said);
    equal(head.energyAmount.value, sdk.getEnergyCost(inner.type, payload).value);
    return;
  }
  const { contract, id } = cis2.tokenAddressFromBase58(order['tokenAddress']);
  equal(inner.type, kinds.Update);
  deepEqual([payload.address.index, payload.address.subindex], [contract.index, contract.subindex]);
  equal(payload.amount.microCcdAmount, 0n);
  equal(payload.receiveName.toString(), `${completion['contract']}.transfer`);
  equal(String(head.energyAmount.value), completion['energy']);
  const expected = cis2.serializeCIS2Transfers([
    {
      tokenId: id,
      tokenAmount: BigInt(String(order['amount'])),
      from: sdk.AccountAddress.fromBase58(completion['account']),
      to: sdk.AccountAddress.fromBase58(order['to']),
    },
  ]);
  equal(hex(payload.message.buffer), hex(expected));
}

const refusal = (name: string, transaction: string, message: RegExp) => ({
  name,
  network: 'Concordium',
  key,
  body: { kind: 'Transaction', transaction },
  message,
});
const refusedOrder = (name: string, more: object, changed: object = {}, code = 'E_BODY') => ({
  name,
  key,
  network: 'Concordium',
  body: { kind: 'Native', to: other.toString(), amount: '5', ...more },
  completion: { account: own.toString(), sequence: '1', expiry: '1800000000', ...changed },
  code,
});
const plain = unsigned(given['a payment']![0]);
const wrong = (text: string) => `${text.slice(0, -1)}${text.endsWith('1') ? '2' : '1'}`;
const someToken = token(seededRandom('a token'));

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'concordium 1',
  addresses: [],
  // A key alone has no account: the SDK derives addresses from credentials only.
  sdkAddress: () => undefined as never,
  cases: [
    ...cases,
    {
      name: 'Message',
      network: 'Concordium',
      key,
      body: { kind: 'Message', message: '0x4e' },
      accepted: ({ assembled }) =>
        ok(ed25519.verify(unhex(assembled.signature?.encoded ?? ''), Uint8Array.of(0x4e), key.publicKey)),
    },
  ],
  refusals: [
    refusal('trailing bytes', `${plain}00`, /another size/),
    refusal('a truncated transaction', plain.slice(0, -2), /another size/),
    refusal('a header alone', plain.slice(0, 120), /61 to/),
    refusal('an empty payload', `${plain.slice(0, 96)}00000000${plain.slice(104, 120)}00`, /payload/),
    refusal('a payload of an unknown type', plain.replace(/03(?=.{80}$)/, '1c'), /unknown type/),
    refusal('no sequence number', `${plain.slice(0, 64)}${'00'.repeat(8)}${plain.slice(80)}`, /sequence/),
    { name: 'a hash', network: 'Concordium', key, body: { kind: 'Hash', hash: '07'.repeat(32) }, code: 'E_KIND' },
  ],
  transfers: [
    { kind: 'Native', cases: 120, draw: draw('Native'), decoded: decodedAs },
    { kind: 'Cis2', cases: 100, draw: draw('Cis2'), decoded: decodedAs },
  ],
  refusedOrders: [
    refusedOrder('[bad-input 111] of nothing', { amount: '0' }),
    refusedOrder('[bad-input 112] above 64 bits', { amount: String(2n ** 64n) }),
    refusedOrder('[bad-input 113] to an address with a wrong letter', { to: wrong(other.toString()) }),
    refusedOrder('to an address of a token', { to: someToken }),
    refusedOrder('with a memo of 255 bytes', { memo: 'm'.repeat(255) }),
    refusedOrder('to the account itself', { to: own.toString() }),
    refusedOrder('of a token without its address', { kind: 'Cis2' }),
    refusedOrder('of a token whose address is an account', { kind: 'Cis2', tokenAddress: own.toString() }),
    refusedOrder('of a token with a wrong letter', { kind: 'Cis2', tokenAddress: wrong(someToken) }),
    refusedOrder('of a token of the protocol', { kind: 'Cis7', tokenId: 'EURR' }, {}, 'E_KIND'),
    refusedOrder('of another chain', { kind: 'Erc20', contract: '0x99' }, {}, 'E_KIND'),
    refusedOrder('from an account with a wrong letter', {}, { account: wrong(own.toString()) }, 'E_COMPLETION'),
    refusedOrder('without a sequence number', {}, { sequence: '0' }, 'E_COMPLETION'),
    refusedOrder('with energy of the api for a payment', {}, { energy: '501' }, 'E_COMPLETION'),
    refusedOrder(
      'with more energy than a token takes',
      { kind: 'Cis2', tokenAddress: someToken },
      { contract: 'w', energy: '30001' },
      'E_COMPLETION',
    ),
    refusedOrder(
      'of a contract with a dot in its name',
      { kind: 'Cis2', tokenAddress: someToken },
      { contract: 'a.b', energy: '3000' },
      'E_COMPLETION',
    ),
  ],
});
