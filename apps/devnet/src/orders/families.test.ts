/**
 * Transfers and transactions on chains other than EVM: the unmodified public client, an api and five signers as processes.
 * Then kill −9 at every step, with transfers on all of them under way: each is on its chain exactly once.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DfnsApiClient } from '@dfns/sdk';
import { network as networkOf } from '@holdfast/chains/networks';
import { openDatabase } from '@holdfast/storage/database';
import { listEvents } from '@holdfast/storage/records';
import { Caller, good, Lost } from '../faults/caller.ts';
import { Pieces } from '../faults/pieces.ts';
import { sdk, until } from '../harness/index.ts';
import { oracle } from '../oracles.ts';
import { type Families, type FamilyChain, startFamilies } from './families.ts';
import { untilStatus } from './index.ts';

// biome-ignore lint/suspicious/noExplicitAny: a foreign library, used only to judge.
type Any = any;
type Transfer = Parameters<DfnsApiClient['wallets']['transferAsset']>[0]['body'];
type Broadcast = Parameters<DfnsApiClient['wallets']['broadcastTransaction']>[0]['body'];

interface Wallet {
  readonly id: string;
  readonly address: string;
}

const seed = process.env['HOLDFAST_SEED'] ?? String(Date.now() % 1_000_000);
let families: Families;
let pieces: Pieces;
let caller: Caller;
let dfns: DfnsApiClient;
const wallets = new Map<FamilyChain, Wallet>();
const made = new Map<string, string>();

// One address makes more requests than one address may.
process.env['HOLDFAST_RATE_LIMIT'] = '0';
// One engine of signatures does; of two, the first would rest for half a minute after each crash of ours.
process.env['HOLDFAST_ECDSA_ENGINES'] = 'H';
[families, pieces] = await Promise.all([startFamilies(), Pieces.found()]);

before(async () => {
  writeFileSync(join(pieces.data, 'api', 'networks.json'), JSON.stringify(families.settings), { mode: 0o600 });
  await pieces.startApi({ online: 5 });
  const account = await pieces.createOrg('Families');
  caller = new Caller(account);
  dfns = sdk(account);
  await session();
  for (const chain of families.chains) {
    const { network, signingKey } = chain;
    const body = { network, ...(signingKey === undefined ? {} : { signingKey }) };
    const { id, address = '' } = await dfns.wallets.createWallet({ body: body as { network: 'Solana' } });
    wallets.set(chain, { id, address });
    await chain.fund(address);
  }
  families.beat();
});
after(async () => {
  await Promise.all([families.stop(), pieces.stop()]);
  pieces.remove();
});

const session = () => until('five hold a session', async () => pieces.hasSession(), 20_000);
const walletOf = (chain: FamilyChain) => wallets.get(chain) as Wallet;
const nativeOf = async ({ id }: Wallet) => {
  const { assets } = await dfns.wallets.getWalletAssets({ walletId: id });
  return BigInt(assets.find(({ kind }) => kind === 'Native')?.balance ?? -1);
};

for (const chain of families.chains)
  test(`${chain.name}: a transfer is signed by the cluster, taken by the chain, paid once and confirmed`, async () => {
    const wallet = walletOf(chain);
    const before = await chain.paid();
    const body = { ...chain.body(chain.amount), externalId: `first ${chain.name}` } as unknown as Transfer;

    const order = await dfns.wallets.transferAsset({ walletId: wallet.id, body });
    const again = await dfns.wallets.transferAsset({ walletId: wallet.id, body });
    const confirmed = await untilStatus(
      () => dfns.wallets.getTransfer({ walletId: wallet.id, transferId: order.id }),
      'Confirmed',
    );

    equal(order.status, 'Broadcasted');
    equal(again.id, order.id);
    equal(chain.sent(wallet.address), 1);
    // Of TON's native coins the recipient's own account takes a fee for being paid.
    const paid = (await chain.paid()) - before;
    ok(paid <= chain.amount && paid >= (chain.amount * 99n) / 100n, `paid ${paid} of ${chain.amount}`);
    ok(BigInt(confirmed.fee ?? -1) > 0n, `fee ${confirmed.fee}`);
    equal(await nativeOf(wallet), await chain.balance(wallet.address));
  });

test('what docs/guides/networks.md says of transfers end to end is what was shown here', async () => {
  for (const chain of families.chains) {
    const { claims } = await import(`@holdfast/chains/conformance/claims/${networkOf(chain.network).family}`);
    equal(claims.orders, chain.shown, chain.name);
  }
});

test('starknet: a wallet is activated out of what its address holds, once, and pays from then on', async () => {
  const chain = families.chains.find(({ network }) => network === 'StarknetSepolia') as FamilyChain;
  const { id, address = '' } = await dfns.wallets.createWallet({ body: { network: 'StarknetSepolia' } });
  const activate = () => caller.act('POST', `/wallets/${id}/activate`, {});
  const pay = () => caller.act('POST', `/wallets/${id}/transfers`, chain.body(5n));
  match((await activate()).text, /E_FUNDS/);
  chain.endow?.(address);
  match((await pay()).text, /activate the wallet first/);
  match((await caller.act('POST', `/wallets/${id}/activate`, { validatorId: 'x' })).text, /E_BODY/);

  const order = await dfns.wallets.activateWallet({ walletId: id, body: {} });
  const confirmed = await untilStatus(
    () => dfns.wallets.getTransaction({ walletId: id, transactionId: order.id }),
    'Confirmed',
  );

  deepEqual(confirmed.requestBody, { kind: 'ActivateAccount' });
  match((await activate()).text, /on the chain already/);
  const paid = good(await pay()).body as { id: string };
  await untilStatus(() => dfns.wallets.getTransfer({ walletId: id, transferId: paid.id }), 'Confirmed');
  equal(chain.sent(address), 2);
});

// ── what Solana has besides ────────────────────────────────────────────────────────────────────────────────────────

const solana = () => families.chains[0] as FamilyChain;
const broadcast = (body: Broadcast) => dfns.wallets.broadcastTransaction({ walletId: walletOf(solana()).id, body });
const transactionConfirmed = (transactionId: string) =>
  untilStatus(() => dfns.wallets.getTransaction({ walletId: walletOf(solana()).id, transactionId }), 'Confirmed');

test('solana: a version 0 transaction that looks its recipient up in a table is executed as the user built it', async () => {
  const kit = await oracle('@solana/kit');
  const system = await oracle('@solana-program/system');
  const { address } = walletOf(solana());
  const [table, recipient] = [0x61, 0x62].map((byte) => kit.getAddressDecoder().decode(Buffer.alloc(32, byte)));
  const head = Buffer.alloc(56);
  head.writeUInt32LE(1, 0);
  head.writeBigUInt64LE((1n << 64n) - 1n, 4);
  families.solana.arrange((svm) =>
    svm.setAccount({
      address: table,
      data: Uint8Array.from(Buffer.concat([head, Buffer.from(kit.getAddressEncoder().encode(recipient))])),
      executable: false,
      lamports: 10_000_000n,
      programAddress: 'AddressLookupTab1e1111111111111111111111111',
      space: 88n,
    }),
  );
  let message: Any = kit.createTransactionMessage({ version: 0 });
  message = kit.setTransactionMessageFeePayer(address, message);
  const blockhash = families.solana.svm.latestBlockhash();
  message = kit.setTransactionMessageLifetimeUsingBlockhash({ blockhash, lastValidBlockHeight: 1n }, message);
  const source = { address, signTransactions: async () => [] };
  message = kit.appendTransactionMessageInstructions(
    [system.getTransferSolInstruction({ source, destination: recipient, amount: 2_000_000n })],
    message,
  );
  message = kit.compressTransactionMessageUsingAddressLookupTables(message, { [table]: [recipient] });
  const bytes = kit.getTransactionEncoder().encode(kit.compileTransaction(message));

  const order = await broadcast({ kind: 'Transaction', transaction: `0x${Buffer.from(bytes).toString('hex')}` });

  await transactionConfirmed(order.id);
  equal(families.solana.svm.getBalance(recipient), 2_000_000n);
});

test('solana: a transfer on a durable nonce outlives the blockhash it was asked for under', async () => {
  const chain = solana();
  const wallet = walletOf(chain);
  const accounts = await broadcast({ kind: 'CreateSolanaNonceAccounts', count: 2 } as Broadcast);
  await transactionConfirmed(accounts.id);
  families.solana.expire();
  const before = await chain.paid();

  const body = { ...chain.body(7_000_000n), useDurableNonce: true } as unknown as Transfer;
  const order = await dfns.wallets.transferAsset({ walletId: wallet.id, body });
  const confirmed = await untilStatus(
    () => dfns.wallets.getTransfer({ walletId: wallet.id, transferId: order.id }),
    'Confirmed',
  );

  equal((await chain.paid()) - before, 7_000_000n);
  ok('nonceAccount' in (confirmed.details as object));
});

test('[bad-input 117] a transfer that the wallet cannot pay is refused before anything is written, on every chain', async () => {
  for (const chain of families.chains) {
    const { id } = walletOf(chain);
    const listed = (await dfns.wallets.listTransfers({ walletId: id })).items.length;
    const isFine = ['NearTestnet', 'StarknetSepolia'].includes(chain.network);
    const body = chain.body(10n ** 17n * (isFine ? 10n ** 12n : 1n));
    const refused = await caller.act('POST', `/wallets/${id}/transfers`, body);
    equal(refused.status, 400, `${chain.name}: ${refused.text}`);
    match(refused.text, /balance [0-9]+ is less than amount/, chain.name);
    equal((await dfns.wallets.listTransfers({ walletId: id })).items.length, listed);
  }
});

// ── kill −9 ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Every place of the engine that names a crash point, found and not listed. */
const folder = fileURLToPath(new URL('../../../api/dist/orders', import.meta.url));
const points = [
  ...new Set(
    readdirSync(folder)
      .filter((file) => file.endsWith('.js') && !file.endsWith('.test.js'))
      .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/env\.point\('([^']+)'\)/g)])
      .map(([, name]) => name ?? ''),
  ),
].sort();

function drawn(text: string): number {
  return createHash('sha256').update(`${seed} ${text}`).digest().readUInt32BE();
}
/**
 * Each takes two starts of the api, and all of them are tried on an EVM node in any case: one of them, drawn by the seed, or as many
 * as HOLDFAST_TEST_CRASH_POINTS says; `all` is the whole campaign.
 */
const wanted = process.env['HOLDFAST_TEST_CRASH_POINTS'] ?? '1';
const tried =
  wanted === 'all'
    ? points
    : [...points].sort((a, b) => drawn(`order ${a}`) - drawn(`order ${b}`)).slice(0, Number(wanted));

/** Which transfer of those under way is the one in whose step the api dies; the same for the same seed. */
const nth = (point: string): number => 1 + (drawn(point) % families.chains.length);

const path = (chain: FamilyChain) => `/wallets/${walletOf(chain).id}/transfers`;
const body = (chain: FamilyChain, externalId: string) => ({
  ...chain.body(chain.amount),
  externalId: `${externalId} ${chain.name}`,
});

/** As a client does: what got no answer, or was told to come again, is asked for again under its name. */
async function persistently(chain: FamilyChain, externalId: string): Promise<Any> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await caller.act('POST', path(chain), body(chain, externalId));
    if (attempt === 10 || ![408, 429, 503].includes(answer.status)) return good(answer).body;
  }
}

/** Confirmed, or Failed with its reason. */
async function ended(chain: FamilyChain, id: string): Promise<{ status: string; reason?: string }> {
  let last: Any;
  await until(
    `${chain.name} ${id} has ended; output so far:\n${pieces.output.slice(-1500)}`,
    async () => {
      last = good(await caller.read(`${path(chain)}/${id}`)).body;
      return last.status === 'Confirmed' || last.status === 'Failed';
    },
    120_000,
  );
  return last;
}

async function untilConfirmed(chain: FamilyChain, id: string): Promise<void> {
  const { status, reason } = await ended(chain, id);
  equal(status, 'Confirmed', `${chain.name}: ${reason}`);
}

const state = async () =>
  Promise.all(families.chains.map(async (chain) => [chain.sent(walletOf(chain).address), await chain.paid()] as const));

async function onceEach(before: Awaited<ReturnType<typeof state>>): Promise<void> {
  const now = await state();
  for (const [k, chain] of families.chains.entries()) {
    const [[sentBefore, paidBefore], [sent, paid]] = [before[k], now[k]] as [[number, bigint], [number, bigint]];
    equal(sent, sentBefore + 1, chain.name);
    const share = paid - paidBefore;
    ok(share <= chain.amount && share >= (chain.amount * 99n) / 100n, `${chain.name}: paid ${share}`);
  }
}

for (const point of tried)
  test(`kill −9 of the api at ${point} with transfers on all chains under way: each is on its chain once (seed ${seed})`, async () => {
    await session();
    // Of another bytes than the last one's, on chains where nothing else tells two transactions apart.
    families.solana.expire();
    const before = await state();
    await pieces.startApi({ crashAt: `${point}:${nth(point)}`, online: 5 });
    await session();

    const asked = await Promise.allSettled(
      families.chains.map((chain) => caller.act('POST', path(chain), body(chain, point))),
    );
    equal(await pieces.apiEnded(), 'SIGKILL');
    for (const each of asked) if (each.status === 'rejected') ok(each.reason instanceof Lost, String(each.reason));
    await pieces.startApi({ online: 5 });
    await session();
    await Promise.all(
      families.chains.map(async (chain) => {
        const { id } = await persistently(chain, point);
        made.set(`${point} ${chain.name}`, id);
        await untilConfirmed(chain, id);
      }),
    );

    await onceEach(before);
  });

test('kill −9 of a signer while it signs on all chains: each transfer is on its chain once, itself or the one its user made instead', async () => {
  await session();
  families.solana.expire();
  const before = await state();
  await pieces.killSigner(5);
  pieces.startSigner(5, { crashAt: 'store:sign:after-flush:1' });
  await pieces.untilOnline(5);
  await session();

  await Promise.all(
    families.chains.map((chain) => caller.act('POST', path(chain), body(chain, 'with a signer killed'))),
  );
  await until('the signer is gone', async () => !pieces.isSignerRunning(5), 20_000);
  pieces.startSigner(5);
  await pieces.untilOnline(5);
  await session();
  await Promise.all(
    families.chains.map(async (chain) => {
      const listed: readonly Any[] = good(await caller.read(path(chain))).body.items;
      const mine = listed.find(({ externalId }) => externalId === body(chain, 'with a signer killed').externalId);
      // One that came while a signer was away was refused before anything was written, and is asked for again.
      const { id } = mine ?? (await persistently(chain, 'with a signer killed'));
      // What is not signed is given up; the signer that was restarted refuses it anyway, as its freshness token is gone.
      await caller.act('PUT', `${path(chain)}/${id}/abort`);
      const { status, reason } = await ended(chain, id);
      if (status === 'Confirmed') return;
      match(reason ?? '', /aborted by its user|E_CHALLENGE_STALE/, chain.name);
      const next = await persistently(chain, 'after a signer was killed');
      await untilConfirmed(chain, next.id);
    }),
  );

  await onceEach(before);
});

test('each event of a transfer was recorded once, in order, on every chain', async () => {
  await pieces.stopApi();
  const db = await openDatabase({ dataFolder: join(pieces.data, 'api') });
  const events = await listEvents(db.kysely, { orgId: caller.account.orgId });
  await db.close();
  equal(made.size, tried.length * families.chains.length);
  for (const [name, id] of made)
    deepEqual(
      events.filter(({ recordId }) => recordId === id).map(({ kind }) => kind),
      ['wallet.transfer.requested', 'wallet.transfer.broadcasted', 'wallet.transfer.confirmed'],
      name,
    );
});
