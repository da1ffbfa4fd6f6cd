/**
 * Substrate chains, judged by extrinsics that Trust Wallet Core publishes, most of them accepted by their chains, by
 * polkadot-api's codecs, and by polkadot-js with the metadata of the runtimes it comes with.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  type Case,
  type Constructed,
  conformance,
  localKey,
  type Random,
  type Signed,
  seededRandom,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/substrate';
import { addressOf, type Body, family, loadFamily, type PublicKeyRef, planSignature } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { verifyRaw } from '@holdfast/chains/schemes';
import { oracle } from '../oracles.ts';
import { filled, hex, unhex } from './published.ts';

const { Metadata, TypeRegistry } = await oracle('@polkadot/types/index.js');
const { AccountId, Blake2256, Bytes, compact, Option, u8, u32 } = await oracle('@polkadot-api/substrate-bindings');
await loadFamily('substrate');

interface Published {
  readonly addresses: readonly {
    readonly network: string;
    readonly scheme: 'EdDSA';
    readonly curve: 'ed25519';
    readonly publicKey: string;
    readonly address: string;
  }[];
  readonly payloads: readonly {
    readonly name: string;
    readonly network: string;
    readonly publicKey: string;
    readonly method: string;
    readonly era: string;
    readonly nonce: number;
    readonly specVersion: number;
    readonly transactionVersion: number;
    readonly genesisHash: string;
    readonly blockHash: string;
    readonly preimage: string;
    readonly signature: string | null;
  }[];
}
const vectors: Published = JSON.parse(
  readFileSync(new URL('../../../../vectors/chains/substrate.json', import.meta.url), 'utf8'),
);

/** Of the registry, written down once more. */
const prefixes: Readonly<Record<string, number>> = {
  Kusama: 2,
  KusamaAssetHub: 2,
  Paseo: 0,
  PaseoAssetHub: 0,
  Polkadot: 0,
  PolkadotAssetHub: 0,
  Polymesh: 12,
  PolymeshTestnet: 42,
  Westend: 42,
  WestendAssetHub: 42,
};
const key = localKey('EdDSA', 'ed25519', filled(0x51));
const sdkAddress = (of: PublicKeyRef, name: string): string => AccountId(prefixes[name]).dec(of.publicKey);

// biome-ignore lint/suspicious/noExplicitAny: the oracle's types stay outside the build.
type Any = any;
/** Networks whose runtime polkadot-js comes with; that of Paseo numbers its payments as Polkadot's does. */
const metadata: Readonly<Record<string, string>> = {
  Kusama: 'kusama',
  KusamaAssetHub: 'asset-hub-kusama',
  Paseo: 'polkadot',
  Polkadot: 'polkadot',
  PolkadotAssetHub: 'asset-hub-polkadot',
};
const registries = new Map<string, Any>();
async function registryOf(name: string): Promise<Any> {
  const known = registries.get(name);
  if (known !== undefined) return known;
  const folder = '@polkadot/types-support/metadata/v15';
  const { default: hexText } = await oracle(`${folder}/${metadata[name]}-hex.js`);
  const registry = new TypeRegistry();
  // Wrapped in an option of bytes; the metadata itself begins with its magic number.
  registry.setMetadata(new Metadata(registry, `0x${hexText.slice(hexText.indexOf('6d657461'))}`));
  registries.set(name, registry);
  return registry;
}

const plainExtensions = [
  'CheckSpecVersion',
  'CheckTxVersion',
  'CheckGenesis',
  'CheckMortality',
  'CheckNonce',
  'CheckWeight',
  'ChargeTransactionPayment',
];
const genesis = '0x91b171bb158e2d3848fa23a9f1c25182fb8e20313b2c1eb49219da7a70ce90c3';
const payload = {
  address: sdkAddress(key, 'Polkadot'),
  blockHash: `0x${'ab'.repeat(32)}`,
  blockNumber: '0x01020304',
  era: '0xb501',
  genesisHash: genesis,
  method: '0x050300aabb',
  nonce: '0x00000007',
  signedExtensions: plainExtensions,
  specVersion: '0x000f4259',
  tip: '0x00000000000000000000000000000000',
  transactionVersion: '0x0000001a',
  version: 4,
};
const messageOf = ({ plan }: Pick<Signed, 'plan'>): Uint8Array => {
  const [item] = plan.items;
  ok(item?.algorithm === 'eddsa');
  return item.message;
};

/** Bytes signed, put together with polkadot-api's codecs. */
function expected(given: Record<string, unknown>): Uint8Array {
  const names = given['signedExtensions'] as readonly string[];
  const bytes = (name: string) => unhex(String(given[name]));
  const hash = given['metadataHash'] === undefined ? undefined : bytes('metadataHash');
  const extra: Record<string, () => Uint8Array> = {
    CheckMortality: () => bytes('era'),
    CheckEra: () => bytes('era'),
    CheckNonce: () => compact.enc(BigInt(String(given['nonce']))),
    ChargeTransactionPayment: () => compact.enc(BigInt(String(given['tip']))),
    ChargeAssetTxPayment: () => Buffer.concat([compact.enc(BigInt(String(given['tip']))), Option(u8).enc(undefined)]),
    CheckMetadataHash: () => u8.enc(hash === undefined ? 0 : 1),
  };
  const signed: Record<string, () => Uint8Array> = {
    CheckMortality: () => bytes('blockHash'),
    CheckEra: () => bytes('blockHash'),
    CheckGenesis: () => bytes('genesisHash'),
    CheckSpecVersion: () => u32.enc(Number(given['specVersion'])),
    CheckTxVersion: () => u32.enc(Number(given['transactionVersion'])),
    CheckMetadataHash: () => Option(Bytes(32)).enc(hash),
  };
  const all = Buffer.concat([
    bytes('method'),
    ...[extra, signed].flatMap((table) => names.map((name) => table[name]?.() ?? Buffer.alloc(0))),
  ]);
  return all.length > 256 ? Blake2256(all) : all;
}

const asCase = (name: string, body: Body, message: () => Uint8Array, more: Partial<Case> = {}): Case => ({
  name: `SignerPayload ${name}`,
  network: 'Polkadot',
  key,
  body,
  accepted: (signed) => {
    equal(hex(messageOf(signed)), hex(message()));
    const { r = '', s = '', encoded, recid } = signed.assembled.signature ?? {};
    deepEqual([encoded, recid], [`0x00${r.slice(2)}${s.slice(2)}`, undefined]);
    equal(signed.plan.facts.interpreted, false);
  },
  ...more,
});
const members = (changed: object): Body => ({ kind: 'SignerPayload', payload: { ...payload, ...changed } });
const memberCase = (name: string, changed: object): Case =>
  asCase(name, members(changed), () => expected({ ...payload, ...changed }));
const refusal = (name: string, changed: object, message: RegExp) => ({
  name,
  network: 'Polkadot',
  key,
  body: members(changed),
  message,
});
const without = (name: string) => plainExtensions.filter((each) => each !== name);
const newer = ['CheckNonZeroSender', ...plainExtensions, 'CheckMetadataHash', 'WeightReclaim'];

/** As polkadot-js reads it by the runtime's metadata; the signature is over the payload that polkadot-js encodes. */
async function verified({ key: of, network: name, assembled, body }: Signed): Promise<Any> {
  const registry = await registryOf(name);
  const bytes = unhex(assembled.signedData ?? '');
  const extrinsic = registry.createType('Extrinsic', bytes);
  equal(extrinsic.toHex(), `0x${hex(bytes)}`);
  ok(extrinsic.isSigned);
  equal(hex(extrinsic.signer.value.toU8a()), hex(of.publicKey));
  const given = (body['transaction'] ?? {}) as Record<string, unknown>;
  const encoded = registry.createType('ExtrinsicPayload', given, { version: 4 }).toU8a({ method: true });
  const message = encoded.length > 256 ? Blake2256(encoded) : encoded;
  equal(hex(messageOf({ plan: planSignature({ key: of, network: name, body }) })), hex(message));
  const signature = extrinsic.signature.toU8a().subarray(-64);
  ok(verifyRaw({ algorithm: 'eddsa', message }, of, { signature }));
  equal(family('substrate').transactionId?.(assembled.signedData ?? '', network(name)), extrinsic.hash.toHex());
  return extrinsic;
}

const order = (name: string, more: object, changed: object = {}) => ({
  key,
  network: name,
  body: { kind: 'Native', to: sdkAddress(localKey('EdDSA', 'ed25519', filled(2)), name), amount: '5', ...more },
  completion: {
    nonce: '7',
    specVersion: '2003002',
    transactionVersion: name.endsWith('AssetHub') ? '15' : name.startsWith('Polymesh') ? '7' : '26',
    blockNumber: '31415926',
    blockHash: `0x${'ab'.repeat(32)}`,
    ...changed,
  },
});
const drawOrder = (kind: string, names: readonly string[]) => (random: Random) => {
  const name = random.pick(names);
  const to = { scheme: 'EdDSA', curve: 'ed25519', publicKey: random.bytes(32) } as const;
  return order(
    name,
    {
      kind,
      to: random.chance(4) ? AccountId(42).dec(to.publicKey) : sdkAddress(to, name),
      amount: String(random.amount(2n ** 128n - 1n)),
      ...(kind === 'Asset' ? { assetId: String(random.amount(2n ** 32n - 1n, 0n)) } : {}),
    },
    {
      nonce: String(random.amount(2n ** 32n - 1n, 0n)),
      specVersion: String(random.amount(2n ** 32n - 1n, 0n)),
      blockNumber: String(random.amount(2n ** 32n - 1n, 0n)),
      blockHash: `0x${hex(random.bytes(32))}`,
    },
  );
};
async function decodedAs(read: Constructed): Promise<void> {
  const { order: asked, completion } = read;
  const extrinsic = await verified(read);
  const isAsset = asked['kind'] === 'Asset';
  deepEqual(
    [extrinsic.method.section, extrinsic.method.method],
    [isAsset ? 'assets' : 'balances', 'transferKeepAlive'],
  );
  const args = extrinsic.method.args;
  const [to, value] = isAsset ? args.slice(1) : args;
  equal(hex(to.value.toU8a()), hex(AccountId().enc(asked['to'])));
  equal(value.toBigInt(), BigInt(String(asked['amount'])));
  if (isAsset) equal(args[0].toBigInt(), BigInt(String(asked['assetId'])));
  deepEqual([extrinsic.nonce.toString(), extrinsic.tip.toString()], [completion['nonce'], '0']);
  const born = Number(completion['blockNumber']);
  equal(extrinsic.era.asMortalEra.birth(born), born);
  equal(extrinsic.era.asMortalEra.death(born), born + 64);
  equal(read.plan.facts.interpreted, true);
}
/** Polymesh publishes no metadata in a package: its payment is put together with polkadot-api's codecs. */
function decodedOnPolymesh(read: Constructed): void {
  const { order: asked, completion, assembled, body } = read;
  const given = (body['transaction'] ?? {}) as Record<string, unknown>;
  const account = AccountId().enc(asked['to']);
  const call = Buffer.concat([Buffer.of(5, 0, 0), account, compact.enc(BigInt(String(asked['amount'])))]);
  equal(given['method'], `0x${hex(call)}`);
  equal(hex(messageOf(read)), hex(expected(given)));
  const bytes = unhex(assembled.signedData ?? '');
  const extra = Buffer.concat([
    unhex(String(given['era'])),
    compact.enc(BigInt(String(completion['nonce']))),
    compact.enc(0n),
  ]);
  const inner = Buffer.concat([
    Buffer.of(0x84, 0),
    key.publicKey,
    unhex(assembled.signature?.encoded ?? ''),
    extra,
    call,
  ]);
  equal(hex(bytes), hex(Buffer.concat([compact.enc(inner.length), inner])));
  equal(family('substrate').transactionId?.(hex(bytes), network(read.network)), `0x${hex(Blake2256(bytes))}`);
  equal(read.plan.facts.interpreted, true);
}

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'substrate 1',
  transfers: [
    { kind: 'Native', cases: 90, draw: drawOrder('Native', Object.keys(metadata)), decoded: decodedAs },
    {
      kind: 'Native',
      cases: 60,
      draw: drawOrder('Native', ['Polymesh', 'PolymeshTestnet']),
      decoded: decodedOnPolymesh,
    },
    {
      kind: 'Asset',
      cases: 60,
      draw: drawOrder('Asset', ['PolkadotAssetHub', 'KusamaAssetHub']),
      decoded: decodedAs,
    },
  ],
  refusedOrders: [
    { name: '[bad-input 111] of nothing', ...order('Polkadot', { amount: '0' }), code: 'E_BODY' },
    { name: '[bad-input 112] above 128 bits', ...order('Polkadot', { amount: String(2n ** 128n) }), code: 'E_BODY' },
    {
      name: '[bad-input 113] to an address of another chain',
      ...order('Polkadot', { to: sdkAddress(key, 'Kusama') }),
      code: 'E_BODY',
      message: /another chain/,
    },
    { name: '[bad-input 116] with a memo', ...order('Polymesh', { memo: 'rent' }), code: 'E_BODY' },
    {
      name: '[bad-input 114] to an address of Ethereum',
      ...order('Polkadot', { to: `0x${'11'.repeat(20)}` }),
      code: 'E_BODY',
    },
    { name: 'of an asset on a relay chain', ...order('Polkadot', { kind: 'Asset', assetId: '1984' }), code: 'E_KIND' },
    {
      name: 'of an asset whose number is too large',
      ...order('PolkadotAssetHub', { kind: 'Asset', assetId: String(2n ** 32n) }),
      code: 'E_BODY',
    },
    { name: 'on a network whose calls are not known', ...order('Westend', {}), code: 'E_KIND' },
    {
      name: '[bad-input 131] of a runtime that numbers its calls anew',
      ...order('Polkadot', {}, { transactionVersion: '27' }),
      code: 'E_COMPLETION',
    },
    { name: 'with a tip, which nobody asked for', ...order('Polkadot', {}, { tip: '1' }), code: 'E_COMPLETION' },
    {
      name: '[bad-input 131] with a nonce of 33 bits',
      ...order('Polkadot', {}, { nonce: String(2n ** 32n) }),
      code: 'E_COMPLETION',
    },
    {
      name: '[bad-input 131] on a block without a hash',
      ...order('Polkadot', {}, { blockHash: '0x00' }),
      code: 'E_COMPLETION',
    },
  ],
  addresses: vectors.addresses,
  sdkAddress,
  cases: [
    {
      name: 'Transaction: a payment in the members that libraries give',
      network: 'PolkadotAssetHub',
      key,
      body: {
        kind: 'Transaction',
        transaction: {
          ...payload,
          method: `0x0a0300${'22'.repeat(32)}04`,
          genesisHash: '0x68d56f15f85d3136970ec16946040bc1752654e906147f7e43e9d539d7c3de2f',
          transactionVersion: '0x0000000f',
          signedExtensions: [...newer.slice(0, -2), 'ChargeAssetTxPayment', 'CheckMetadataHash'].filter(
            (each) => each !== 'ChargeTransactionPayment',
          ),
          withSignedTransaction: true,
        },
      },
      accepted: async (signed) => {
        const extrinsic = await verified(signed);
        equal(extrinsic.method.args[1].toString(), '1');
        equal(signed.plan.facts.interpreted, true);
      },
    },
    asCase('in hex', { kind: 'SignerPayload', payload: '0x05030001' }, () => unhex('05030001'), { corrupt: 'payload' }),
    asCase('in hex of 256 bytes', { kind: 'SignerPayload', payload: '07'.repeat(256) }, () =>
      new Uint8Array(256).fill(7),
    ),
    asCase('in hex of 257 bytes', { kind: 'SignerPayload', payload: '07'.repeat(257) }, () =>
      Blake2256(new Uint8Array(257).fill(7)),
    ),
    memberCase('in members', {}),
    memberCase('with a long call', { method: `0x${'05'.repeat(400)}` }),
    memberCase('that never ends', { era: '0x00', blockHash: genesis }),
    memberCase('of an Asset Hub', {
      signedExtensions: [...without('ChargeTransactionPayment'), 'ChargeAssetTxPayment'],
    }),
    memberCase('that leaves the metadata unchecked', { signedExtensions: newer, mode: 0 }),
    memberCase('with the hash of the metadata', {
      signedExtensions: newer,
      mode: 1,
      metadataHash: `0x${'cd'.repeat(32)}`,
    }),
    memberCase('under the address another chain gives the account', { address: sdkAddress(key, 'Westend') }),
    {
      name: 'Message',
      network: 'Kusama',
      key,
      body: { kind: 'Message', message: '0x3c42797465733e' },
      accepted: (signed) => {
        equal(hex(messageOf(signed)), '3c42797465733e');
        ok(signed.assembled.signature?.encoded?.startsWith('0x00'));
      },
    },
  ],
  refusals: [
    refusal('the genesis of another network', { genesisHash: `0x${'01'.repeat(32)}` }, /another network/),
    refusal(
      'the address of another account',
      { address: sdkAddress(localKey('EdDSA', 'ed25519', filled(1)), 'Polkadot') },
      /not of this wallet/,
    ),
    refusal(
      'an address with a wrong checksum',
      { address: `${payload.address.slice(0, -1)}${payload.address.endsWith('1') ? '2' : '1'}` },
      /SS58/,
    ),
    refusal('an address of Ethereum', { address: `0x${'11'.repeat(20)}` }, /SS58/),
    refusal('an unknown member', { topUp: 1 }, /topUp.*not known/),
    refusal('a payload of version 5', { version: 5 }, /must be 4/),
    refusal('a fee in a token', { assetId: '0x01' }, /token/),
    refusal('an era of another length', { era: '0xb50100' }, /at most 2 bytes/),
    refusal('an era of one byte that ends', { era: '0xb5' }, /mortal/),
    refusal('an era of two bytes without period', { era: '0x1000' }, /mortal/),
    refusal('another block than the genesis for an era that never ends', { era: '0x00' }, /never ends/),
    refusal('an extension nobody knows', { signedExtensions: [...plainExtensions, 'CheckMoon'] }, /CheckMoon/),
    refusal(
      'an extension that is a member of every object',
      { signedExtensions: [...plainExtensions, 'constructor'] },
      /constructor/,
    ),
    refusal('an extension twice', { signedExtensions: [...plainExtensions, 'CheckWeight'] }, /twice/),
    refusal('both ways to pay', { signedExtensions: [...plainExtensions, 'ChargeAssetTxPayment'] }, /one of Charge/),
    ...[
      'CheckGenesis',
      'CheckNonce',
      'CheckMortality',
      'CheckSpecVersion',
      'CheckTxVersion',
      'ChargeTransactionPayment',
    ].map((name) =>
      refusal(`a payload without ${name}`, { signedExtensions: without(name) }, new RegExp(`one of .*${name}`)),
    ),
    refusal('no extensions', { signedExtensions: undefined }, /list/),
    refusal(
      'a hash of metadata that is not signed',
      { mode: 1, metadataHash: `0x${'cd'.repeat(32)}` },
      /CheckMetadataHash/,
    ),
    refusal('a mode without its hash', { signedExtensions: newer, mode: 1 }, /exactly where/),
    refusal(
      'a hash without its mode',
      { signedExtensions: newer, metadataHash: `0x${'cd'.repeat(32)}` },
      /exactly where/,
    ),
    refusal('another mode', { mode: 2 }, /0 or 1/),
    refusal('a nonce beyond 32 bits', { nonce: '0x0100000000' }, /at most/),
    refusal('a nonce in decimal text', { nonce: '7' }, /hex/),
    refusal('a tip below zero', { tip: -1 }, /hex/),
    refusal('a call of one byte', { method: '0x05' }, /2 to/),
    refusal('no block', { blockHash: undefined }, /hex string/),
    {
      name: 'an empty payload',
      network: 'Polkadot',
      key,
      body: { kind: 'SignerPayload', payload: '0x' },
      code: 'E_BODY',
    },
    {
      name: 'a list as payload',
      network: 'Polkadot',
      key,
      body: { kind: 'SignerPayload', payload: [1] },
      code: 'E_BODY',
    },
    {
      name: 'a transaction in hex, whose call has no end that could be found',
      network: 'Polkadot',
      key,
      body: { kind: 'Transaction', transaction: '00' },
      code: 'E_BODY',
    },
    {
      name: '[bad-input 131] a transaction of another network',
      network: 'Kusama',
      key,
      body: { kind: 'Transaction', transaction: payload },
      message: /transaction.genesisHash.*another network/,
    },
    { name: 'a hash', network: 'Polkadot', key, body: { kind: 'Hash', hash: '07'.repeat(32) }, code: 'E_KIND' },
  ],
});

for (const { name, network: of, publicKey, preimage, signature, ...rest } of vectors.payloads)
  test(`${of}: the published payload "${name}" is encoded to the same bytes, and its signature is over them`, () => {
    const known: PublicKeyRef = { scheme: 'EdDSA', curve: 'ed25519', publicKey: unhex(publicKey) };
    const { method, era, nonce, specVersion, transactionVersion, genesisHash, blockHash } = rest;
    const plan = planSignature({
      key: known,
      network: of,
      body: members({
        ...{ method, era, nonce, specVersion, transactionVersion, genesisHash, blockHash },
        address: addressOf(of, known),
        signedExtensions: [...plainExtensions, ...(of === 'Polkadot' ? [] : ['StoreCallMetadata'])],
      }),
    });
    equal(hex(messageOf({ plan })), preimage);
    const [item] = plan.items;
    if (signature !== null) ok(item !== undefined && verifyRaw(item, known, { signature: unhex(signature) }));
  });

test('Substrate: 300 random payloads are encoded as polkadot-api encodes their members', () => {
  const seed = process.env['HOLDFAST_SEED'] ?? 'substrate payloads 1';
  const random = seededRandom(seed);
  for (let n = 0; n < 300; n += 1) {
    const given = { ...payload, ...drawn(random) };
    const body: Body = { kind: 'SignerPayload', payload: given };
    const plan = planSignature({ key, network: 'Polkadot', body });
    equal(hex(messageOf({ plan })), hex(expected(given)), `case ${n} of seed ${seed}: ${JSON.stringify(given)}`);
  }
});

function drawn(random: Random): Record<string, unknown> {
  const number = (max: bigint) => {
    const value = random.amount(max, 0n);
    return value < 2n ** 53n && random.chance(2) ? Number(value) : `0x${value.toString(16)}`;
  };
  const hashed = random.chance(2);
  return {
    method: `0x${hex(random.bytes(2 + random.int(300)))}`,
    nonce: number(2n ** 32n - 1n),
    tip: number(2n ** 128n - 1n),
    specVersion: number(2n ** 32n - 1n),
    transactionVersion: number(2n ** 32n - 1n),
    blockHash: `0x${hex(random.bytes(32))}`,
    era: `0x${hex(Buffer.of(1 + random.int(15) + 16 * random.int(16), random.int(256)))}`,
    ...(hashed ? { mode: 1, metadataHash: `0x${hex(random.bytes(32))}` } : {}),
    signedExtensions: [...(hashed ? newer : plainExtensions)].sort(() => random.int(3) - 1),
  };
}

test('Substrate: without a network the payload names its genesis itself, and the address has no prefix to take', () => {
  const body = { ...members({ genesisHash: `0x${'01'.repeat(32)}` }), blockchainKind: 'Substrate' };
  equal(planSignature({ key, body }).items.length, 1);
  equal(network('Polymesh').kind, 'Polymesh');
});

test('Substrate: a call is read for the transaction version that is known alone', () => {
  const method = `0x050300${'22'.repeat(32)}04`;
  const interpreted = (transactionVersion: string) =>
    planSignature({ key, network: 'Polkadot', body: members({ method, transactionVersion }) }).facts.interpreted;
  equal(interpreted('0x0000001a'), true);
  equal(interpreted('0x0000001b'), false);
});

test('Substrate: the extrinsics that Polymesh has accepted are put together as they are on the chain', () => {
  for (const { network: of, publicKey, signature, preimage: _, accepted: _link, ...rest } of vectors.payloads as Any) {
    if (of !== 'Polymesh' || signature === null) continue;
    const known: PublicKeyRef = { scheme: 'EdDSA', curve: 'ed25519', publicKey: unhex(publicKey) };
    const { name: _name, ...given } = rest;
    const transaction = {
      ...given,
      version: 4,
      tip: 0,
      address: addressOf(of, known),
      signedExtensions: [...plainExtensions, 'StoreCallMetadata'],
    };
    const body = { kind: 'Transaction', transaction };
    const { signedData = '' } = family('substrate').assemble({
      key: known,
      network: network(of),
      body,
      signatures: [{ signature: unhex(signature) }],
    });
    ok(signedData.includes(`8400${publicKey}00${signature}`));
    ok(signedData.endsWith(String(given.method).slice(2)));
  }
});
