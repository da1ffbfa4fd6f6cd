/** The client of Bitcoin's relatives, and what the family signs, against Litecoin Core on regtest. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { construct, type LocalKey, localKey, sign } from '@holdfast/chains/conformance';
import { addressOf, family, loadFamily, type Network } from '@holdfast/chains/families';
import { scriptOfAddress } from '@holdfast/chains/families/bitcoin';
import { network as networkOf } from '@holdfast/chains/networks';
import { createHttp, createNodes, loadClient, NodeError, type Nodes } from '@holdfast/chains/rpc';
import type { BitcoinClient, BitcoinCompletion } from '@holdfast/chains/rpc/bitcoin';
import { oracle } from '../oracles.ts';
import { type Litecoind, withoutLitecoind as skip, startLitecoind } from './litecoind.ts';

const network: Network = networkOf('LitecoinTestnet');
const ecdsa = localKey('ECDSA', 'secp256k1', Buffer.alloc(32, 0x21));
const schnorr = localKey('Schnorr', 'secp256k1', Buffer.alloc(32, 0x22));
const nobody = 'raw(00142222222222222222222222222222222222222222)';
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

let node: Litecoind;
let nodes: Nodes;
let client: BitcoinClient;
const addresses = new Map<LocalKey, string>();
const addressFor = (key: LocalKey) => addresses.get(key) ?? '';
const scriptOf = (key: LocalKey) => hex(scriptOfAddress(addressFor(key), network.name));

before(async () => {
  if (skip) return;
  await loadFamily('bitcoin');
  for (const key of [ecdsa, schnorr]) addresses.set(key, addressOf(network.name, key) ?? '');
  node = await startLitecoind();
  const bitcoin = await loadClient('bitcoin');
  const setTimer = (ms: number, fn: () => void) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  };
  nodes = createNodes({
    network: network.name,
    urls: [node.url],
    http: createHttp({ fetch, setTimer }),
    env: { now: Date.now },
    identify: async (one) => bitcoin?.identify?.(one, network),
  });
  client = bitcoin?.create({ nodes, network }) as BitcoinClient;
  // Three coins of 50 each, old enough to spend.
  for (const key of [ecdsa, schnorr]) await node.rpc('generatetodescriptor', [3, `raw(${scriptOf(key)})`]);
  await mine(100);
});
after(() => node?.stop());

const mine = (blocks = 1) => node.rpc<string[]>('generatetodescriptor', [blocks, nobody]);

/** What the api and the signers do together, with a local key. */
async function transfer(key: LocalKey, to: string, amount: bigint, priority?: string) {
  const body = { kind: 'Native', to, amount: String(amount), ...(priority === undefined ? {} : { priority }) };
  const order = { key, network, purpose: 'transfer' as const, body, address: addressFor(key), pending: [] };
  const completion = (await client.complete(order)) as BitcoinCompletion;
  return { body, completion, ...signedOf(key, body, completion) };
}

function signedOf(key: LocalKey, body: Record<string, string>, completion: BitcoinCompletion) {
  const construction = construct({ key, network: network.name, body, completion });
  const signedData = sign(key, network.name, construction.body).assembled.signedData ?? '';
  return { construction, signedData, id: family('bitcoin').transactionId?.(signedData, network) ?? '' };
}

const followed = ({ id, signedData }: { id: string; signedData: string }) =>
  client.state({ id, signedData, address: '' });

for (const [name, key, other] of [
  ['SegWit', ecdsa, schnorr],
  ['Taproot', schnorr, ecdsa],
] as const)
  test(`${name}: a transfer of several coins is mined, and followed from the pool to its depth`, { skip }, async () => {
    const before = BigInt(await client.nativeBalance(addressFor(key)));
    const made = await transfer(key, addressFor(other), 11_000_000_000n);
    ok(made.completion.inputs.length > 1);
    deepEqual(await followed(made), { state: 'unknown' });

    await client.broadcast(made.signedData);
    await client.broadcast(made.signedData);
    deepEqual(await followed(made), { state: 'pending' });
    const [block] = await mine(2);

    const state = await followed(made);
    const { height } = await client.head();
    deepEqual(state, {
      state: 'included',
      height: height - 1,
      block,
      confirmations: 1,
      success: true,
      fee: String(made.construction.feeMax),
    });
    equal(
      BigInt(await client.nativeBalance(addressFor(key))),
      before - 11_000_000_000n - (made.construction.feeMax ?? 0n),
    );
  });

test('a payment waiting in the pool is replaced by one of the same coins at a higher fee, and only that one counts', {
  skip,
}, async () => {
  const first = await transfer(ecdsa, addressFor(schnorr), 1_000_000n, 'Slow');
  await client.broadcast(first.signedData);
  const faster = signedOf(ecdsa, first.body, await client.bump(first.completion));
  ok((faster.construction.feeMax ?? 0n) > (first.construction.feeMax ?? 0n));
  deepEqual(faster.construction.exclusion, first.construction.exclusion);

  await client.broadcast(faster.signedData);
  await mine();

  equal((await followed(faster)).state, 'included');
  deepEqual((await followed(first)).state, 'dropped');
});

test('coins that another order holds are left alone, and a wallet that cannot pay is refused', { skip }, async () => {
  const body = { kind: 'Native', to: addressFor(schnorr), amount: '1000000' };
  const order = { key: ecdsa, network, purpose: 'transfer' as const, body, address: addressFor(ecdsa) };
  const { inputs } = (await client.complete({ ...order, pending: [] })) as BitcoinCompletion;
  const held = { kind: 'inputs', inputs: inputs.map((each) => `${each.txid}:${each.vout}`) } as const;

  const next = (await client.complete({ ...order, pending: [held] })) as BitcoinCompletion;

  for (const each of next.inputs) ok(!held.inputs.includes(`${each.txid}:${each.vout}`));
  await rejects(client.complete({ ...order, body: { ...body, amount: '900000000000' }, pending: [] }), {
    code: 'E_FUNDS',
    message: /balance [0-9]+ is less than amount 900000000000 plus fee/,
  });
});

test('a reorganisation takes a payment back to the pool', { skip }, async () => {
  const made = await transfer(schnorr, addressFor(ecdsa), 5_000_000n);
  await client.broadcast(made.signedData);
  const [block] = await mine();
  equal((await followed(made)).state, 'included');

  await node.rpc('invalidateblock', [block]);
  equal((await followed(made)).state, 'pending');

  await node.rpc('reconsiderblock', [block]);
  equal((await followed(made)).state, 'included');
});

test('a PSBT of several inputs that bitcoinjs-lib built is signed, mined, and refused with one bit changed', {
  skip,
}, async () => {
  const bitcoin = await oracle('bitcoinjs-lib');
  const { default: imported, ...named } = await oracle('@bitcoinerlab/secp256k1');
  bitcoin.initEccLib(imported ?? named);
  for (const key of [ecdsa, schnorr]) {
    await node.rpc('generatetodescriptor', [2, `raw(${scriptOf(key)})`]);
    await mine(100);
    const scanned = await node.rpc<{ unspents: { txid: string; vout: number; amount: number; height: number }[] }>(
      'scantxoutset',
      ['start', [`raw(${scriptOf(key)})`]],
    );
    const coins = scanned.unspents.sort((a, b) => b.height - a.height).slice(0, 2);
    const psbt = new bitcoin.Psbt();
    const script = Buffer.from(scriptOf(key), 'hex');
    let total = 0n;
    for (const { txid, vout, amount } of coins) {
      const value = BigInt(Math.round(amount * 1e8));
      total += value;
      psbt.addInput({
        hash: txid,
        index: vout,
        witnessUtxo: { script, value },
        ...(key.scheme === 'Schnorr' ? { tapInternalKey: key.publicKey.subarray(1) } : {}),
      });
    }
    psbt.addOutput({ script, value: total - 10_000n });
    const { assembled } = sign(key, network.name, { kind: 'Psbt', psbt: psbt.toHex() });

    const back = bitcoin.Psbt.fromHex((assembled.signedData ?? '').slice(2));
    back.finalizeAllInputs();
    const raw: string = back.extractTransaction(true).toHex();
    const at = raw.length - 150;
    const flipped = raw.slice(0, at) + (Number.parseInt(raw[at] ?? '0', 16) ^ 1).toString(16) + raw.slice(at + 1);
    await rejects(node.rpc('sendrawtransaction', [flipped]), /mandatory-script-verify-flag-failed|non-mandatory/);
    await client.broadcast(assembled.signedData ?? '');
    await mine();
    equal(
      (
        await client.state({
          id: family('bitcoin').transactionId?.(assembled.signedData ?? '', network) ?? '',
          signedData: assembled.signedData ?? '',
          address: '',
        })
      ).state,
      'included',
    );
  }
});

test('coins of an address that a wallet of the node watches come from that wallet', { skip }, async () => {
  const watched = localKey('ECDSA', 'secp256k1', Buffer.alloc(32, 0x23));
  addresses.set(watched, addressOf(network.name, watched) ?? '');
  const script = scriptOf(watched);
  const { addresses: named = [] } = await node.rpc<{ addresses?: string[] }>('decodescript', [script]);
  await node.rpc('createwallet', ['watching', true, true]);
  await node.rpc('importaddress', [named[0], '', false]);
  await transfer(schnorr, addressFor(watched), 7_000_000n).then((made) => client.broadcast(made.signedData));
  await mine();

  equal(await client.nativeBalance(addressFor(watched)), '7000000');
  const sent = await transfer(watched, addressFor(schnorr), 1_000_000n);
  await client.broadcast(sent.signedData);
  equal((await followed(sent)).state, 'pending');
});

test('a node that is looking for the coins of another wallet is asked again later, and is no refusal', {
  skip,
}, async () => {
  const busy: Nodes = {
    ...nodes,
    one: (talk) => talk(busy),
    rpc: (method, params) =>
      method === 'scantxoutset'
        ? Promise.reject(
            new NodeError('E_NODE_REFUSED', 'node 1 refused scantxoutset: Scan already in progress, use action', {
              rpcCode: -8,
            }),
          )
        : nodes.rpc(method, params),
  };
  const asked = (await loadClient('bitcoin'))?.create({ nodes: busy, network });

  await rejects(async () => asked?.nativeBalance(addressFor(schnorr)), {
    code: 'E_NODE_UNREACHABLE',
    message: /looks for the coins of another wallet/,
  });
});

test('fees are asked for in the shape of the public API, and a node of another chain is refused', {
  skip,
}, async () => {
  const fees = await client.fees();
  equal(fees.kind, 'Bitcoin');
  deepEqual(fees.kind === 'Bitcoin' && [fees.slow.blockHorizon, fees.fast.blockHorizon], [24, 2]);
  ok(fees.kind === 'Bitcoin' && BigInt(fees.standard.feeRate) >= 1n);

  const bitcoin = await loadClient('bitcoin');
  await rejects(async () => bitcoin?.identify?.(nodes, networkOf('Bitcoin')), {
    code: 'E_NODE_ANSWER',
    message: /another chain/,
  });
});
