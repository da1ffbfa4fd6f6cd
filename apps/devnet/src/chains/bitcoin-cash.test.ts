/** Bitcoin Cash against libauth, whose virtual machine runs what was signed. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { conformance, construct, localKey, type Random, seededRandom, sign } from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/bitcoin-cash';
import { addressOf, loadFamily } from '@holdfast/chains/families';
import { finalOf } from '@holdfast/chains/families/bitcoin-cash';
import { network as networkOf } from '@holdfast/chains/networks';
import { loadClient, NodeError, type Nodes } from '@holdfast/chains/rpc';
import { oracle } from '../oracles.ts';

await loadFamily('bitcoin-cash');
const libauth = await oracle('@bitauth/libauth');
const bitcoin = await oracle('bitcoinjs-lib');
const vm = libauth.createVirtualMachineBCH(true);

const seed = process.env['HOLDFAST_SEED'] ?? 'bitcoin cash 1';
const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;
const unhex = (text: string | undefined) => Uint8Array.from(Buffer.from((text ?? '').replace(/^0x/, ''), 'hex'));
const key = localKey('ECDSA', 'secp256k1', Buffer.alloc(32, 0x31));
const prefixes: Record<string, string> = { BitcoinCash: 'bitcoincash', BitcoinCashTestnet: 'bchtest' };
const networks = Object.keys(prefixes);

const hash160 = (bytes: Uint8Array) =>
  createHash('ripemd160').update(createHash('sha256').update(bytes).digest()).digest();
const sdkAddress = (of: { publicKey: Uint8Array }, network: string): string =>
  libauth.encodeCashAddress({
    payload: Uint8Array.from(hash160(of.publicKey)),
    prefix: prefixes[network],
    type: 'p2pkh',
  }).address;
const scriptOf = (address: string): Uint8Array => libauth.cashAddressToLockingBytecode(address).bytecode;

function paying(script: Uint8Array, amount: bigint, index: number, salt: Uint8Array) {
  const transaction = new bitcoin.Transaction();
  transaction.version = 2;
  transaction.addInput(salt, 0);
  for (let n = 0; n <= index; n += 1)
    transaction.addOutput(n === index ? script : Buffer.from('6a', 'hex'), n === index ? amount : 0n);
  return transaction;
}

function psbt(o: { readonly sighash?: number; readonly foreign?: boolean; readonly lie?: boolean } = {}) {
  const built = new bitcoin.Psbt();
  const script = scriptOf(sdkAddress(o.foreign ? { publicKey: Buffer.alloc(33, 2) } : key, 'BitcoinCash'));
  for (const index of [0, 1]) {
    const previous = paying(script, 70_000n, index, Buffer.alloc(32, 5 + index));
    built.addInput({
      hash: previous.getId(),
      index,
      nonWitnessUtxo: previous.toBuffer(),
      ...(o.lie ? { witnessUtxo: { script, value: 69_999n } } : {}),
      ...(o.sighash === undefined ? {} : { sighashType: o.sighash }),
    });
  }
  built.addOutput({ script, value: 139_000n });
  return { kind: 'Psbt', psbt: hex(built.toBuffer()) };
}

/** The whole transaction on the SDK's machine, under the rules of nodes for relaying. */
function run(signedData: string | undefined, coins: readonly { script: Uint8Array; amount: bigint }[]) {
  const { id, bytes } = finalOf(unhex(signedData));
  const transaction = libauth.decodeTransaction(Uint8Array.from(bytes));
  const sourceOutputs = coins.map(({ script, amount }) => ({
    lockingBytecode: Uint8Array.from(script),
    valueSatoshis: amount,
  }));
  equal(vm.verify({ sourceOutputs, transaction }), true);
  // One satoshi changed in what the coins are said to be worth, and the digest is another one.
  const [first, ...rest] = sourceOutputs;
  const altered = [{ ...first, valueSatoshis: (first?.valueSatoshis ?? 0n) + 1n }, ...rest];
  ok(vm.verify({ sourceOutputs: altered, transaction }) !== true);
  equal(libauth.hashTransaction(Uint8Array.from(bytes)), id);
  return transaction;
}

function draw(random: Random) {
  const network = random.pick(networks);
  const own = localKey('ECDSA', 'secp256k1', random.bytes(32));
  const script = scriptOf(addressOf(network, own) ?? '');
  const values = Array.from({ length: 1 + random.int(3) }, () => random.amount(10n ** 14n, 5_000n));
  const inputs = values.map((value) => {
    const vout = random.int(3);
    const previous = paying(script, value, vout, random.bytes(32));
    return {
      txid: previous.getId() as string,
      vout: String(vout),
      value: String(value),
      previous: hex(previous.toBuffer()),
    };
  });
  const rate = 1_000 + random.int(3_000);
  const room = values.reduce((sum, each) => sum + each, 0n) - BigInt(rate * (values.length * 149 + 80)) / 1000n;
  if (room < 1_000n) return draw(random);
  const type = random.pick(['p2pkh', 'p2sh', 'p2shWithTokens', 'p2pkhWithTokens']);
  const bytes = type.startsWith('p2sh') ? random.pick([20, 32]) : 20;
  const to: string = libauth.encodeCashAddress({
    payload: Uint8Array.from(random.bytes(bytes)),
    prefix: prefixes[network],
    type,
  }).address;
  const amount = random.chance(5) ? room : random.amount(room, 1_000n);
  return {
    key: own,
    network,
    body: { kind: 'Native', to, amount: String(amount) },
    completion: { inputs, feeRate: String(rate) },
  };
}

const order = draw(seededRandom(`${seed} refused`));
const [firstInput = { txid: '', vout: '', value: '', previous: '' }] = order.completion.inputs;
const to = (address: string) => ({
  ...order,
  network: 'BitcoinCash',
  body: { ...order.body, to: address },
  code: 'E_BODY',
});

conformance({
  claims,
  seed,
  // The specification's own table of equal addresses, first and second row, is of hashes: tested below.
  addresses: [],
  sdkAddress,
  cases: [
    {
      name: 'Psbt of two inputs',
      network: 'BitcoinCash',
      key,
      body: psbt(),
      accepted: ({ assembled }) => {
        const script = scriptOf(sdkAddress(key, 'BitcoinCash'));
        run(
          assembled.signedData,
          [0, 1].map(() => ({ script, amount: 70_000n })),
        );
      },
      corrupt: 'psbt',
    },
  ],
  refusals: [
    {
      name: 'a PSBT with a sighash of Bitcoin',
      network: 'BitcoinCash',
      key,
      body: psbt({ sighash: 1 }),
      message: /sighash other than/,
    },
    {
      name: 'a PSBT of another wallet',
      network: 'BitcoinCash',
      key,
      body: psbt({ foreign: true }),
      message: /no input belongs/,
    },
    {
      name: 'a PSBT that lies about an amount',
      network: 'BitcoinCash',
      key,
      body: psbt({ lie: true }),
      message: /input 0 amount does not match its previous transaction/,
    },
    {
      name: 'a bare transaction, which does not say what it spends',
      network: 'BitcoinCash',
      key,
      body: { kind: 'Transaction', transaction: '0x00' },
      code: 'E_KIND',
    },
  ],
  transfers: [
    {
      kind: 'Native',
      cases: 200,
      draw,
      decoded({ key: own, network, order: body, completion, construction, assembled }) {
        const inputs = completion['inputs'] as typeof order.completion.inputs;
        const script = scriptOf(sdkAddress(own, network));
        const coins = inputs.map(({ value }) => ({ script, amount: BigInt(value) }));
        const transaction = run(assembled.signedData, coins);
        const [paid, change, ...more] = transaction.outputs;
        deepEqual(Buffer.from(paid.lockingBytecode), Buffer.from(scriptOf(String(body['to']))));
        equal(paid.valueSatoshis, BigInt(String(body['amount'])));
        deepEqual(more, []);
        if (change !== undefined) deepEqual(Buffer.from(change.lockingBytecode), Buffer.from(script));
        const fee =
          coins.reduce((sum, each) => sum + each.amount, 0n) - paid.valueSatoshis - (change?.valueSatoshis ?? 0n);
        equal(construction.feeMax, fee);
        const size = BigInt(finalOf(unhex(assembled.signedData)).bytes.length);
        ok(fee * 1000n >= size * BigInt(String(completion['feeRate'])));
        deepEqual(
          transaction.inputs.map((each: { outpointTransactionHash: Uint8Array; outpointIndex: number }) => [
            Buffer.from(each.outpointTransactionHash).toString('hex'),
            each.outpointIndex,
          ]),
          inputs.map((each) => [each.txid, Number(each.vout)]),
        );
      },
    },
  ],
  refusedOrders: [
    { ...to('bchtest:qpm2qsznhks23z7629mms6s4cwef74vcwvqcw003ap'), name: 'to an address of another network' },
    {
      ...to('bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6c'),
      name: '[bad-input 113] to an address with a wrong letter',
      message: /checksum/,
    },
    { ...to('1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu'), name: 'to an old base58 address' },
    { ...to('BITCOINCASH:QPM2QSZNHKS23Z7629MMS6S4CWEF74VCWVY22GDX6A'), name: 'to an address in upper case' },
    { ...order, name: 'of dust', body: { ...order.body, amount: '300' }, code: 'E_BODY', message: /dust/ },
    {
      ...order,
      name: '[bad-input 137] at a fee rate above the cap',
      completion: { ...order.completion, feeRate: '100001' },
      code: 'E_FEE',
    },
    {
      ...order,
      name: 'with a coin said to be worth less than it is',
      completion: { ...order.completion, inputs: [{ ...firstInput, value: String(BigInt(firstInput.value) - 1n) }] },
      code: 'E_COMPLETION',
      message: /value does not match/,
    },
    {
      ...order,
      name: 'without the previous transaction',
      completion: {
        ...order.completion,
        inputs: [{ txid: firstInput.txid, vout: firstInput.vout, value: firstInput.value }],
      },
      code: 'E_COMPLETION',
    },
  ],
});

test("bitcoin-cash: the specification's examples of CashAddr are paid to as their base58 forms are", () => {
  // bitcoincash.org/spec/cashaddr.html, "Examples of address translation".
  for (const [base58, cash] of [
    ['1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu', 'bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a'],
    ['1KXrWXciRDZUpQwQmuM1DbwsKDLYAYsVLR', 'bitcoincash:qr95sy3j9xwd2ap32xkykttr4cvcu7as4y0qverfuy'],
    ['3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC', 'bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq'],
  ]) {
    const drawn = { ...order, network: 'BitcoinCash', body: { ...order.body, to: cash } };
    const script = bitcoin.address.toOutputScript(base58);
    ok(String(construct(drawn).body['psbt']).includes(Buffer.from(script).toString('hex')), cash);
  }
});

test("bitcoin-cash: the client asks a node as Bitcoin's does, and the node takes what was signed", async () => {
  const network = networkOf('BitcoinCash');
  const address = sdkAddress(key, 'BitcoinCash');
  const script = scriptOf(address);
  const previous = paying(script, 50_000n, 1, Buffer.alloc(32, 9));
  const pool = new Map<string, string>();
  const answers: Record<string, (...params: readonly never[]) => unknown> = {
    decodescript: () => ({ addresses: [address] }),
    getaddressinfo: () => ({ iswatchonly: false, ismine: false }),
    validateaddress: () => ({ isvalid: true }),
    scantxoutset: () => ({
      unspents: [
        { txid: previous.getId(), vout: 1, scriptPubKey: Buffer.from(script).toString('hex'), amount: 0.0005 },
      ],
    }),
    gettxout: () => ({ confirmations: 3, coinbase: false }),
    getmempoolinfo: () => ({ mempoolminfee: 0.00001 }),
    getnetworkinfo: () => ({ relayfee: 0.00001 }),
    getblockcount: () => 900_000,
    getblockhash: (height: number) =>
      height === 478_559 ? '000000000000000000651ef99cb9fcbe0dadde1d424bd9f15ff20136191a5eec' : '',
    getrawtransaction: (id: string, verbose: boolean) => {
      if (id === previous.getId()) return previous.toHex();
      const raw = pool.get(id);
      if (raw === undefined)
        throw new NodeError('E_NODE_REFUSED', 'No such mempool or blockchain transaction', { rpcCode: -5 });
      return verbose ? { txid: id, hex: raw } : raw;
    },
    sendrawtransaction: (raw: string) => {
      const bytes = unhex(raw);
      const transaction = libauth.decodeTransaction(bytes);
      const sourceOutputs = [{ lockingBytecode: Uint8Array.from(script), valueSatoshis: 50_000n }];
      const verdict = vm.verify({ sourceOutputs, transaction });
      if (verdict !== true) throw new NodeError('E_NODE_REFUSED', String(verdict), { rpcCode: -26 });
      const id: string = libauth.hashTransaction(bytes);
      pool.set(id, raw);
      return id;
    },
  };
  const nodes: Nodes = {
    rpc: async (method, params) => {
      const answer = answers[method];
      if (answer === undefined) throw new NodeError('E_NODE_REFUSED', 'Method not found', { rpcCode: -32601 });
      return answer(...(params as never[]));
    },
    get: () => Promise.reject(new Error('no REST')),
    post: () => Promise.reject(new Error('no REST')),
    one: (talk) => talk(nodes),
    agreed: (talk) => talk(nodes),
  };
  const loaded = await loadClient('bitcoin-cash');
  const client = loaded?.create({ nodes, network }) ?? Promise.reject(new Error('no client'));
  if (client instanceof Promise) return client;
  const body = { kind: 'Native', to: address, amount: '20000' };

  await loaded?.identify?.(nodes, network);
  await rejects(async () => loaded?.identify?.(nodes, networkOf('BitcoinCashTestnet')), { code: 'E_NODE_ANSWER' });
  equal(await client.nativeBalance(address), '50000');
  const completion = await client.complete({ key, network, purpose: 'transfer', body, address, pending: [] });
  const { body: signable } = construct({ key, network: network.name, body, completion });
  const signedData = sign(key, network.name, signable).assembled.signedData ?? '';
  await client.broadcast(signedData);

  deepEqual(await client.state({ id: finalOf(unhex(signedData)).id, signedData, address }), { state: 'pending' });
  equal(pool.size, 1);
});
