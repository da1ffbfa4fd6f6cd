/** History and balances of Solana wallets, as the API tells them, against what LiteSVM has; forks and skipped slots included. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createIndexer, type Indexer } from '@holdfast/api/indexer';
import { handlers } from '@holdfast/api/operations';
import { ORG, type TestApi, testApi } from '@holdfast/api/testing';
import { construct, localKey, seededRandom, sign } from '@holdfast/chains/conformance';
import { addressOf, family, loadFamily } from '@holdfast/chains/families';
import { network as networkOf } from '@holdfast/chains/networks';
import { createHttp, loadClient } from '@holdfast/chains/rpc';
import { engineNames, scratchEngine, type TestEngine } from '@holdfast/storage/conformance';
import type { Database } from '@holdfast/storage/database';
import { insertOrganisation, updateWallet } from '@holdfast/storage/records';
import { oracle } from '../oracles.ts';
import type { Served } from './serve.ts';
import { type SolanaNode, startSolana } from './solana.ts';

// biome-ignore lint/suspicious/noExplicitAny: what the API answers; tests look into it.
type Any = any;

const NETWORK = 'SolanaDevnet';
const seed = process.env['HOLDFAST_SEED'] ?? 'solana indexer 1';
const network = networkOf(NETWORK);
const SPL = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';

let engine: TestEngine;
let db: Database;
let node: SolanaNode;
let served: Served;
let api: TestApi;
let indexer: Indexer;
let token: Any;
let kit: Any;

const setTimer = (ms: number, fn: () => void) => {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
};

before(async () => {
  await loadFamily('solana');
  [kit, token] = await Promise.all([oracle('@solana/kit'), oracle('@solana-program/token')]);
  engine = await scratchEngine(engineNames.at(-1) ?? 'pglite');
  db = await engine.open();
  const row = { name: 'Test', genesis: '{}', head: 'A', height: 0, dateCreated: '2026-11-20T08:00:00.000Z' };
  await insertOrganisation(db.kysely, { id: ORG, ...row, state: {} });
  node = await startSolana({ hasSlots: true });
  served = await node.serve();
  const settings = { [NETWORK]: { rpc: [served.url] } };
  api = testApi({ handlers, db, chains: { http: createHttp({ fetch, setTimer }), settings: () => settings } });
  indexer = createIndexer({ env: api.env, db, chains: api.ctx.chains });
  node.advance(10);
  await catchUp();
});
after(async () => {
  await served.stop();
  await db.close();
  await engine.remove();
});

interface Wallet {
  readonly id: string;
  readonly address: string;
  readonly key: ReturnType<typeof localKey>;
}

let wallets = 0;
/** A wallet whose key is here: its address is put in the place of the one that was made. */
async function newWallet(lamports = 10_000_000_000n): Promise<Wallet> {
  const { body } = await api.call('POST', '/wallets', { network: NETWORK });
  wallets += 1;
  const key = localKey('EdDSA', 'ed25519', Buffer.alloc(32, 0x80 + wallets));
  const address = addressOf(NETWORK, key) ?? '';
  await updateWallet(db.kysely, ORG, body.id, { address });
  node.arrange((svm) => svm.airdrop(address, lamports));
  return { id: body.id, address, key };
}

const history = async ({ id }: Wallet): Promise<Any[]> => {
  const { status, body } = await api.call('GET', `/wallets/${id}/history?limit=100`);
  equal(status, 200, JSON.stringify(body));
  return body.items;
};
const assets = async ({ id }: Wallet): Promise<Any[]> => (await api.call('GET', `/wallets/${id}/assets`)).body.assets;
const short = (items: readonly Any[]) => items.map(({ kind, direction, value, fee }) => [kind, direction, value, fee]);
async function catchUp(): Promise<void> {
  while (await indexer.step(NETWORK));
}

/** What the api and the signers do together, with a local key. Answers the transaction's name. */
async function send({ key, address }: Wallet, body: Record<string, unknown>): Promise<string> {
  const client = (await loadClient('solana'))?.create({ nodes: node.nodes, network });
  const completion = await client?.complete({ key, network, purpose: 'transfer', body, address, pending: [] });
  const construction = construct({ key, network: NETWORK, body, completion: completion ?? {} });
  const signedData = sign(key, NETWORK, construction.body).assembled.signedData ?? '';
  await client?.broadcast(signedData);
  // Nothing but the blockhash tells two equal payments apart.
  node.expire();
  return family('solana').transactionId?.(signedData, network) ?? '';
}

const pay = (from: Wallet, to: string, amount: bigint) => send(from, { kind: 'Native', to, amount: String(amount) });

const mint = 'FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z';
const accountOf = async (owner: string): Promise<string> =>
  (await token.findAssociatedTokenPda({ owner, mint, tokenProgram: SPL }))[0];
const put = (address: string, data: Uint8Array) =>
  node.arrange((svm) =>
    svm.setAccount({
      address,
      data,
      executable: false,
      lamports: 10_000_000n,
      programAddress: SPL,
      space: BigInt(data.length),
    }),
  );
async function giveTokens(owner: string, amount: bigint): Promise<void> {
  put(
    mint,
    token
      .getMintEncoder()
      .encode({ mintAuthority: null, supply: 1_000_000n, decimals: 6, isInitialized: true, freezeAuthority: null }),
  );
  const account = { mint, owner, amount, delegate: null, state: 1, isNative: null, delegatedAmount: 0n };
  put(await accountOf(owner), token.getTokenEncoder().encode({ ...account, closeAuthority: null }));
}
const tokensOf = async (owner: string): Promise<bigint> => {
  const { exists, data } = node.svm.getAccount(await accountOf(owner));
  return exists ? token.getTokenDecoder().decode(data.subarray(0, 165)).amount : 0n;
};
const balanceOf = (address: string): bigint => node.svm.getBalance(address) ?? 0n;

async function equalsNode(wallet: Wallet): Promise<void> {
  const held = await assets(wallet);
  equal(held.find(({ kind }) => kind === 'Native').balance, String(balanceOf(wallet.address)));
  const tokens = held.find(({ kind }) => kind === 'Spl');
  equal(tokens?.balance ?? '0', String(await tokensOf(wallet.address)));
  if (tokens !== undefined) deepEqual([tokens.mint, tokens.decimals], [mint, 6]);
}

test('a payment is a movement of each wallet once two thirds have voted for its slot, with the fee at the payer', async () => {
  const [from, to] = [await newWallet(), await newWallet()];
  const tx = await pay(from, to.address, 1_000_000_000n);
  await catchUp();
  deepEqual(await history(from), []);

  node.advance(1);
  await catchUp();

  const [out, ...none] = await history(from);
  deepEqual(none, []);
  deepEqual(
    [out.kind, out.direction, out.value, out.fee, out.txHash, out.from, out.to, out.symbol, out.decimals],
    ['NativeTransfer', 'Out', '1000000000', '5000', tx, from.address, to.address, 'SOL', 9],
  );
  const [received] = await history(to);
  deepEqual(
    [received.direction, received.value, received.fee, received.from, received.to, received.blockNumber],
    ['In', '1000000000', undefined, from.address, to.address, out.blockNumber],
  );
  await equalsNode(from);
  await equalsNode(to);
});

test('tokens are seen though a transaction names only the token account, and its making costs its payer the rent', async () => {
  const [from, to] = [await newWallet(), await newWallet()];
  await giveTokens(from.address, 1_000_000n);
  await send(from, { kind: 'Spl', mint, to: to.address, amount: '250000', createDestinationAccount: true });
  const second = await send(from, { kind: 'Spl', mint, to: to.address, amount: '1' });
  node.advance(1);
  const { accountKeys } = ((await node.nodes.rpc('getTransaction', [second, { encoding: 'json' }])) as Any).transaction
    .message;
  ok(!accountKeys.includes(to.address), 'the second payment does not name its recipient');

  await catchUp();

  deepEqual(short(await history(to)), [
    ['SplTransfer', 'In', '1', undefined],
    ['SplTransfer', 'In', '250000', undefined],
  ]);
  deepEqual(short(await history(from)), [
    ['SplTransfer', 'Out', '1', '5000'],
    ['SplTransfer', 'Out', '250000', undefined],
    ['NativeTransfer', 'Out', '2039280', '5000'],
  ]);
  const [latest] = await history(to);
  deepEqual([latest.mint, latest.from, latest.to, latest.decimals], [mint, from.address, to.address, 6]);
  await equalsNode(from);
  await equalsNode(to);
});

test('what a fork throws out is gone, and what its successor has instead is there', async () => {
  const [from, to] = [await newWallet(), await newWallet()];
  await pay(from, to.address, 1_000_000_000n);
  node.advance(1);
  await catchUp();
  const before = await history(from);
  const kept = node.slot;
  node.advance(1);
  await pay(from, to.address, 2_000_000_000n);
  node.advance(2);
  await catchUp();
  equal((await history(to)).length, 2);

  node.fork(kept);
  await pay(from, to.address, 3_000_000_000n);
  node.advance(9);
  await catchUp();
  await catchUp();

  deepEqual((await history(from)).slice(1), before);
  deepEqual(
    (await history(to)).map(({ value }) => value),
    ['3000000000', '1000000000'],
  );
  await equalsNode(from);
  await equalsNode(to);
});

test('a wallet of which the node has a page more than it may ask for at once is read whole', async () => {
  const [from, to] = [await newWallet(), await newWallet()];
  for (let k = 0; k < 520; k += 1) {
    await pay(from, to.address, 1_000_000n + BigInt(k));
    if (k % 40 === 0) node.advance(1);
  }
  node.advance(1);

  const isMore = await indexer.step(NETWORK);
  await catchUp();

  ok(isMore, 'one step was not enough');
  let [items, pageToken]: [number, string | undefined] = [0, undefined];
  do {
    const query: string = pageToken === undefined ? '' : `&paginationToken=${encodeURIComponent(pageToken)}`;
    const { body } = await api.call('GET', `/wallets/${to.id}/history?limit=100${query}`);
    items += body.items.length;
    pageToken = body.nextPageToken;
  } while (pageToken !== undefined);
  equal(items, 520);
});

test(`random payments, forks and steps of the indexer: what moved is what the node has (seed ${seed})`, async () => {
  const draw = seededRandom(seed);
  const ours = [await newWallet(), await newWallet(), await newWallet()];
  for (const wallet of ours) await giveTokens(wallet.address, 100_000n);
  const [beginnings, tokens] = [new Map<Wallet, bigint>(), new Map<Wallet, bigint>()];
  for (const wallet of ours) {
    beginnings.set(wallet, balanceOf(wallet.address));
    tokens.set(wallet, await tokensOf(wallet.address));
  }
  const strangers = [1, 2].map((byte) => kit.getAddressDecoder().decode(Buffer.alloc(32, byte)));
  node.advance(1);
  await catchUp();
  const first = node.slot;

  for (let k = 0; k < 60; k += 1) {
    const from = draw.pick(ours);
    const to = draw.pick([...ours.filter((each) => each !== from).map(({ address }) => address), ...strangers]);
    const body = draw.chance(2)
      ? { kind: 'Native', to, amount: String(3_000_000 + draw.int(5_000_000)) }
      : { kind: 'Spl', mint, to, amount: String(draw.int(900)), createDestinationAccount: true };
    await send(from, body);
    if (draw.chance(3)) node.advance(1 + draw.int(12));
    if (draw.chance(3)) await catchUp();
    if (draw.chance(12)) node.fork(Math.max(first, node.slot - draw.int(40)));
  }
  node.advance(40);
  for (let k = 0; k < 3; k += 1) await catchUp();

  for (const wallet of ours) {
    const sum = (items: readonly Any[]) =>
      items.reduce(
        (all, { direction, value, fee = '0' }) => all + BigInt(value) * (direction === 'In' ? 1n : -1n) - BigInt(fee),
        0n,
      );
    const items = await history(wallet);
    ok(items.length < 100);
    // A fee is in lamports, with whichever movement it stands.
    const fees = items.reduce((all, { fee = '0' }) => all + BigInt(fee), 0n);
    const native = items.filter(({ kind }) => kind === 'NativeTransfer').map(({ fee: _, ...each }) => each);
    const spl = items.filter(({ kind }) => kind === 'SplTransfer').map(({ fee: _, ...each }) => each);
    equal((beginnings.get(wallet) ?? 0n) + sum(native) - fees, balanceOf(wallet.address));
    equal((tokens.get(wallet) ?? 0n) + sum(spl), await tokensOf(wallet.address));
    await equalsNode(wallet);
  }
});

test('a node that lists a transaction and does not have it is asked again, and nothing is written meanwhile', async () => {
  const [from, to] = [await newWallet(), await newWallet()];
  const tx = await pay(from, to.address, 1_000_000_000n);
  node.advance(1);
  node.hide(tx);
  await rejects(indexer.step(NETWORK), { code: 'E_NODE_ANSWER', message: /listed is missing/ });
  deepEqual(await history(to), []);

  node.hide(undefined);
  await catchUp();

  equal((await history(to)).length, 1);
});
