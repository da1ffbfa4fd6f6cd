/** Balances, tokens and history as the API tells them, against what a real EVM node has. */
import { deepEqual, equal, match, notEqual, ok, rejects } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createIndexer, type Indexer } from '@holdfast/api/indexer';
import { handlers } from '@holdfast/api/operations';
import { ORG, type TestApi, testApi } from '@holdfast/api/testing';
import { createHttp } from '@holdfast/chains/rpc';
import { engineNames, scratchEngine, type TestEngine } from '@holdfast/storage/conformance';
import type { Database } from '@holdfast/storage/database';
import { countMovements, insertOrganisation } from '@holdfast/storage/records';
import { type Anvil, startAnvil } from './anvil.ts';
import { type Chain, chainOn } from './chain.ts';

const network = 'Ethereum';

let engine: TestEngine;
let db: Database;
let anvil: Anvil;
let chain: Chain;
let api: TestApi;
let indexer: Indexer;

const setTimer = (ms: number, fn: () => void) => {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
};
const http = createHttp({ fetch, setTimer });
/** The node, saying that it is of another chain. */
const asHolesky: typeof http = async (request) => {
  const { id, method } = JSON.parse(String(request.body)) as { id: number; method: string };
  if (method !== 'eth_chainId') return http(request);
  return { status: 200, body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result: '0x4268' })) };
};

before(async () => {
  // A server's database where there is one: it is there at once.
  engine = await scratchEngine(engineNames.at(-1) ?? 'pglite');
  db = await engine.open();
  await insertOrganisation(db.kysely, {
    id: ORG,
    name: 'Test',
    genesis: '{}',
    head: 'A',
    height: 0,
    dateCreated: '2026-11-20T08:00:00.000Z',
    state: {},
  });
  anvil = await startAnvil({ chainId: 1 });
  chain = await chainOn(anvil);
  const settings = { [network]: { rpc: [anvil.url], indexFrom: 0 } };
  api = testApi({ handlers, db, chains: { http, settings: () => settings } });
  indexer = createIndexer({ env: api.env, db, chains: api.ctx.chains });
});
after(async () => {
  await anvil.stop();
  await db.close();
  await engine.remove();
});

interface Item {
  readonly kind: string;
  readonly direction: string;
  readonly value?: string;
  readonly from?: string;
  readonly to?: string;
  readonly contract?: string;
  readonly tokenId?: string;
  readonly txHash: string;
  readonly fee?: string;
  readonly blockNumber: number;
  readonly metadata: { readonly asset: { readonly symbol?: string; readonly decimals?: number } };
}

async function newWallet(): Promise<{ id: string; address: string }> {
  const { status, body } = await api.call('POST', '/wallets', { network });
  equal(status, 200, JSON.stringify(body));
  return { id: body.id, address: body.address.toLowerCase() };
}

async function catchUp(): Promise<void> {
  while (await indexer.step(network));
}

const get = async (path: string) => {
  const { status, body } = await api.call('GET', path);
  equal(status, 200, JSON.stringify(body));
  return body;
};
const history = async (walletId: string, query = ''): Promise<Item[]> =>
  (await get(`/wallets/${walletId}/history${query}`)).items;
const assets = async (walletId: string) => (await get(`/wallets/${walletId}/assets`)).assets;

test('payments in and out are in the history, with the fee where the wallet paid it; failed ones are not', async () => {
  const wallet = await newWallet();
  const into = await chain.send({ to: wallet.address, value: 5n * 10n ** 17n });
  await chain.play(wallet.address);
  const out = await chain.send({ from: wallet.address, to: chain.stranger, value: 1_000n });
  // REVERT: the value never arrives, the fee is gone.
  await anvil.rpc('anvil_setCode', ['0x00000000000000000000000000000000000000bb', '0x5f5ffd']);
  const failed = await chain.send({
    from: wallet.address,
    to: '0x00000000000000000000000000000000000000bb',
    value: 7n,
    gas: 50_000,
  });

  await catchUp();

  const items = await history(wallet.id);
  deepEqual(
    items.map(({ txHash, direction, value, from, to, kind }) => ({ txHash, direction, value, from, to, kind })),
    [
      {
        txHash: out,
        direction: 'Out',
        value: '1000',
        from: wallet.address,
        to: chain.stranger,
        kind: 'NativeTransfer',
      },
      {
        txHash: into,
        direction: 'In',
        value: (5n * 10n ** 17n).toString(),
        from: chain.stranger,
        to: wallet.address,
        kind: 'NativeTransfer',
      },
    ],
  );
  ok(items.every(({ txHash }) => txHash !== failed));
  const receipt = await anvil.rpc<{ gasUsed: string; effectiveGasPrice: string }>('eth_getTransactionReceipt', [out]);
  equal(items[0]?.fee, (BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice)).toString());
  equal(items[1]?.fee, undefined);
  deepEqual(items[0]?.metadata.asset, { symbol: 'ETH', decimals: 18 });
  deepEqual(await assets(wallet.id), [
    { kind: 'Native', symbol: 'ETH', decimals: 18, balance: (await chain.balance(wallet.address)).toString() },
  ]);
});

test('tokens have their own name and decimals, and the balance that their contract says', async () => {
  const [wallet, other] = [await newWallet(), await newWallet()];
  const coin = await chain.deployCoin(1_000_000n);
  await chain.coin.transfer({ contract: coin, to: wallet.address, value: 700n });
  await chain.play(wallet.address);
  const between = await chain.coin.transfer({ contract: coin, from: wallet.address, to: other.address, value: 200n });

  await catchUp();

  deepEqual((await assets(wallet.id)).slice(1), [
    { kind: 'Erc20', contract: coin, symbol: 'TST', decimals: 6, balance: '500' },
  ]);
  const [out, into] = await history(wallet.id);
  equal(out?.txHash, between);
  deepEqual([out?.direction, out?.value, into?.direction, into?.value], ['Out', '200', 'In', '700']);
  deepEqual(out?.metadata.asset, { symbol: 'TST', decimals: 6 });
  ok(out?.fee !== undefined);
  deepEqual(
    (await history(other.id)).map(({ direction, value, fee }) => ({ direction, value, fee })),
    [{ direction: 'In', value: '200', fee: undefined }],
  );
  equal((await history(wallet.id, `?contract=${coin.toUpperCase().replace('0X', '0x')}`)).length, 2);
  equal((await history(wallet.id, '?kind=NativeTransfer')).length, 0);
  equal((await history(wallet.id, '?direction=In')).length, 1);
});

test('a token that came and went is not held, one sent to oneself is', async () => {
  const wallet = await newWallet();
  const things = await chain.deployThings();
  await chain.play(wallet.address);
  for (const tokenId of [1n, 2n, 3n]) await chain.things.mint({ contract: things, to: wallet.address, tokenId });
  await chain.things.transfer({ contract: things, from: wallet.address, to: chain.stranger, tokenId: 1n });
  await chain.things.transfer({ contract: things, from: wallet.address, to: wallet.address, tokenId: 2n });

  await catchUp();

  const { nfts } = await get(`/wallets/${wallet.id}/nfts`);
  deepEqual(
    nfts.map(({ kind, contract, tokenId, symbol }: Record<string, string>) => [kind, contract, tokenId, symbol]),
    [
      ['Erc721', things, '2', 'THING'],
      ['Erc721', things, '3', 'THING'],
    ],
  );
  equal((await history(wallet.id, '?kind=Erc721Transfer')).length, 6);
});

test('a wallet that is made while a block is being read gets what the block paid to it', async () => {
  await catchUp();
  let wallet: { id: string; address: string } | undefined;
  const { chains } = api.ctx;
  const slow: typeof chains = {
    ...chains,
    async connect(name) {
      const connection = await chains.connect(name);
      const { blocks } = connection;
      if (blocks === undefined) throw new Error('not indexed');
      return {
        ...connection,
        blocks: {
          ...blocks,
          async read(one, o) {
            const read = await blocks.read(one, o);
            wallet ??= await newWallet();
            return read;
          },
        },
      };
    },
  };
  const twin = createIndexer({ env: api.env, db, chains: slow });
  // The node mines this with a recipient that is a wallet of ours a moment later.
  const future = createFuture();
  await chain.send({ to: future.address, value: 3n });

  await twin.step(network);

  ok(wallet);
  notEqual(wallet.address, future.address);
  await chain.send({ to: wallet.address, value: 4n });
  await catchUp();
  deepEqual(
    (await history(wallet.id)).map(({ value }) => value),
    ['4'],
  );
});

const createFuture = () => ({ address: '0x00000000000000000000000000000000000000cc' });

test('after a reorganisation history and balances are those of the new chain', async () => {
  const wallet = await newWallet();
  const kept = await chain.send({ to: wallet.address, value: 11n });
  await catchUp();
  const snapshot = await anvil.rpc('evm_snapshot');
  const lost = await chain.send({ to: wallet.address, value: 22n });
  await anvil.rpc('anvil_mine', ['0x5']);
  await catchUp();
  deepEqual(
    (await history(wallet.id)).map(({ txHash }) => txHash),
    [lost, kept],
  );

  await anvil.rpc('evm_revert', [snapshot]);
  await anvil.rpc('evm_increaseTime', [100]);
  const other = await chain.send({ to: wallet.address, value: 33n });
  await anvil.rpc('anvil_mine', ['0x9']);
  await catchUp();

  deepEqual(
    (await history(wallet.id)).map(({ txHash }) => txHash),
    [other, kept],
  );
  deepEqual((await assets(wallet.id))[0].balance, '44');
});

test('a node that is only behind makes nothing forgotten', async () => {
  const wallet = await newWallet();
  await chain.send({ to: wallet.address, value: 1n });
  const snapshot = await anvil.rpc('evm_snapshot');
  await anvil.rpc('anvil_mine', ['0x3']);
  await catchUp();
  await anvil.rpc('evm_revert', [snapshot]);

  equal(await indexer.step(network), false);

  equal((await history(wallet.id)).length, 1);
  await anvil.rpc('anvil_mine', ['0x6']);
  await catchUp();
  equal((await history(wallet.id)).length, 1);
});

test('a step that ends between reading and writing, or right after, leaves nothing out and nothing twice', async () => {
  const wallet = await newWallet();
  for (const point of ['indexer.read', 'indexer.written']) {
    const before = (await history(wallet.id)).length;
    await chain.send({ to: wallet.address, value: 1n });
    const dies = createIndexer({
      env: {
        ...api.env,
        point(name) {
          if (name === point) throw new Error('killed');
        },
      },
      db,
      chains: api.ctx.chains,
    });

    await rejects(dies.step(network), /killed/);
    await catchUp();

    equal((await history(wallet.id)).length, before + 1, point);
  }
  const all = await countMovements(db.kysely, network);
  // Two apis on one database: both read, one writes.
  await chain.send({ to: wallet.address, value: 1n });
  const twin = createIndexer({ env: api.env, db, chains: api.ctx.chains });
  await Promise.all([indexer.step(network), twin.step(network)]);
  equal(await countMovements(db.kysely, network), all + 1);
});

test('one step reads a bounded number of blocks, and says that more are waiting', async () => {
  await catchUp();
  await anvil.rpc('anvil_mine', ['0x60']);
  const { blocks } = await api.ctx.chains.connect(network);

  let steps = 1;
  while (await indexer.step(network)) steps += 1;

  equal(steps, Math.ceil(0x60 / (blocks?.blocksAtOnce ?? 1)));
});

test('the history comes in pages, newest first', async () => {
  const wallet = await newWallet();
  for (let value = 1n; value <= 5n; value += 1n) await chain.send({ to: wallet.address, value });
  await catchUp();

  const first = await get(`/wallets/${wallet.id}/history?limit=2`);
  const second = await get(`/wallets/${wallet.id}/history?limit=2&paginationToken=${first.nextPageToken}`);
  const third = await get(`/wallets/${wallet.id}/history?limit=2&paginationToken=${second.nextPageToken}`);

  deepEqual(
    [first, second, third].map(({ items }) => items.map(({ value }: Item) => value)),
    [['5', '4'], ['3', '2'], ['1']],
  );
  equal(third.nextPageToken, undefined);
});

test('the history of all wallets covers a span of time, as JSON and as CSV where that is asked for', async () => {
  const { timestamp } = await anvil.rpc<{ timestamp: string }>('eth_getBlockByNumber', ['latest', false]);
  const at = (seconds: number) => new Date((Number(timestamp) + seconds) * 1000).toISOString();
  const wallet = await newWallet();
  await anvil.rpc('evm_increaseTime', [1000]);
  const tx = await chain.send({ to: wallet.address, value: 9n });
  await catchUp();

  const span = `startTime=${at(500)}&endTime=${at(5000)}`;
  const { items, orgId } = await get(`/wallets/all/history?${span}`);

  match(orgId, /^or-/);
  equal(items.length, 1);
  deepEqual(
    { ...items[0], timestamp: '' },
    {
      timestamp: '',
      walletId: wallet.id,
      network,
      direction: 'In',
      from: chain.stranger,
      to: wallet.address,
      amount: '9',
      symbol: 'ETH',
      decimals: '18',
      txHash: tx,
    },
  );
  equal((await get(`/wallets/all/history?startTime=${at(3000)}&endTime=${at(5000)}`)).items.length, 0);

  const csv = await api.app.inject({
    method: 'GET',
    url: `/wallets/all/history?${span}`,
    headers: { authorization: 'Bearer good', accept: 'text/csv' },
  });
  match(String(csv.headers['content-type']), /^text\/csv/);
  const [head, line] = csv.body.split('\r\n');
  match(head ?? '', /^timestamp,walletId,network,direction,from,to,amount/);
  ok(line?.includes(`${wallet.id},${network},In,${chain.stranger},${wallet.address},9,,,ETH,18`));

  for (const bad of ['startTime=x&endTime=y', `startTime=${at(9)}&endTime=${at(1)}`, `startTime=${at(1)}`])
    equal((await api.call('GET', `/wallets/all/history?${bad}`)).status, 400, bad);
});

test('a contract is called with arguments by name, and what it returns comes back as JSON', async () => {
  const things = await chain.deployThings();
  await chain.things.mint({ contract: things, to: chain.stranger, tokenId: 42n });
  const echo = {
    type: 'function',
    name: 'echo',
    stateMutability: 'pure',
    inputs: [
      {
        name: 'pair',
        type: 'tuple',
        components: [
          { name: 'a', type: 'uint256' },
          { name: 'b', type: 'string' },
        ],
      },
      { name: 'words', type: 'bytes32[]' },
      { name: 'small', type: 'int8' },
    ],
    outputs: [
      {
        name: '',
        type: 'tuple',
        components: [
          { name: 'a', type: 'uint256' },
          { name: 'b', type: 'string' },
        ],
      },
      { name: '', type: 'bytes32[]' },
      { name: 'less', type: 'int8' },
    ],
  };
  const ownerOf = {
    type: 'function',
    name: 'ownerOf',
    stateMutability: 'view',
    inputs: [{ name: 'tokenId', type: 'uint256' }],
    outputs: [{ name: '', type: 'address' }],
  };
  const large = (2n ** 255n).toString();
  const calldata = { pair: { a: large, b: 'héllo' }, words: [`0x${'ab'.repeat(32)}`], small: -5 };
  const post = (path: string, body: object) =>
    api.app.inject({
      method: 'POST',
      url: path,
      headers: { authorization: 'Bearer good', 'content-type': 'application/json' },
      payload: JSON.stringify(body),
    });
  const call = (abi: object, given: object) =>
    post('/networks/ethereum/call-function', { contract: things, abi, calldata: given });

  deepEqual((await call(echo, calldata)).json(), [{ a: large, b: 'héllo' }, [`0x${'ab'.repeat(32)}`], '-6']);
  const owner = await call(ownerOf, { tokenId: '42' });
  // A lone text is JSON too.
  equal(owner.body, JSON.stringify(chain.stranger));
  const raw = await post('/networks/read-contract', {
    kind: 'Evm',
    network,
    contract: things,
    data: `6352211e${(42).toString(16).padStart(64, '0')}`,
  });
  deepEqual(raw.json(), { kind: 'Evm', data: `0x${'0'.repeat(24)}${chain.stranger.slice(2)}` });

  for (const [what, abi, given] of [
    ['a missing argument', ownerOf, {}],
    ['an argument too many', ownerOf, { tokenId: 1, other: 2 }],
    ['an argument of another type', ownerOf, { tokenId: 'x' }],
    ['an argument too large for its type', echo, { ...calldata, small: 128 }],
    ['an unknown type', { ...ownerOf, inputs: [{ name: 'tokenId', type: 'uint7' }] }, { tokenId: 1 }],
    ['a function that changes something', { ...ownerOf, stateMutability: 'nonpayable' }, { tokenId: 1 }],
    ['no function', { ...ownerOf, type: 'event' }, { tokenId: 1 }],
    ['an output that does not fit', { ...ownerOf, outputs: echo.outputs }, { tokenId: 42 }],
  ] as const)
    equal((await call(abi, given)).statusCode, 400, what);
  equal((await post('/networks/nowhere/call-function', { contract: things, abi: ownerOf })).statusCode, 400);
  equal(
    (await post('/networks/litecoin/call-function', { contract: things, abi: ownerOf, calldata: { tokenId: 1 } }))
      .statusCode,
    503,
  );
});

test('fees are estimated by the node, in the shape of the public client', async () => {
  const fees = await get(`/networks/fees?network=${network}`);

  deepEqual([fees.kind, fees.network, typeof fees.blockNumber], ['Eip1559', network, 'number']);
  for (const level of ['slow', 'standard', 'fast'])
    for (const member of ['maxFeePerGas', 'maxPriorityFeePerGas']) match(fees[level][member], /^[0-9]+$/);
  ok(BigInt(fees.slow.maxFeePerGas) < BigInt(fees.fast.maxFeePerGas));
  equal((await api.call('GET', '/networks/fees')).status, 400);
});

test('without nodes every question is answered at once with the setting that is missing', async () => {
  const { body } = await api.call('POST', '/wallets', { network: 'Polygon' });

  for (const path of [
    `/wallets/${body.id}/assets`,
    `/wallets/${body.id}/history`,
    `/wallets/${body.id}/nfts`,
    '/networks/fees?network=Polygon',
  ]) {
    const reply = await api.call('GET', path);
    equal(reply.status, 503, path);
    equal(reply.body.error.details.code, 'E_NODE_UNSET');
    match(reply.body.error.message, /holdfast networks set Polygon --rpc URL/);
    ok(reply.headers['retry-after']);
  }
});

test('a history that begins where the chain is leaves out what was before', async () => {
  // The same node under another name, so that nothing of it was read yet.
  const other = 'EthereumHolesky';
  const settings = { [other]: { rpc: [anvil.url] } };
  const young = testApi({ handlers, db, chains: { http: asHolesky, settings: () => settings } });
  const reader = createIndexer({ env: young.env, db, chains: young.ctx.chains });
  const made = (await young.call('POST', '/wallets', { network: other })).body;
  const address = made.address.toLowerCase();
  await chain.send({ to: address, value: 1n });
  await anvil.rpc('anvil_mine', ['0x1']);
  await reader.step(other);
  await chain.send({ to: address, value: 2n });
  while (await reader.step(other));

  const { items } = (await young.call('GET', `/wallets/${made.id}/history`)).body;
  deepEqual(
    items.map(({ value }: Item) => value),
    ['2'],
  );
});
