/** Kaspa against the project's own JavaScript library, and the published vectors of its node. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Constructed, conformance, construct, localKey, type Random, sign } from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/kaspa';
import { addressOf, loadFamily, planSignature } from '@holdfast/chains/families';
import { digestOf, idOf } from '@holdfast/chains/families/kaspa';
import { network as networkOf } from '@holdfast/chains/networks';
import { loadClient, NodeError, type Nodes } from '@holdfast/chains/rpc';
import { oracle } from '../oracles.ts';

await loadFamily('kaspa');
const core = (await oracle('@kaspa/core-lib')).default;
await core.initRuntime();
const { default: imported, ...named } = await oracle('@bitcoinerlab/secp256k1');
const ecc = imported ?? named;

const seed = process.env['HOLDFAST_SEED'] ?? 'kaspa 1';
const networks = ['Kaspa', 'KaspaTestnet11'];
const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;
const schnorr = localKey('Schnorr', 'secp256k1', Buffer.alloc(32, 0x11));
const ecdsa = localKey('ECDSA', 'secp256k1', Buffer.alloc(32, 0x12));
type Json = Record<string, never> & {
  id: string;
  inputs: {
    transactionId: string;
    index: number;
    sequence: string;
    signatureScript: string;
    utxo: { amount: string; scriptPublicKey: string };
  }[];
  outputs: { value: string; scriptPublicKey: string }[];
};

function transaction(of: typeof schnorr, changes: Record<string, unknown> = {}) {
  const own = scriptOf(of);
  return {
    version: 0,
    inputs: [0, 1].map((index) => ({
      transactionId: '88'.repeat(32),
      index,
      sequence: '0',
      sigOpCount: 1,
      signatureScript: '',
      utxo: { amount: '500000000', scriptPublicKey: own },
    })),
    outputs: [{ value: '999990000', scriptPublicKey: own }],
    lockTime: '0',
    gas: '0',
    subnetworkId: '00'.repeat(20),
    payload: '',
    ...changes,
  };
}
const inHex = (value: unknown) => ({ kind: 'Transaction', transaction: hex(Buffer.from(JSON.stringify(value))) });
function scriptOf(of: typeof schnorr): string {
  return of.scheme === 'Schnorr'
    ? `000020${Buffer.from(of.publicKey.subarray(1)).toString('hex')}ac`
    : `000021${Buffer.from(of.publicKey).toString('hex')}ab`;
}

/** The library's digest of each input, over a transaction that it built itself from the members. */
function sdkDigest(json: Json, index: number): Buffer {
  const built = new core.Transaction();
  const { Input, Output } = core.Transaction;
  const script = (text: string) => new core.Script(Buffer.from(text.slice(4), 'hex'));
  for (const each of json.inputs)
    built.inputs.push(
      new Input({
        prevTxId: each.transactionId,
        outputIndex: each.index,
        sequenceNumber: Number(each.sequence),
        script: '',
        output: new Output({ script: script(each.utxo.scriptPublicKey), satoshis: Number(each.utxo.amount) }),
      }),
    );
  for (const each of json.outputs)
    built.outputs.push(new Output({ script: script(each.scriptPublicKey), satoshis: Number(each.value) }));
  built.nLockTime = 0;
  built.version = 0;
  const { output } = built.inputs[index];
  return Buffer.from(
    core.Transaction.Sighash.sighash(built, 1, index, output.script, output.satoshisBN, undefined, {}),
  );
}

const sha256 = (await import('node:crypto')).createHash;

function accepted({ assembled, key }: ReturnType<typeof sign>): Json {
  const json: Json = JSON.parse(Buffer.from((assembled.signedData ?? '').slice(2), 'hex').toString());
  for (const [index, input] of json.inputs.entries()) {
    const script = Buffer.from(input.signatureScript, 'hex');
    deepEqual([script.length, script[0], script.at(-1)], [66, 0x41, 1]);
    const digest = sdkDigest(json, index);
    if (key.scheme === 'Schnorr') {
      ok(ecc.verifySchnorr(digest, key.publicKey.subarray(1), script.subarray(1, 65)));
      continue;
    }
    const domain = sha256('sha256').update('TransactionSigningHashECDSA').digest();
    ok(
      ecc.verify(sha256('sha256').update(domain).update(digest).digest(), key.publicKey, script.subarray(1, 65), true),
    );
  }
  return json;
}

function draw(random: Random) {
  const network = random.pick(networks);
  const of = localKey(random.chance(2) ? 'ECDSA' : 'Schnorr', 'secp256k1', random.bytes(32));
  // The library's numbers are doubles.
  const values = Array.from({ length: 1 + random.int(3) }, () => 100_000_000n + random.amount(1n << 50n));
  const total = values.reduce((sum, each) => sum + each, 0n);
  const other = localKey(random.chance(2) ? 'ECDSA' : 'Schnorr', 'secp256k1', random.bytes(32));
  return {
    key: of,
    network,
    body: {
      kind: 'Native',
      to: addressOf(network, other) ?? '',
      amount: String(50_000_000n + random.amount(total - 60_000_000n)),
    },
    completion: {
      inputs: values.map((value) => ({
        transactionId: Buffer.from(random.bytes(32)).toString('hex'),
        index: String(random.int(4)),
        value: String(value),
      })),
      feeRate: String(1 + random.int(100)),
    },
    recipient: scriptOf(other),
  };
}

const order = {
  key: schnorr,
  network: 'Kaspa',
  body: { kind: 'Native', to: addressOf('Kaspa', ecdsa) ?? '', amount: '100000000' },
  completion: { inputs: [{ transactionId: '77'.repeat(32), index: '0', value: '500000000' }], feeRate: '1' },
};

conformance({
  claims,
  seed,
  // rusty-kaspa crypto/addresses/src/lib.rs, tests (ISC).
  addresses: [
    {
      network: 'Kaspa',
      scheme: 'Schnorr',
      curve: 'secp256k1',
      publicKey: `02${'00'.repeat(32)}`,
      address: 'kaspa:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqkx9awp4e',
    },
    {
      network: 'Kaspa',
      scheme: 'Schnorr',
      curve: 'secp256k1',
      publicKey: '025fff3c4da18f45adcdd499e44611e9fff148ba69db3c4ea2ddd955fc46a59522',
      address: 'kaspa:qp0l70zd5x85ttwd6jv7g3s3a8llzj96d8dncn4zmhv4tlzx5k2jyqh70xmfj',
    },
    {
      network: 'KaspaTestnet11',
      scheme: 'ECDSA',
      curve: 'secp256k1',
      publicKey: 'ba01fc5f4e9d9879599c69a3dafdb835a7255e5f2e934e9322ecd3af190ab0f60e',
      address: 'kaspatest:qxaqrlzlf6wes72en3568khahq66wf27tuhfxn5nytkd8tcep2c0vrse6gdmpks',
    },
  ],
  cases: [schnorr, ecdsa].flatMap((of) => [
    {
      name: 'Transaction in hex',
      network: 'Kaspa',
      key: of,
      body: inHex(transaction(of)),
      accepted: (signed) => void accepted(signed),
      corrupt: 'transaction',
    },
    {
      name: 'Transaction as an object',
      network: 'Kaspa',
      key: of,
      body: { kind: 'Transaction', transaction: transaction(of) },
      accepted: (signed) => void accepted(signed),
    },
  ]),
  refusals: [
    {
      name: 'a transaction of another wallet',
      network: 'Kaspa',
      key: ecdsa,
      body: inHex(transaction(schnorr)),
      message: /no input belongs/,
    },
    {
      name: 'a transaction with a payload',
      network: 'Kaspa',
      key: schnorr,
      body: inHex(transaction(schnorr, { payload: '00' })),
      message: /no payload/,
    },
    {
      name: 'a transaction of another version',
      network: 'Kaspa',
      key: schnorr,
      body: inHex(transaction(schnorr, { version: 1 })),
      message: /version 0/,
    },
    {
      name: 'a transaction with the id of another',
      network: 'Kaspa',
      key: schnorr,
      body: inHex(transaction(schnorr, { id: '00'.repeat(32) })),
      message: /id of another/,
    },
    {
      name: 'a transaction that pays more than it spends',
      network: 'Kaspa',
      key: schnorr,
      body: inHex(transaction(schnorr, { outputs: [{ value: '1000000001', scriptPublicKey: scriptOf(schnorr) }] })),
      message: /more than it spends/,
    },
    {
      name: 'a transaction with an input twice',
      network: 'Kaspa',
      key: schnorr,
      body: inHex(transaction(schnorr, { inputs: [transaction(schnorr).inputs[0], transaction(schnorr).inputs[0]] })),
      message: /twice/,
    },
  ],
  transfers: [
    {
      kind: 'Native',
      cases: 200,
      draw,
      decoded(made: Constructed) {
        const json = accepted(made);
        const { recipient, completion } = made as unknown as ReturnType<typeof draw>;
        const [paid, change, ...more] = json.outputs;
        deepEqual(paid, { value: made.order['amount'], scriptPublicKey: recipient });
        deepEqual(more, []);
        if (change !== undefined) equal(change.scriptPublicKey, scriptOf(made.key));
        deepEqual(
          json.inputs.map((each) => [each.transactionId, String(each.index), each.utxo.amount]),
          completion.inputs.map((each) => [each.transactionId, each.index, each.value]),
        );
        const total = completion.inputs.reduce((sum, each) => sum + BigInt(each.value), 0n);
        const fee = json.outputs.reduce((rest, each) => rest - BigInt(each.value), total);
        equal(made.construction.feeMax, fee);
        // Computing it alone weighs at least this: a byte a gram, a thousand for each signature.
        ok(fee >= BigInt(completion.feeRate) * BigInt(1_000 * json.inputs.length + 300));
        equal(made.construction.exclusion.kind, completion.inputs.length === 1 ? 'inputs' : 'digest');
      },
    },
  ],
  refusedOrders: [
    {
      ...order,
      name: 'to a testnet address',
      body: { ...order.body, to: addressOf('KaspaTestnet11', ecdsa) ?? '' },
      code: 'E_BODY',
    },
    {
      ...order,
      name: '[bad-input 113] to an address with a wrong letter',
      body: { ...order.body, to: 'kaspa:qp0l70zd5x85ttwd6jv7g3s3a8llzj96d8dncn4zmhv4tlzx5k2jyqh70xmfq' },
      code: 'E_BODY',
      message: /checksum/,
    },
    {
      ...order,
      name: 'to an address without its prefix',
      body: { ...order.body, to: order.body.to.slice(6) },
      code: 'E_BODY',
    },
    {
      ...order,
      name: 'of less than the chain stores',
      body: { ...order.body, amount: '1000' },
      code: 'E_BODY',
      message: /KIP-9/,
    },
    {
      ...order,
      name: 'of more than the inputs are worth',
      body: { ...order.body, amount: '500000001' },
      code: 'E_COMPLETION',
    },
    {
      ...order,
      name: '[bad-input 137] at a fee rate above the cap',
      completion: { ...order.completion, feeRate: '10001' },
      code: 'E_FEE',
    },
    {
      ...order,
      name: 'with the same coin twice',
      completion: { ...order.completion, inputs: [order.completion.inputs[0], order.completion.inputs[0]] },
      code: 'E_COMPLETION',
      message: /twice/,
    },
  ],
});

test('kaspa: the library reads the addresses of Schnorr keys', () => {
  for (const network of networks) {
    const address = core.Address.fromString(addressOf(network, schnorr));
    equal(Buffer.from(address.hashBuffer).toString('hex'), Buffer.from(schnorr.publicKey.subarray(1)).toString('hex'));
  }
});

const vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/chains/kaspa/sighash.json', import.meta.url), 'utf8'),
);

test('kaspa: digests and ids are the published ones', () => {
  const output = ({ amount, script }: { amount: number; script: string }) => ({
    amount: BigInt(amount),
    script: Buffer.from(script, 'hex'),
  });
  for (const { name, hash, change } of vectors.digests) {
    const inputs = vectors.inputs.map((each: Record<string, never>, index: number) => ({
      transactionId: vectors.previous,
      index,
      sequence: BigInt(each['sequence'] ?? 0),
      sigOpCount: 0,
      spent: output(each as never),
      ...(change?.input === index
        ? change.index === undefined
          ? { sequence: BigInt(change.sequence) }
          : { index: change.index }
        : {}),
    }));
    const outputs = vectors.outputs.map((each: never, index: number) => ({
      ...output(each),
      ...(change?.output === index ? { amount: BigInt(change.amount) } : {}),
    }));
    equal(
      Buffer.from(digestOf({ inputs, outputs, lockTime: BigInt(vectors.lockTime) }, 0)).toString('hex'),
      hash,
      name,
    );
  }
  equal(idOf({ inputs: [], outputs: [], lockTime: 0n }), vectors.emptyId);
});

test('kaspa: a digest changes with each member that the signature must commit to', () => {
  const [first] = planSignature({ key: schnorr, network: 'Kaspa', body: inHex(transaction(schnorr)) }).items;
  for (const changed of [
    { lockTime: '1' },
    { outputs: [{ value: '999990001', scriptPublicKey: scriptOf(schnorr) }] },
  ]) {
    const [other] = planSignature({ key: schnorr, network: 'Kaspa', body: inHex(transaction(schnorr, changed)) }).items;
    ok(JSON.stringify(other) !== JSON.stringify(first));
  }
});

test('kaspa: the client asks a REST server, which takes what the library finds signed', async () => {
  const network = networkOf('Kaspa');
  const address = addressOf('Kaspa', schnorr) ?? '';
  const coin = (index: number, amount: string, young = false) => ({
    address,
    outpoint: { transactionId: '66'.repeat(32), index },
    utxoEntry: {
      amount,
      scriptPublicKey: { scriptPublicKey: scriptOf(schnorr).slice(4) },
      blockDaaScore: young ? '5000000' : '1',
      isCoinbase: young,
    },
  });
  const coins = [coin(0, '300000000'), coin(1, '90071992547409931'), coin(2, '100000000000', true)];
  const pool = new Map<string, boolean>();
  const pages: Record<string, () => unknown> = {
    [`/addresses/${address}/utxos`]: () => coins,
    [`/addresses/${address}/balance`]: () => ({ address, balance: '90071992847409931' }),
    '/info/blockdag': () => ({ networkName: 'kaspa-mainnet', virtualDaaScore: '5000100' }),
    '/info/fee-estimate': () => ({ normalBuckets: [{ feerate: 1.5, estimatedSeconds: 1 }] }),
    '/info/virtual-chain-blue-score': () => ({ blueScore: 1_030 }),
  };
  let posted = '';
  const nodes: Nodes = {
    rpc: () => Promise.reject(new Error('no JSON-RPC')),
    get: async (path) => {
      const page = pages[path];
      if (page !== undefined) return page();
      const id = /^\/transactions\/([0-9a-f]{64})\?/.exec(path)?.[1] ?? '';
      if (!pool.has(id)) throw new NodeError('E_NODE_REFUSED', 'not found', { status: 404 });
      return {
        transaction_id: id,
        is_accepted: pool.get(id),
        accepting_block_blue_score: 1_000,
        accepting_block_hash: 'ab'.repeat(32),
      };
    },
    post: async (path, body) => {
      equal(path, '/transactions');
      posted = String(body);
      const { transaction: given } = JSON.parse(posted);
      const json = {
        inputs: given.inputs.map(
          (each: {
            previousOutpoint: { transactionId: string; index: number };
            sequence: number;
            signatureScript: string;
          }) => ({
            ...each.previousOutpoint,
            sequence: String(each.sequence),
            signatureScript: each.signatureScript,
            utxo: { amount: coins[each.previousOutpoint.index]?.utxoEntry.amount, scriptPublicKey: scriptOf(schnorr) },
          }),
        ),
        outputs: given.outputs.map((each: { amount: number; scriptPublicKey: { scriptPublicKey: string } }) => ({
          value: String(each.amount),
          scriptPublicKey: `0000${each.scriptPublicKey.scriptPublicKey}`,
        })),
      } as unknown as Json;
      for (const [index, input] of json.inputs.entries()) {
        const signature = Buffer.from(input.signatureScript, 'hex').subarray(1, 65);
        if (!ecc.verifySchnorr(sdkDigest(json, index), schnorr.publicKey.subarray(1), signature))
          throw new NodeError('E_NODE_REFUSED', 'Rejected transaction: false stack entry', { status: 400 });
      }
      pool.set(signedId, false);
      return { transactionId: signedId };
    },
    one: (talk) => talk(nodes),
    agreed: (talk) => talk(nodes),
  };
  const loaded = await loadClient('kaspa');
  const client = loaded?.create({ nodes, network });
  if (client === undefined) throw new Error('no client for Kaspa');
  const body = { kind: 'Native', to: addressOf('Kaspa', ecdsa) ?? '', amount: '100000000' };
  const ask = (changes: Record<string, unknown> = {}) =>
    client.complete({
      key: schnorr,
      network,
      purpose: 'transfer',
      body: { ...body, ...changes },
      address,
      pending: [],
    });

  await loaded?.identify?.(nodes, network);
  await rejects(async () => loaded?.identify?.(nodes, networkOf('KaspaTestnet11')), { code: 'E_NODE_ANSWER' });
  const completion = await ask();
  deepEqual(completion, { inputs: [{ transactionId: '66'.repeat(32), index: '0', value: '300000000' }], feeRate: '2' });
  const { body: signable } = construct({ key: schnorr, network: 'Kaspa', body, completion });
  const signedData = sign(schnorr, 'Kaspa', signable).assembled.signedData ?? '';
  const signedId: string = JSON.parse(Buffer.from(signedData.slice(2), 'hex').toString()).id;
  const followed = { id: signedId, signedData, address };
  deepEqual(await client.state(followed), { state: 'unknown' });
  const altered = `${signedData.slice(0, 2)}${Buffer.from(Buffer.from(signedData.slice(2), 'hex').toString().replace('"value":"100000000"', '"value":"100000001"')).toString('hex')}`;
  await rejects(client.broadcast(altered), { code: 'E_NODE_REFUSED' });

  await client.broadcast(signedData);

  deepEqual(await client.state(followed), { state: 'pending' });
  pool.set(signedId, true);
  deepEqual(await client.state(followed), {
    state: 'included',
    height: 1_000,
    block: 'ab'.repeat(32),
    confirmations: 30,
    success: true,
  });
  equal(await client.nativeBalance(address), '90071992847409931');
  await rejects(ask({ amount: '90071992947409931' }), { code: 'E_FUNDS', message: /balance 90071992847409931/ });
  const large = await ask({ amount: '90071992547000000' });
  const largeBody = construct({
    key: schnorr,
    network: 'Kaspa',
    body: { ...body, amount: '90071992547000000' },
    completion: large,
  }).body;
  await client.broadcast(sign(schnorr, 'Kaspa', largeBody).assembled.signedData ?? '').catch(() => undefined);
  ok(posted.includes('"amount":90071992547000000,'), 'numbers beyond 2^53 are written whole');
});
