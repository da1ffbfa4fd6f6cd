/**
 * The clients of chains that have no node here, each against a fake of one (nodes/fakes.ts) that takes only what the
 * chain's own SDK decodes and verifies.
 */
import { equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { construct, sign, signItem } from '@holdfast/chains/conformance';
import {
  addressOf,
  assembleSignature,
  type Body,
  type Completion,
  type Exclusion,
  family,
  loadFamily,
  planSignature,
} from '@holdfast/chains/families';
import { network as findNetwork } from '@holdfast/chains/networks';
import { type ChainClient, createNodes, type Http, loadClient } from '@holdfast/chains/rpc';
import { type Chain, fakes, Ledger, type Node, otherKey, starknet } from '../nodes/fakes.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of nodes and the oracles' types.
type Any = any;

function journey(chain: Chain): void {
  const { name, network, key, node, amount } = chain;
  const target = findNetwork(network);
  const stranger = otherKey(chain, 0x5a);

  const start = async (answer: Node = node) => {
    await loadFamily(name);
    const loaded = await loadClient(name);
    if (loaded === undefined) throw new Error(`${name} has no client`);
    const ledger = new Ledger();
    const http: Http = async ({ method, url, body }) => {
      const { pathname, searchParams } = new URL(url);
      const bytes = Buffer.from(body ?? '');
      const { status = 200, json } = await answer(ledger, {
        method,
        path: decodeURIComponent(pathname),
        query: searchParams,
        headers: {},
        bytes,
        json: () => JSON.parse(bytes.toString()),
      });
      return { status, body: Buffer.from(JSON.stringify(json)) };
    };
    const { identify } = loaded;
    const nodes = createNodes({
      network,
      urls: ['http://node.test'],
      http,
      env: { now: () => 0 },
      ...(identify === undefined ? {} : { identify: (one) => identify(one, target) }),
    });
    const own = addressOf(network, key) ?? '';
    const to = addressOf(network, stranger) ?? '';
    ledger.balances.set(own, chain.rich);
    ledger.sequences.set(own, chain.first);
    return { ledger, client: loaded.create({ nodes, network: target }), own, to };
  };

  const order = (client: ChainClient, own: string, body: Body, pending: readonly Exclusion[] = []) =>
    client.complete({ key, network: target, purpose: 'transfer', body, address: own, pending });
  const signed = (body: Body, completion: Completion) => {
    const construction = construct({ key, network, body, completion });
    const signedData = sign(key, network, construction.body).assembled.signedData ?? '';
    return { signedData, id: family(name).transactionId?.(signedData, target) ?? '', construction };
  };

  test(`${name}: completes, hands in, follows and counts a payment`, async () => {
    const { ledger, client, own, to } = await start();
    const body = { kind: 'Native', to, amount: String(amount) };

    const completion = await order(client, own, body);
    const { signedData, id, construction } = signed(body, completion);
    await client.broadcast(signedData);
    await client.broadcast(signedData);
    const before = await client.state({ id, signedData, address: own });
    ledger.mine();
    const after = await client.state({ id, signedData, address: own });

    ok(['pending', 'unknown'].includes(before.state), before.state);
    equal(after.state, 'included');
    if (after.state !== 'included') return;
    equal(after.success, true);
    equal(after.height, ledger.height);
    equal(await client.nativeBalance(to), String(amount));
    const fee = BigInt(after.fee ?? '0');
    equal(await client.nativeBalance(own), String(chain.rich - amount - fee));
    ok(fee <= (construction.feeMax ?? 0n), `fee ${fee} is at most ${construction.feeMax}`);
    ok((await client.head()).height >= ledger.height);
  });

  test(`${name}: knows that a payment can never come because another took its place or its time has passed`, async () => {
    const { ledger, client, own, to } = await start();
    const body = { kind: 'Native', to, amount: String(amount) };
    const completion = await order(client, own, body);
    const [first, second] = [signed(body, completion), signed({ ...body, amount: String(amount + 1n) }, completion)];
    await client.broadcast(first.signedData);
    ledger.mine();
    ledger.mine(chain.expires ?? 0);

    const state = await client.state({ ...second, address: own });

    equal(state.state, 'dropped');
    equal((await client.state({ ...first, address: own })).state, 'included');
  });

  test(`${name}: gives a second order what the first does not hold`, async () => {
    const { ledger, client, own, to } = await start();
    const body = { kind: 'Native', to, amount: String(amount) };
    const first = signed(body, await order(client, own, body));
    const held = [first.construction.exclusion];
    if (held[0]?.kind !== 'sequence') return;

    const second = signed(body, await order(client, own, body, held));

    for (const { signedData } of [first, second]) await client.broadcast(signedData);
    ledger.mine();
    for (const each of [first, second]) equal((await client.state({ ...each, address: own })).state, 'included');
  });

  test(`${name}: refuses what the wallet cannot pay, and passes on that a node refuses a false signature`, async () => {
    const { client, own, to } = await start();
    const body = { kind: 'Native', to, amount: String(amount) };
    await rejects(order(client, own, { ...body, amount: String(chain.rich) }), { code: 'E_FUNDS' });
    const completion = await order(client, own, body);
    const { construction, signedData } = signed(body, completion);
    // A signature by another key, in the place of the wallet's.
    const other = otherKey(chain, 0x66);
    const asked = { key, network, body: construction.body };
    const signatures = planSignature(asked).items.map((item) => signItem(other, item));
    const forged = assembleSignature({ ...asked, signatures }).signedData ?? '';
    ok(forged !== signedData);
    await rejects(client.broadcast(forged), (error: Any) => {
      match(error.code, /^E_NODE_(REFUSED|UNREACHABLE)$/);
      return true;
    });
    equal(await client.nativeBalance(own), String(chain.rich));
  });

  if (chain.tokens !== undefined || chain.lacking !== undefined)
    test(`${name}: completes a payment of a token, as far as the wallet has it`, async () => {
      const { client, own, to } = await start();
      for (const token of chain.tokens ?? []) {
        const body = { ...token, to, amount: '1000' };
        ok(signed(body, await order(client, own, body)).signedData.length > 2);
        await rejects(order(client, own, { ...body, amount: '1001' }), { code: 'E_FUNDS' });
      }
      if (chain.lacking !== undefined)
        await rejects(order(client, own, { ...chain.lacking, to, amount: '1' }), { code: 'E_FUNDS' });
    });

  test(`${name}: an account that does not exist has nothing and pays nothing`, async () => {
    const { ledger, client, own, to } = await start();
    ledger.balances.delete(own);

    equal(await client.nativeBalance(own), '0');
    await rejects(order(client, own, { kind: 'Native', to, amount: '1' }), { code: 'E_FUNDS' });
  });

  test(`${name}: does not speak to a node of another network`, async () => {
    const { client, own } = await start(chain.other);

    await rejects(client.nativeBalance(own), { code: 'E_NODE_ANSWER' });
  });

  test(`${name}: an answer that makes no sense is one, whatever it is`, async () => {
    for (const nonsense of [null, 7, 'x', [], {}, { result: 9 }]) {
      const { client, own, to } = await start((ledger, question) => {
        if (question.bytes.length > 0 && question.bytes.toString().includes('jsonrpc'))
          return { json: { jsonrpc: '2.0', id: question.json().id, result: nonsense } };
        return { json: nonsense ?? ledger.included.size };
      });
      await rejects(
        order(client, own, { kind: 'Native', to, amount: '1' }),
        { code: 'E_NODE_ANSWER' },
        JSON.stringify(nonsense),
      );
    }
  });
}

for (const chain of fakes) journey(chain);

test('starknet: an account is deployed once, out of what its address already holds', async () => {
  await loadFamily('starknet');
  const { key, network: name, rich } = starknet;
  const ledger = new Ledger();
  const http: Http = async ({ body }) => {
    const bytes = Buffer.from(body ?? '');
    const question = { method: 'POST', path: '/', query: new URLSearchParams(), headers: {}, bytes };
    const { json } = await starknet.node(ledger, { ...question, json: () => JSON.parse(String(bytes)) });
    return { status: 200, body: Buffer.from(JSON.stringify(json)) };
  };
  const nodes = createNodes({ network: name, urls: ['http://node.test'], http, env: { now: () => 0 } });
  const network = findNetwork(name);
  const client = (await loadClient('starknet'))?.create({ nodes, network });
  ok(client !== undefined);
  const address = addressOf(name, key) ?? '';
  const body = { kind: 'ActivateAccount' };
  const order = { key, network, purpose: 'transaction', body, address, pending: [] } as const;

  await rejects(client.complete(order), { code: 'E_FUNDS' });
  ledger.balances.set(address, rich);
  const payment = { kind: 'Native', to: '0x99', amount: '1' };
  await rejects(client.complete({ ...order, purpose: 'transfer', body: payment }), { code: 'E_FUNDS' });
  const completion = await client.complete(order);
  const construction = construct({ key, network: name, purpose: 'transaction', body, completion });
  const signedData = sign(key, name, construction.body).assembled.signedData ?? '';
  await client.broadcast(signedData);
  ledger.mine();
  const id = family('starknet').transactionId?.(signedData, network) ?? '';
  const state = await client.state({ id, signedData, address });

  equal(state.state, 'included');
  equal(ledger.sequence(address), 1n);
  await rejects(client.complete(order), { code: 'E_BODY' });
});
