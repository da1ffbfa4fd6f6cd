/**
 * TRON, judged by transactions that Trust Wallet Core publishes with their ids, and by protobufjs with the field
 * numbers of tronprotocol/protocol (core/Tron.proto, core/contract/*.proto).
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  type Case,
  type Constructed,
  conformance,
  construct,
  localKey,
  type Random,
  type Signed,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/tron';
import { addressOf, family, loadFamily, planSignature } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { oracle } from '../oracles.ts';
import { filled, hex, published, publishedTransactions, unhex } from './published.ts';

const protobuf = (await oracle('protobufjs')).default;
const ethers = await oracle('ethers');
await loadFamily('tron');
const vectors = published('tron');

const fields = (of: Readonly<Record<string, readonly [type: string, id: number, rule?: string]>>) => ({
  fields: Object.fromEntries(
    Object.entries(of).map(([name, [type, id, rule]]) => [name, { type, id, ...(rule === undefined ? {} : { rule }) }]),
  ),
});
const root = protobuf.Root.fromJSON({
  nested: {
    Any: fields({ typeUrl: ['string', 1], value: ['bytes', 2] }),
    Contract: fields({
      type: ['int32', 1],
      parameter: ['Any', 2],
      provider: ['bytes', 3],
      ContractName: ['bytes', 4],
      PermissionId: ['int32', 5],
    }),
    Raw: fields({
      refBlockBytes: ['bytes', 1],
      refBlockNum: ['int64', 3],
      refBlockHash: ['bytes', 4],
      expiration: ['int64', 8],
      data: ['bytes', 10],
      contract: ['Contract', 11, 'repeated'],
      scripts: ['bytes', 12],
      timestamp: ['int64', 14],
      feeLimit: ['int64', 18],
    }),
    Transaction: fields({ rawData: ['bytes', 1], signature: ['bytes', 2, 'repeated'] }),
    TransferContract: fields({ owner: ['bytes', 1], to: ['bytes', 2], amount: ['int64', 3] }),
    TransferAssetContract: fields({
      assetName: ['bytes', 1],
      owner: ['bytes', 2],
      to: ['bytes', 3],
      amount: ['int64', 4],
    }),
    TriggerSmartContract: fields({
      owner: ['bytes', 1],
      contract: ['bytes', 2],
      callValue: ['int64', 3],
      data: ['bytes', 4],
      callTokenValue: ['int64', 5],
      tokenId: ['int64', 6],
    }),
    FreezeBalanceV2Contract: fields({ owner: ['bytes', 1], frozenBalance: ['int64', 2], resource: ['int32', 3] }),
  },
});
const encode = (type: string, value: object): Buffer => {
  const of = root.lookupType(type);
  return Buffer.from(of.encode(of.fromObject(value)).finish());
};
const decode = (type: string, bytes: Uint8Array) => {
  const of = root.lookupType(type);
  return of.toObject(of.decode(Buffer.from(bytes)), { longs: String, bytes: Buffer });
};

const key = localKey('ECDSA', 'secp256k1', filled(0x31));
type Key = typeof key;
/** The account as ethers derives it, behind 41. */
const accountOf = ({ publicKey }: Key) =>
  Buffer.from(`41${ethers.computeAddress(`0x${hex(publicKey)}`).slice(2)}`, 'hex');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const base58 = (account: Uint8Array): string =>
  ethers.encodeBase58(Buffer.concat([account, sha256(sha256(account)).subarray(0, 4)]));
const accountIn = (address: unknown) =>
  Buffer.from(ethers.decodeBase58(String(address)).toString(16).padStart(50, '0'), 'hex').subarray(0, 21);
const stranger = 'THTR75o8xXAgCTQqpiot2AFRAjvW1tSbVV';
const contract = 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t';

interface Made {
  readonly type?: number;
  readonly name: string;
  readonly value: object;
  readonly raw?: object;
  readonly contract?: object;
  readonly url?: string;
}
const raw = (made: Made) =>
  encode('Raw', {
    refBlockBytes: Buffer.from('7b3b', 'hex'),
    refBlockHash: Buffer.from('b21ace8d6ac20e7e', 'hex'),
    expiration: '1539331479000',
    timestamp: '1539295479000',
    contract: [
      {
        type: made.type ?? 0,
        parameter: {
          typeUrl: made.url ?? `type.googleapis.com/protocol.${made.name}`,
          value: encode(made.name, made.value),
        },
        ...made.contract,
      },
    ],
    ...made.raw,
  });
const own = accountOf(key);
const transfer = (value: object = {}, more: Partial<Made> = {}): Made => ({
  type: 1,
  name: 'TransferContract',
  value: { owner: own, to: accountIn(stranger), amount: '2000000', ...value },
  ...more,
});
const iface = new ethers.Interface([
  'function transfer(address,uint256)',
  'function safeTransferFrom(address,address,uint256)',
]);
const evmAddress = (account: Uint8Array) => `0x${hex(account.subarray(1))}`;
const trigger = (value: object, more: Partial<Made> = {}): Made => ({
  type: 31,
  name: 'TriggerSmartContract',
  value: { owner: own, contract: accountIn(contract), ...value },
  raw: { feeLimit: '30000000' },
  ...more,
});
const tokenCall = () => unhex(iface.encodeFunctionData('transfer', [evmAddress(accountIn(stranger)), 1000n]));

/** The signature recovers to the account over SHA-256 of raw_data; gives what protobufjs reads in it. */
function verified({ key: of, assembled, network: name }: Signed) {
  const { rawData, signature } = decode('Transaction', unhex(assembled.signedData ?? ''));
  equal(signature.length, 1);
  equal(hex(signature[0]), assembled.signature?.encoded?.slice(2));
  const digest = `0x${hex(sha256(rawData))}`;
  equal(ethers.recoverAddress(digest, `0x${hex(signature[0])}`), ethers.computeAddress(`0x${hex(of.publicKey)}`));
  equal(`0x${family('tron').transactionId?.(assembled.signedData ?? '', network(name))}`, digest);
  const read = decode('Raw', rawData);
  equal(read.contract.length, 1);
  const [{ type, parameter }] = read.contract;
  return { rawData, read, type, url: parameter.typeUrl, value: parameter.value };
}

const asCase = (name: string, made: Made, understood: boolean): Case => ({
  name: `Transaction: ${name}`,
  network: 'TronNile',
  key,
  body: { kind: 'Transaction', transaction: `0x${hex(raw(made))}` },
  corrupt: 'transaction',
  accepted: (signed) => {
    equal(hex(verified(signed).rawData), hex(raw(made)));
    equal(signed.plan.facts.interpreted, understood);
  },
});

const refusal = (name: string, bytes: Uint8Array, message: RegExp) => ({
  name,
  network: 'Tron',
  key,
  body: { kind: 'Transaction', transaction: `0x${hex(bytes)}` },
  message,
});
const good = raw(transfer());

const drawn = (random: Random, body: Record<string, unknown>) => {
  const timestamp = random.amount(2n ** 45n);
  const other = localKey('ECDSA', 'secp256k1', Buffer.concat([Buffer.of(0x7f), random.bytes(31)]));
  return {
    key,
    network: random.pick(['Tron', 'TronNile']),
    body: { ...body, to: base58(accountOf(other)) },
    completion: {
      refBlockBytes: hex(random.bytes(2)),
      refBlockHash: hex(random.bytes(8)),
      timestamp: String(timestamp),
      expiration: String(timestamp + random.amount(86_400_000n)),
      ...(body['contract'] === undefined ? {} : { feeLimit: String(random.amount(99_000_000n)) }),
    },
  };
};

function decodedAs(made: Constructed, type: number, name: string): Record<string, unknown> {
  const { read, type: of, url, value } = verified(made);
  const { contract: _, ...outer } = read;
  const { refBlockBytes, refBlockHash, ...numbers } = made.completion;
  deepEqual(outer, {
    refBlockBytes: Buffer.from(String(refBlockBytes), 'hex'),
    refBlockHash: Buffer.from(String(refBlockHash), 'hex'),
    ...numbers,
  });
  deepEqual([of, url], [type, `type.googleapis.com/protocol.${name}`]);
  equal(made.plan.facts.interpreted, true);
  const { feeMax } = made.construction;
  ok(feeMax !== undefined && feeMax > BigInt(String(numbers['feeLimit'] ?? 0)) && feeMax <= 100_000_000n);
  return decode(name, value);
}

const order = (body: object, changed: object = {}) => ({
  key,
  network: 'Tron',
  body: { kind: 'Native', to: stranger, amount: '5', ...body },
  completion: {
    refBlockBytes: '7b3b',
    refBlockHash: 'b21ace8d6ac20e7e',
    expiration: '1539331479000',
    timestamp: '1539295479000',
    ...changed,
  },
});
const token = { kind: 'Trc20', contract };

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'tron 1',
  addresses: vectors.addresses,
  sdkAddress: (of) => base58(accountOf(of as Key)),
  cases: [
    asCase('transfer', transfer(), true),
    asCase('transfer with a note', transfer({}, { raw: { data: Buffer.from('hello') } }), false),
    asCase('transfer under an active permission', transfer({}, { contract: { PermissionId: 2 } }), false),
    asCase(
      'token of the chain',
      {
        type: 2,
        name: 'TransferAssetContract',
        value: { assetName: Buffer.from('1000959'), owner: own, to: accountIn(stranger), amount: '4' },
      },
      true,
    ),
    asCase('token of a contract', trigger({ data: tokenCall() }), true),
    asCase('token with a value beside', trigger({ data: tokenCall(), callValue: '1' }), false),
    asCase('another call', trigger({ data: Buffer.from('some data') }), false),
    asCase('token with bytes behind', trigger({ data: Buffer.concat([tokenCall(), Buffer.alloc(32)]) }), false),
    asCase(
      'stake',
      { type: 54, name: 'FreezeBalanceV2Contract', value: { owner: own, frozenBalance: '10000000', resource: 1 } },
      false,
    ),
    {
      name: 'Hash',
      network: 'Tron',
      key,
      body: { kind: 'Hash', hash: `0x${'07'.repeat(32)}` },
      accepted: ({ assembled }) =>
        equal(
          ethers.recoverAddress(`0x${'07'.repeat(32)}`, assembled.signature?.encoded),
          ethers.computeAddress(`0x${hex(key.publicKey)}`),
        ),
    },
  ],
  refusals: [
    refusal('a transaction of another sender', raw(transfer({ owner: accountIn(stranger) })), /not by this wallet/),
    refusal('a transaction without sender', raw(transfer({ owner: Buffer.alloc(0) })), /no sender/),
    refusal('a signed transaction', encode('Transaction', { rawData: good, signature: [Buffer.alloc(65)] }), /.*/),
    refusal('a truncated transaction', good.subarray(0, -2), /complete/),
    refusal('trailing bytes', Buffer.concat([good, Buffer.of(0)]), /field/),
    refusal('a field twice', Buffer.concat([good, Buffer.of(0x70, 1)]), /doubled/),
    refusal('an unknown field', Buffer.concat([good, Buffer.of(0x98, 1, 1)]), /unknown field 19/),
    refusal('two contracts', raw(transfer({}, { raw: { contract: [{ type: 1 }, { type: 1 }] } })), /2 contracts/),
    refusal('no contract', raw(transfer({}, { raw: { contract: [] } })), /0 contracts/),
    refusal('a contract under another name', raw(transfer({}, { type: 2 })), /calls its TransferAssetContract/),
    refusal('a contract of unknown type', raw(transfer({}, { type: 51 })), /contract type 51 is not known/),
    refusal(
      '[bad-input 131] no reference block',
      raw(transfer({}, { raw: { refBlockHash: Buffer.alloc(0) } })),
      /ref_block_hash/,
    ),
    refusal(
      '[bad-input 131] half a reference block',
      raw(transfer({}, { raw: { refBlockBytes: Buffer.of(1) } })),
      /ref_block_bytes/,
    ),
    refusal('[bad-input 131] no expiration', raw(transfer({}, { raw: { expiration: '0' } })), /no expiration/),
    refusal('a negative expiration', raw(transfer({}, { raw: { expiration: '-1' } })), /negative expiration/),
    refusal('a negative amount', raw(transfer({ amount: '-1' })), /negative amount/),
    refusal('a negative fee limit', raw(transfer({}, { raw: { feeLimit: '-1' } })), /negative fee_limit/),
    refusal('a payment to no account', raw(transfer({ to: Buffer.alloc(20) })), /no account/),
    refusal('a call of no contract', raw(trigger({ contract: Buffer.alloc(20) })), /no contract/),
    refusal(
      'a field of a fixed width in a contract that is not read',
      raw({
        type: 54,
        name: 'FreezeBalanceV2Contract',
        value: {},
        contract: {
          parameter: {
            typeUrl: 'type.googleapis.com/protocol.FreezeBalanceV2Contract',
            value: Buffer.concat([encode('FreezeBalanceV2Contract', { owner: own }), Buffer.of(0x15, 0, 0, 0, 0)]),
          },
        },
      }),
      /type that no contract has/,
    ),
    refusal(
      'two senders in a contract that is not read',
      raw({
        type: 54,
        name: 'FreezeBalanceV2Contract',
        value: {},
        contract: {
          parameter: {
            typeUrl: 'type.googleapis.com/protocol.FreezeBalanceV2Contract',
            value: Buffer.concat([
              encode('FreezeBalanceV2Contract', { owner: own }),
              encode('FreezeBalanceV2Contract', { owner: accountIn(stranger) }),
            ]),
          },
        },
      }),
      /two senders/,
    ),
    refusal('nothing at all', Buffer.alloc(0), /1 to 65536 bytes/),
    { name: 'a PSBT', network: 'Tron', key, body: { kind: 'Psbt', psbt: '00' }, code: 'E_KIND' },
    { name: 'a message', network: 'Tron', key, body: { kind: 'Message', message: '00' }, code: 'E_KIND' },
  ],
  transfers: [
    {
      kind: 'Native',
      cases: 80,
      draw: (random) => drawn(random, { kind: 'Native', amount: String(random.amount(2n ** 63n - 1n)) }),
      decoded: (made) =>
        deepEqual(decodedAs(made, 1, 'TransferContract'), {
          owner: own,
          to: accountIn(made.order['to']),
          amount: made.order['amount'],
        }),
    },
    {
      kind: 'Trc10',
      cases: 40,
      draw: (random) =>
        drawn(random, {
          kind: 'Trc10',
          tokenId: String(1_000_001 + random.int(1_000_000)),
          amount: String(random.amount(2n ** 63n - 1n)),
        }),
      decoded: (made) =>
        deepEqual(decodedAs(made, 2, 'TransferAssetContract'), {
          assetName: Buffer.from(String(made.order['tokenId'])),
          owner: own,
          to: accountIn(made.order['to']),
          amount: made.order['amount'],
        }),
    },
    {
      kind: 'Trc20',
      cases: 60,
      draw: (random) => drawn(random, { ...token, amount: String(random.amount(2n ** 256n - 1n)) }),
      decoded: (made) => {
        const { owner, contract: called, data, ...rest } = decodedAs(made, 31, 'TriggerSmartContract');
        deepEqual([owner, called, rest], [own, accountIn(contract), {}]);
        const [to, amount] = iface.decodeFunctionData('transfer', data);
        equal(to.toLowerCase(), evmAddress(accountIn(made.order['to'])));
        equal(String(amount), made.order['amount']);
      },
    },
    {
      kind: 'Trc721',
      cases: 40,
      draw: (random) =>
        drawn(random, { kind: 'Trc721', contract, tokenId: String(random.amount(2n ** 256n - 1n, 0n)) }),
      decoded: (made) => {
        const { owner, contract: called, data, ...rest } = decodedAs(made, 31, 'TriggerSmartContract');
        deepEqual([owner, called, rest], [own, accountIn(contract), {}]);
        const [from, to, tokenId] = iface.decodeFunctionData('safeTransferFrom', data);
        equal(from.toLowerCase(), evmAddress(own));
        equal(to.toLowerCase(), evmAddress(accountIn(made.order['to'])));
        equal(String(tokenId), made.order['tokenId']);
      },
    },
  ],
  refusedOrders: [
    {
      name: '[bad-input 137] whose fee limit is above the cap',
      ...order(token, { feeLimit: '100000001' }),
      code: 'E_FEE',
    },
    {
      name: '[bad-input 137] whose fee with bandwidth is above the cap',
      ...order(token, { feeLimit: '99999999' }),
      code: 'E_FEE',
    },
    { name: 'of a token without a fee limit', ...order(token), code: 'E_COMPLETION' },
    { name: 'of coins with a fee limit', ...order({}, { feeLimit: '1' }), code: 'E_COMPLETION' },
    {
      name: '[bad-input 131] that expires before it begins',
      ...order({}, { expiration: '1539295479000' }),
      code: 'E_COMPLETION',
    },
    {
      name: '[bad-input 131] that is valid for more than a day',
      ...order({}, { expiration: '1539381879001' }),
      code: 'E_COMPLETION',
    },
    { name: 'with a block of another length', ...order({}, { refBlockBytes: '7b3b00' }), code: 'E_COMPLETION' },
    { name: 'with a block in capitals', ...order({}, { refBlockHash: 'B21ACE8D6AC20E7E' }), code: 'E_COMPLETION' },
    { name: '[bad-input 111] of nothing', ...order({ amount: '0' }), code: 'E_BODY' },
    { name: '[bad-input 109] without an amount', ...order({ amount: '' }), code: 'E_BODY' },
    { name: '[bad-input 112] above what the format holds', ...order({ amount: String(2n ** 63n) }), code: 'E_BODY' },
    {
      name: '[bad-input 113] to an address with a wrong checksum',
      ...order({ to: `${stranger.slice(0, -1)}W` }),
      code: 'E_BODY',
      message: /checksum/,
    },
    {
      name: '[bad-input 114] to an Ethereum address',
      ...order({ to: evmAddress(accountIn(stranger)) }),
      code: 'E_BODY',
    },
    {
      name: '[bad-input 114] to a Bitcoin address',
      ...order({ to: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa' }),
      code: 'E_BODY',
    },
    { name: '[bad-input 116] with a memo', ...order({ memo: 'hello' }), code: 'E_BODY' },
    { name: 'of a token by its name', ...order({ kind: 'Trc10', tokenId: 'BitTorrent' }), code: 'E_BODY' },
    {
      name: 'of a contract that is no address',
      ...order({ ...token, contract: 'USDT' }, { feeLimit: '1' }),
      code: 'E_BODY',
    },
    {
      name: 'of a token id beyond 256 bits',
      ...order({ kind: 'Trc721', contract, amount: undefined, tokenId: String(2n ** 256n) }, { feeLimit: '1' }),
      code: 'E_BODY',
    },
  ],
});

/** One of the published transfers is valid for a month, which no order may be, and the time is not its contract. */
test('TRON: orders of the published transfers are built to the published contracts', () => {
  const orders = {
    'Native transfer': { kind: 'Native', to: stranger, amount: '2000000' },
    'Trc10 transfer': { kind: 'Trc10', to: stranger, amount: '4', tokenId: '1000959' },
  };
  for (const [name, body] of Object.entries(orders)) {
    const { secret = '', body: signed } = vectors.transactions.find((each) => each.name === name) ?? {};
    const { refBlockBytes, refBlockHash, expiration, contract } = decode('Raw', unhex(String(signed?.['transaction'])));
    const made = construct({
      key: localKey('ECDSA', 'secp256k1', unhex(secret)),
      network: 'Tron',
      body,
      completion: {
        refBlockBytes: hex(refBlockBytes),
        refBlockHash: hex(refBlockHash),
        expiration,
        timestamp: String(BigInt(expiration) - 36_000_000n),
      },
    });
    if (body.kind === 'Native') equal(made.body['transaction'], signed?.['transaction']);
    deepEqual(decode('Raw', unhex(String(made.body['transaction']))).contract, contract);
  }
});

test('TRON: an account of 21 bytes in a word of 20, as one library writes it, is signed but not interpreted', () => {
  const { secret = '', body = {} } = vectors.transactions.find((each) => each.name === 'Trc20 transfer') ?? {};
  const of = localKey('ECDSA', 'secp256k1', unhex(secret));
  equal(planSignature({ key: of, network: 'Tron', body }).facts.interpreted, false);
});

test('TRON: both networks share an address, as they do the account', () => {
  equal(addressOf('Tron', key), addressOf('TronNile', key));
});

publishedTransactions(vectors);
