/** Cardano against Emurgo's serialization and message-signing libraries. */
import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { conformance, construct, localKey, type Random, sign } from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/cardano';
import { family, loadFamily } from '@holdfast/chains/families';
import { network as networkOf } from '@holdfast/chains/networks';
import { loadClient, NodeError, type Nodes } from '@holdfast/chains/rpc';
import { oracle } from '../oracles.ts';

await loadFamily('cardano');
const csl = (await oracle('@emurgo/cardano-serialization-lib-nodejs')).default;
const cms = (await oracle('@emurgo/cardano-message-signing-nodejs')).default;

const seed = process.env['HOLDFAST_SEED'] ?? 'cardano 1';
const networks = ['Cardano', 'CardanoPreprod'];
const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;
const unhex = (text: string | undefined) => Uint8Array.from(Buffer.from((text ?? '').replace(/^0x/, ''), 'hex'));
const key = localKey('EdDSA', 'ed25519', Buffer.alloc(32, 0x81));
const idOf = (network: string) => (network === 'Cardano' ? 1 : 0);

const credential = (bytes: Uint8Array) =>
  csl.Credential.from_keyhash(csl.Ed25519KeyHash.from_bytes(Uint8Array.from(bytes)));
const publicKey = (of: { publicKey: Uint8Array }) => csl.PublicKey.from_bytes(Uint8Array.from(of.publicKey));
function sdkAddress(of: { publicKey: Uint8Array }, network: string): string {
  const hash = csl.Credential.from_keyhash(publicKey(of).hash());
  return csl.EnterpriseAddress.new(idOf(network), hash).to_address().to_bech32();
}
const number = (value: bigint | number) => csl.BigNum.from_str(String(value));

interface Shape {
  readonly network?: string;
  readonly networkId?: number;
  readonly signed?: boolean;
  readonly metadata?: boolean;
  readonly dropMetadata?: boolean;
  readonly failing?: boolean;
  readonly tokens?: boolean;
}

/** A transaction of the SDK, unsigned. */
function built(o: Shape = {}) {
  const network = o.network ?? 'Cardano';
  const inputs = csl.TransactionInputs.new();
  for (const index of [0, 1])
    inputs.add(csl.TransactionInput.new(csl.TransactionHash.from_bytes(Buffer.alloc(32, 7)), index));
  const value = csl.Value.new(number(2_000_000));
  if (o.tokens) {
    const assets = csl.Assets.new();
    assets.insert(csl.AssetName.new(Buffer.from('coin')), number(5));
    const multi = csl.MultiAsset.new();
    multi.insert(csl.ScriptHash.from_bytes(Buffer.alloc(28, 3)), assets);
    value.set_multiasset(multi);
  }
  const outputs = csl.TransactionOutputs.new();
  outputs.add(csl.TransactionOutput.new(csl.Address.from_bech32(sdkAddress(key, network)), value));
  const body = csl.TransactionBody.new_tx_body(inputs, outputs, number(170_000));
  body.set_ttl(number(100_000_000));
  if (o.networkId !== undefined)
    body.set_network_id(o.networkId === 1 ? csl.NetworkId.mainnet() : csl.NetworkId.testnet());
  let beside: unknown;
  if (o.metadata) {
    const data = csl.AuxiliaryData.new();
    const general = csl.GeneralTransactionMetadata.new();
    general.insert(number(674), csl.TransactionMetadatum.new_text('hello'));
    data.set_metadata(general);
    body.set_auxiliary_data_hash(csl.hash_auxiliary_data(data));
    beside = o.dropMetadata ? undefined : data;
  }
  const witnesses = csl.TransactionWitnessSet.new();
  if (o.signed) {
    const made = csl.Vkeywitnesses.new();
    made.add(csl.Vkeywitness.new(csl.Vkey.new(publicKey(key)), csl.Ed25519Signature.from_bytes(Buffer.alloc(64, 1))));
    witnesses.set_vkeys(made);
  }
  const transaction = csl.Transaction.new(body, witnesses, beside);
  if (o.failing) transaction.set_is_valid(false);
  return { kind: 'Transaction', transaction: hex(transaction.to_bytes()) };
}

/** Decoded by the SDK, its one witness verified over the SDK's own hash. */
function accepted(signedData: string | undefined, of: { publicKey: Uint8Array }) {
  const fixed = csl.FixedTransaction.from_bytes(unhex(signedData));
  const hash = fixed.transaction_hash();
  const keys = fixed.witness_set().vkeys();
  equal(keys.len(), 1);
  const witness = keys.get(0);
  deepEqual(witness.vkey().public_key().as_bytes(), Uint8Array.from(of.publicKey));
  ok(witness.vkey().public_key().verify(hash.to_bytes(), witness.signature()));
  equal(fixed.is_valid(), true);
  equal(family('cardano').transactionId?.(signedData ?? '', {} as never), hash.to_hex());
  return fixed.body();
}

function draw(random: Random) {
  const network = random.pick(networks);
  const of = localKey('EdDSA', 'ed25519', random.bytes(32));
  const values = Array.from({ length: 1 + random.int(5) }, () => 3_000_000n + random.amount(10n ** 13n));
  const total = values.reduce((sum, each) => sum + each, 0n);
  const to = random.chance(2)
    ? csl.EnterpriseAddress.new(idOf(network), credential(random.bytes(28)))
    : csl.BaseAddress.new(idOf(network), credential(random.bytes(28)), credential(random.bytes(28)));
  const room = total - 300_000n;
  return {
    key: of,
    network,
    body: {
      kind: 'Native',
      to: to.to_address().to_bech32() as string,
      amount: String(random.chance(5) ? room : 1_100_000n + random.amount(room - 1_100_000n)),
    },
    completion: {
      inputs: values.map((value) => ({
        txid: Buffer.from(random.bytes(32)).toString('hex'),
        index: String(random.int(300)),
        value: String(value),
      })),
      ttl: String(1 + random.int(2 ** 40)),
      feePerByte: '44',
      feeFixed: '155381',
    },
  };
}

const order = {
  key,
  network: 'Cardano',
  body: { kind: 'Native', to: sdkAddress(key, 'Cardano'), amount: '2000000' },
  completion: {
    inputs: [{ txid: '77'.repeat(32), index: '0', value: '9000000' }],
    ttl: '100',
    feePerByte: '44',
    feeFixed: '155381',
  },
};
const to = (address: string) => ({ ...order, body: { ...order.body, to: address }, code: 'E_BODY' });

conformance({
  claims,
  seed,
  // CIP-19, test vectors, type-06: the payment key addr_vk1w0l2sr2zgfm26ztc6nl9xy8ghsk5sh6ldwemlpmp9xylzy4dtf7st80zhd.
  addresses: [
    ['Cardano', 'addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers66hrl8'],
    ['CardanoPreprod', 'addr_test1vz2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzerspjrlsz'],
  ].map(([network = '', address = '']) => ({
    network,
    address,
    scheme: 'EdDSA' as const,
    curve: 'ed25519' as const,
    publicKey: '73fea80d424276ad0978d4fe5310e8bc2d485f5f6bb3bf87612989f112ad5a7d',
  })),
  sdkAddress,
  cases: [
    ...[
      { name: 'Transaction', shape: {} },
      { name: 'Transaction that names its network', shape: { networkId: 1 } },
      { name: 'Transaction with metadata', shape: { metadata: true } },
    ].map(({ name, shape }) => ({
      name,
      network: 'Cardano',
      key,
      body: built(shape),
      accepted: ({ assembled, plan }: ReturnType<typeof sign>) => {
        const body = accepted(assembled.signedData, key);
        equal(body.outputs().get(0).amount().coin().to_str(), '2000000');
        equal(plan.facts.interpreted, true);
        ok(
          plan.facts.summary.some(
            ({ label, value }) => label === 'Output 0' && value === `2000000 to ${sdkAddress(key, 'Cardano')}`,
          ),
        );
      },
      corrupt: 'transaction',
    })),
    {
      name: 'Transaction with tokens',
      network: 'CardanoPreprod',
      key,
      body: built({ network: 'CardanoPreprod', tokens: true }),
      accepted: ({ assembled, plan }) => {
        accepted(assembled.signedData, key);
        equal(plan.facts.interpreted, false);
      },
    },
    {
      name: 'Message',
      network: 'Cardano',
      key,
      body: { kind: 'Message', message: '0x68690a' },
      accepted: ({ assembled }) =>
        ok(
          publicKey(key).verify(unhex('68690a'), csl.Ed25519Signature.from_bytes(unhex(assembled.signature?.encoded))),
        ),
    },
    ...[{ payload: '0x68690a' }, { payload: '0x68690a', externalAad: '0x0102' }, {}].map((members) => ({
      name: `Cip8 with ${Object.keys(members).join(' and ') || 'nothing'}`,
      network: 'Cardano',
      key,
      body: { kind: 'Cip8', context: 'Signature1', ...members },
      accepted: ({ assembled }: ReturnType<typeof sign>) => {
        const cose = cms.COSESign1.from_bytes(unhex(assembled.signedData));
        const aad = 'externalAad' in members ? unhex(members.externalAad) : undefined;
        const structure = cose.signed_data(aad, undefined);
        ok(publicKey(key).verify(structure.to_bytes(), csl.Ed25519Signature.from_bytes(cose.signature())));
        const protectedHeader = cose.headers().protected().deserialized_headers();
        equal(protectedHeader.algorithm_id().as_int().as_i32(), -8);
        const address = protectedHeader.header(cms.Label.new_text('address')).as_bytes();
        equal(csl.Address.from_bytes(address).to_bech32(), sdkAddress(key, 'Cardano'));
      },
    })),
  ],
  refusals: [
    {
      name: 'a transaction of another network',
      network: 'Cardano',
      key,
      body: built({ network: 'CardanoPreprod' }),
      message: /another network than Cardano/,
    },
    {
      name: 'a transaction that names another network',
      network: 'Cardano',
      key,
      body: built({ networkId: 0 }),
      message: /another network than Cardano/,
    },
    {
      name: 'a transaction that is signed already',
      network: 'Cardano',
      key,
      body: built({ signed: true }),
      message: /empty witness set/,
    },
    {
      name: 'a transaction marked as failing',
      network: 'Cardano',
      key,
      body: built({ failing: true }),
      message: /marked as failing/,
    },
    {
      name: 'a transaction without the metadata it names',
      network: 'Cardano',
      key,
      body: built({ metadata: true, dropMetadata: true }),
      message: /data beside it/,
    },
    {
      name: 'a CIP-8 message of another context',
      network: 'Cardano',
      key,
      body: { kind: 'Cip8', context: 'Signature', payload: '0x00' },
      message: /Signature1/,
    },
  ],
  transfers: [
    {
      kind: 'Native',
      cases: 200,
      draw,
      decoded({ key: of, network, order: asked, completion, construction, assembled }) {
        const body = accepted(assembled.signedData, of);
        const [inputs, outputs] = [body.inputs(), body.outputs()];
        const given = completion['inputs'] as typeof order.completion.inputs;
        deepEqual(
          given.map((_, n) => [inputs.get(n).transaction_id().to_hex(), String(inputs.get(n).index())]),
          given.map(({ txid, index }) => [txid, index]),
        );
        equal(inputs.len(), given.length);
        equal(outputs.get(0).address().to_bech32(), asked['to']);
        equal(outputs.get(0).amount().coin().to_str(), asked['amount']);
        ok(outputs.len() <= 2);
        const change = outputs.len() === 2 ? outputs.get(1) : undefined;
        if (change !== undefined) {
          equal(change.address().to_bech32(), sdkAddress(of, network));
          const least = csl.min_ada_for_output(change, csl.DataCost.new_coins_per_byte(number(4_310)));
          ok(BigInt(change.amount().coin().to_str()) >= BigInt(least.to_str()));
        }
        const fee = BigInt(body.fee().to_str());
        const total = given.reduce((sum, each) => sum + BigInt(each.value), 0n);
        equal(BigInt(String(asked['amount'])) + BigInt(change?.amount().coin().to_str() ?? '0') + fee, total);
        equal(construction.feeMax, fee);
        // The ledger counts the bytes as they are; the SDK writes its sets with a tag, of three bytes each.
        const least = 44n * BigInt(unhex(assembled.signedData).length) + 155_381n;
        const linear = csl.LinearFee.new(number(44), number(155_381));
        const tagged = BigInt(csl.min_fee(csl.Transaction.from_bytes(unhex(assembled.signedData)), linear).to_str());
        equal(tagged - least, 6n * 44n);
        ok(fee >= least, `${fee} is below ${least}`);
        if (change !== undefined) ok(fee - least < 44n * 16n, `${fee} is far above ${least}`);
        equal(body.ttl_bignum().to_str(), completion['ttl']);
        equal(body.network_id().kind(), idOf(network));
      },
    },
  ],
  refusedOrders: [
    { ...to(sdkAddress(key, 'CardanoPreprod')), name: 'to an address of another network' },
    { ...to(`${sdkAddress(key, 'Cardano').slice(0, -1)}q`), name: '[bad-input 113] to an address with a wrong letter' },
    { ...to(sdkAddress(key, 'Cardano').toUpperCase()), name: 'to an address in upper case' },
    { ...to('Ae2tdPwUPEZFRbyhz3cpfC2CumGzNkFBN2L42rcUc2yjQpEkxDbkPodpMAi'), name: 'to a Byron address' },
    {
      ...to(
        csl.RewardAddress.new(1, credential(Buffer.alloc(28, 5)))
          .to_address()
          .to_bech32(),
      ),
      name: 'to a reward account',
    },
    {
      ...order,
      name: 'of less than an output may hold',
      body: { ...order.body, amount: '800000' },
      code: 'E_BODY',
      message: /at least/,
    },
    {
      ...order,
      name: 'of more than the inputs are worth',
      body: { ...order.body, amount: '8999999' },
      code: 'E_COMPLETION',
    },
    {
      ...order,
      name: 'at a fee above the cap',
      completion: { ...order.completion, feeFixed: '3000000' },
      code: 'E_FEE',
    },
    {
      ...order,
      name: 'with the same input twice',
      completion: { ...order.completion, inputs: [order.completion.inputs[0], order.completion.inputs[0]] },
      code: 'E_COMPLETION',
      message: /twice/,
    },
    { ...order, name: 'with a memo', body: { ...order.body, memo: 'hello' }, code: 'E_BODY' },
  ],
});

test('cardano: a CIP-8 message without its network has no address to carry', () => {
  throws(
    () =>
      family('cardano').plan({ key, network: { name: '' } as never, body: { kind: 'Cip8', context: 'Signature1' } }),
    { code: 'E_BODY' },
  );
});

test('cardano: the client asks an API of the Blockfrost form, which takes what the SDK finds signed', async () => {
  const network = networkOf('CardanoPreprod');
  const address = sdkAddress(key, network.name);
  const coin = (index: number, quantity: string, tokens = false) => ({
    tx_hash: '55'.repeat(32),
    output_index: index,
    amount: [{ unit: 'lovelace', quantity }, ...(tokens ? [{ unit: 'ab'.repeat(28), quantity: '1' }] : [])],
  });
  const found = new Map<string, object>();
  let slot = 1_000;
  const missing = () => new NodeError('E_NODE_REFUSED', 'The requested component has not been found.', { status: 404 });
  const pages: Record<string, () => unknown> = {
    [`/addresses/${address}/utxos?count=100&page=1`]: () => [
      coin(0, '5000000'),
      coin(1, '90000000'),
      coin(2, '70000000', true),
    ],
    [`/addresses/${address}`]: () => ({ address, amount: [{ unit: 'lovelace', quantity: '165000000' }] }),
    '/epochs/latest/parameters': () => ({ min_fee_a: 44, min_fee_b: 155_381, coins_per_utxo_size: '4310' }),
    '/blocks/latest': () => ({ slot, height: 50, hash: 'cd'.repeat(32) }),
    '/genesis': () => ({ network_magic: 1 }),
  };
  const nodes: Nodes = {
    rpc: () => Promise.reject(new Error('no JSON-RPC')),
    get: async (path) => {
      const answer = pages[path]?.() ?? found.get(path.replace('/txs/', ''));
      if (answer === undefined) throw missing();
      return answer;
    },
    post: async (path, body, contentType) => {
      deepEqual([path, contentType], ['/tx/submit', 'application/cbor']);
      const fixed = csl.FixedTransaction.from_bytes(body);
      const witness = fixed.witness_set().vkeys().get(0);
      const hash = fixed.transaction_hash();
      if (!witness.vkey().public_key().verify(hash.to_bytes(), witness.signature()))
        throw new NodeError('E_NODE_REFUSED', 'InvalidWitnessesUTXOW', { status: 400 });
      if (found.has(hash.to_hex())) throw new NodeError('E_NODE_REFUSED', 'BadInputsUTxO', { status: 400 });
      found.set(hash.to_hex(), {
        hash: hash.to_hex(),
        block: 'ef'.repeat(32),
        block_height: 48,
        fees: fixed.body().fee().to_str(),
        valid_contract: true,
      });
      return hash.to_hex();
    },
    one: (talk) => talk(nodes),
    agreed: (talk) => talk(nodes),
  };
  const loaded = await loadClient('cardano');
  const client = loaded?.create({ nodes, network });
  if (client === undefined) throw new Error('no client for Cardano');
  const transfer = async (amount: string) => {
    const body = { kind: 'Native', to: address, amount };
    const completion = await client.complete({ key, network, purpose: 'transfer', body, address, pending: [] });
    const construction = construct({ key, network: network.name, body, completion });
    const signedData = sign(key, network.name, construction.body).assembled.signedData ?? '';
    return { construction, signedData, address, id: family('cardano').transactionId?.(signedData, network) ?? '' };
  };

  await loaded?.identify?.(nodes, network);
  await rejects(async () => loaded?.identify?.(nodes, networkOf('Cardano')), { code: 'E_NODE_ANSWER' });
  const sent = await transfer('2000000');
  deepEqual(sent.construction.exclusion, { kind: 'inputs', inputs: [`${'55'.repeat(32)}:0`] });
  deepEqual(await client.state(sent), { state: 'unknown' });
  await client.broadcast(sent.signedData);
  await client.broadcast(sent.signedData);
  deepEqual(await client.state(sent), {
    state: 'included',
    height: 48,
    block: 'ef'.repeat(32),
    confirmations: 2,
    success: true,
    fee: String(sent.construction.feeMax),
  });
  const late = await transfer('80000000');
  const bytes = unhex(late.signedData);
  bytes[bytes.length - 10] = (bytes.at(-10) ?? 0) ^ 1;
  await rejects(client.broadcast(hex(bytes)), { code: 'E_NODE_REFUSED' });
  slot += 8_000;
  deepEqual(await client.state(late), { state: 'dropped', reason: 'its time has passed' });
  equal(await client.nativeBalance(address), '165000000');
  equal(await client.nativeBalance(sdkAddress(localKey('EdDSA', 'ed25519', Buffer.alloc(32, 1)), network.name)), '0');
  // What is held beside tokens is not spent.
  await rejects(transfer('95000000'), { code: 'E_FUNDS', message: /balance 95000000 is less than amount 95000000/ });
});
