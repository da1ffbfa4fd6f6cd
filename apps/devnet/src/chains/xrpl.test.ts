/** XRP Ledger, judged by ripple-binary-codec, ripple-keypairs and transactions that the ledger itself accepted. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  type Case,
  type Constructed,
  conformance,
  localKey,
  type Random,
  type Signed,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/xrpl';
import { family, loadFamily } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { oracle } from '../oracles.ts';
import { filled, hex, published, publishedTransactions } from './published.ts';

const codec = await oracle('ripple-binary-codec');
const keypairs = await oracle('ripple-keypairs');
await loadFamily('xrpl');
const vectors = published('xrpl');

const ecdsa = localKey('ECDSA', 'secp256k1', filled(0x21));
const eddsa = localKey('EdDSA', 'ed25519', filled(0x22));
const keys = [ecdsa, eddsa];

type Key = typeof ecdsa;
const ledgerKey = (key: Key) =>
  (key.curve === 'ed25519' ? `ed${hex(key.publicKey)}` : hex(key.publicKey)).toUpperCase();
const addressOf = (key: Key): string => keypairs.deriveAddress(ledgerKey(key));
const stranger = 'rDTXLQ7ZKZVKz33zJbHjgVShjsBnqMBhmN';
const issuance = `0000012F${'AB'.repeat(20)}`;

/** Decodes with the SDK, verifies its signature over the SDK's own signing form, and gives the transaction. */
function verified({ key, network: name, assembled }: Signed) {
  const blob = strip(assembled.signedData);
  const decoded = codec.decode(blob);
  const { TxnSignature, ...unsigned } = decoded;
  equal(decoded.SigningPubKey, ledgerKey(key));
  ok(keypairs.verify(codec.encodeForSigning(unsigned), TxnSignature, ledgerKey(key)), 'the SDK verifies');
  equal(codec.encode(decoded), blob.toUpperCase());
  equal(TxnSignature, strip(assembled.signature?.encoded).toUpperCase());
  match64(family('xrpl').transactionId?.(assembled.signedData ?? '', network(name)));
  return unsigned;
}
const strip = (text = '') => text.slice(2);
const match64 = (id: string | undefined) => ok(id !== undefined && /^[0-9A-F]{64}$/.test(id), id);

const common = (key: Key) => ({ Account: addressOf(key), Fee: '12', Sequence: 7, LastLedgerSequence: 99, Flags: 0 });
const made: Readonly<Record<string, (key: Key) => Record<string, unknown>>> = {
  payment: (key) => ({ TransactionType: 'Payment', Destination: stranger, Amount: '1000', ...common(key) }),
  'payment of an issued currency through paths': (key) => ({
    TransactionType: 'Payment',
    Destination: stranger,
    Amount: { currency: 'USD', issuer: stranger, value: '1.25' },
    SendMax: '5000',
    Paths: [[{ account: stranger }, { currency: 'EUR', issuer: stranger }], [{ currency: 'XRP' }]],
    Memos: [{ Memo: { MemoType: '74657374', MemoData: '00'.repeat(300) } }],
    ...common(key),
  }),
  'payment of a multi-purpose token': (key) => ({
    TransactionType: 'Payment',
    Destination: stranger,
    Amount: { mpt_issuance_id: issuance, value: '17' },
    ...common(key),
  }),
  'trust line': (key) => ({
    TransactionType: 'TrustSet',
    LimitAmount: { currency: 'EUR', issuer: stranger, value: '100' },
    ...common(key),
  }),
  'market-maker deposit': (key) => ({
    TransactionType: 'AMMDeposit',
    Asset: { currency: 'XRP' },
    Asset2: { currency: 'TST', issuer: stranger },
    Amount: '10',
    ...common(key),
  }),
};

const asCase = (name: string, key: Key, fields: Record<string, unknown>, withKey: boolean): Case => ({
  name: `Transaction: ${name}${withKey ? '' : ', key left to the signer'}`,
  network: 'XrpLedgerTestnet',
  key,
  body: {
    kind: 'Transaction',
    transaction: `0x${codec.encode(withKey ? { ...fields, SigningPubKey: ledgerKey(key) } : fields)}`,
  },
  corrupt: 'transaction',
  accepted: (signed) => {
    const { SigningPubKey, ...decoded } = verified(signed);
    equal(SigningPubKey, ledgerKey(key));
    deepEqual(codec.encode(decoded), codec.encode(fields));
    equal(signed.plan.facts.interpreted, name === 'payment' || name.includes('token'));
  },
});

const refusal = (name: string, transaction: string, message: RegExp) => ({
  name,
  network: 'XrpLedger',
  key: ecdsa,
  body: { kind: 'Transaction', transaction },
  message,
});
const payment = () => made['payment']!(ecdsa);
const plain = () => codec.encode(payment()) as string;

const completion = (random: Random) => ({
  fee: String(random.amount(100_000n)),
  sequence: String(random.amount(2n ** 32n - 1n)),
  lastLedgerSequence: String(random.amount(2n ** 32n - 1n)),
});
const drawn = (random: Random, body: Record<string, unknown>) => ({
  key: random.pick(keys),
  network: random.pick(['XrpLedger', 'XrpLedgerTestnet']),
  completion: completion(random),
  body: {
    ...body,
    to: keypairs.deriveAddress(ledgerKey(localKey('EdDSA', 'ed25519', random.bytes(32)))),
    ...(random.chance(2) ? { memo: String(random.int(2 ** 32)) } : {}),
  },
});

function decodedAs(read: Constructed, amount: unknown): void {
  const { order: body, completion: given } = read;
  deepEqual(verified(read), {
    TransactionType: 'Payment',
    Flags: 0,
    Account: addressOf(read.key as Key),
    SigningPubKey: ledgerKey(read.key as Key),
    Destination: body['to'],
    Amount: amount,
    Fee: given['fee'],
    Sequence: Number(given['sequence']),
    LastLedgerSequence: Number(given['lastLedgerSequence']),
    ...(body['memo'] === undefined ? {} : { DestinationTag: Number(body['memo']) }),
  });
  equal(read.construction.feeMax, BigInt(String(given['fee'])));
  equal(read.plan.facts.interpreted, true);
}

const order = (body: object, changed: object = {}) => ({
  key: ecdsa,
  network: 'XrpLedger',
  body: { kind: 'Native', to: stranger, amount: '5', ...body },
  completion: { fee: '10', sequence: '1', lastLedgerSequence: '2', ...changed },
});

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'xrpl 1',
  addresses: vectors.addresses,
  sdkAddress: (key) => addressOf(key as Key),
  cases: [
    ...keys.flatMap((key) =>
      Object.entries(made).flatMap(([name, build]) => [true, false].map((own) => asCase(name, key, build(key), own))),
    ),
    {
      name: 'Hash',
      network: 'XrpLedger',
      key: ecdsa,
      body: { kind: 'Hash', hash: `0x${'07'.repeat(32)}` },
      accepted: ({ assembled }) => equal(assembled.signature?.encoded?.startsWith('0x30'), true),
    },
    {
      name: 'Message',
      network: 'XrpLedger',
      key: eddsa,
      body: { kind: 'Message', message: '0x68690a' },
      accepted: ({ assembled }) =>
        ok(keypairs.verify('68690A', strip(assembled.signature?.encoded).toUpperCase(), ledgerKey(eddsa))),
    },
  ],
  refusals: [
    refusal(
      'a transaction that is signed',
      codec.encode({ ...payment(), SigningPubKey: ledgerKey(ecdsa), TxnSignature: 'AA' }),
      /already signed/,
    ),
    refusal('a transaction of another sender', codec.encode({ ...payment(), Account: stranger }), /not by this wallet/),
    refusal('another key', codec.encode({ ...payment(), SigningPubKey: ledgerKey(eddsa) }), /another key/),
    refusal('several signers', codec.encode({ ...payment(), SigningPubKey: '' }), /another key/),
    refusal('the id of another network', codec.encode({ ...payment(), NetworkID: 21338 }), /NetworkID/),
    refusal('trailing bytes', `${plain()}00`, /ends|out of order|header/),
    refusal('a truncated transaction', plain().slice(0, -2), /complete/),
    refusal('fields out of order', `${plain().slice(6)}${plain().slice(0, 6)}`, /out of order/),
    refusal('no sequence', codec.encode({ ...payment(), Sequence: undefined }), /no Sequence/),
    refusal('nothing at all', '0x', /1 to 65536 bytes/),
    {
      name: 'a hash on an EdDSA key',
      network: 'XrpLedger',
      key: eddsa,
      body: { kind: 'Hash', hash: '07'.repeat(32) },
      code: 'E_KIND',
    },
    { name: 'a PSBT', network: 'XrpLedger', key: ecdsa, body: { kind: 'Psbt', psbt: '00' }, code: 'E_KIND' },
  ],
  transfers: [
    {
      kind: 'Native',
      cases: 120,
      draw: (random) => drawn(random, { kind: 'Native', amount: String(random.amount(10n ** 17n)) }),
      decoded: (read) => decodedAs(read, read.order['amount']),
    },
    {
      kind: 'Iou',
      cases: 80,
      draw: (random) =>
        drawn(random, {
          kind: 'Iou',
          issuer: stranger,
          currency: random.chance(2) ? 'USD' : `99${hex(random.bytes(19))}`.toUpperCase(),
          amount: `${random.amount(10n ** 16n - 1n)}${'0'.repeat(random.int(20))}`,
        }),
      decoded: (read) => {
        const { value, ...rest } = (codec.decode(strip(read.assembled.signedData)) as { Amount: { value: string } })
          .Amount;
        deepEqual(rest, { currency: read.order['currency'], issuer: stranger });
        equal(scaled(value, 15), BigInt(String(read.order['amount'])));
        decodedAs(read, { ...rest, value });
      },
    },
    {
      kind: 'Xls33',
      cases: 40,
      draw: (random) =>
        drawn(random, {
          kind: 'Xls33',
          issuanceId: hex(random.bytes(24)).toUpperCase(),
          amount: String(random.amount(2n ** 63n - 1n)),
        }),
      decoded: (read) => decodedAs(read, { mpt_issuance_id: read.order['issuanceId'], value: read.order['amount'] }),
    },
  ],
  refusedOrders: [
    { name: 'above the fee cap', ...order({}, { fee: '100001' }), code: 'E_FEE', message: /above the cap 100000/ },
    { name: 'without a fee', ...order({}, { fee: '0' }), code: 'E_COMPLETION' },
    { name: 'with a ticket in place of a sequence', ...order({}, { sequence: '0' }), code: 'E_COMPLETION' },
    { name: 'with a number for a decimal text', ...order({}, { sequence: 1 }), code: 'E_COMPLETION' },
    { name: '[bad-input 111] of nothing', ...order({ amount: '0' }), code: 'E_BODY' },
    { name: '[bad-input 109] without an amount', ...order({ amount: '' }), code: 'E_BODY' },
    { name: 'above all the XRP there is', ...order({ amount: '100000000000000001' }), code: 'E_BODY' },
    {
      name: 'to an address with a wrong checksum',
      ...order({ to: `${stranger.slice(0, -1)}M` }),
      code: 'E_BODY',
      message: /checksum/,
    },
    {
      name: 'to an X-address',
      ...order({ to: 'XVLhHMPHU98es4dbozjVtdWzVrDjtV18pX8zeUygYrCgrPh' }),
      code: 'E_BODY',
      message: /X-address/,
    },
    { name: 'to a Bitcoin address', ...order({ to: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa' }), code: 'E_BODY' },
    {
      name: '[bad-input 116] with a memo that is no tag',
      ...order({ memo: 'hello' }),
      code: 'E_BODY',
      message: /destination tag/,
    },
    { name: 'with a priority', ...order({ priority: 'Fast' }), code: 'E_BODY' },
    {
      name: 'with more digits than the ledger keeps',
      ...order({ kind: 'Iou', issuer: stranger, currency: 'USD', amount: '12345678901234567' }),
      code: 'E_BODY',
    },
    {
      name: 'of XRP as an issued currency',
      ...order({ kind: 'Iou', issuer: stranger, currency: 'XRP' }),
      code: 'E_BODY',
    },
  ],
});

/** Decimal text, perhaps with an exponent, times 10^digits. */
function scaled(text: string, digits: number): bigint {
  const [mantissa = '', exponent = '0'] = text.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const shift = digits + Number(exponent) - fraction.length;
  const all = BigInt(whole + fraction);
  return shift >= 0 ? all * 10n ** BigInt(shift) : all / 10n ** BigInt(-shift);
}

publishedTransactions(vectors);
