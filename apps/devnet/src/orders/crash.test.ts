/**
 * kill −9 of the api between any two steps of a transfer, and of a signer while it signs: afterwards the chain has exactly
 * one transaction, the transfer an end, and each event was recorded once.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@holdfast/storage/database';
import { listEvents } from '@holdfast/storage/records';
import { Caller, good, Lost } from '../faults/caller.ts';
import { Pieces } from '../faults/pieces.ts';
import { until } from '../harness/index.ts';
import { type Anvil, startAnvil } from '../nodes/anvil.ts';
import { CHAIN_ID, configure, mine, NETWORK, nonceOf } from './index.ts';

const to = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';

/** Every place of the engine that names a crash point, found and not listed. */
const folder = fileURLToPath(new URL('../../../api/dist/orders', import.meta.url));
const points = [
  ...new Set(
    readdirSync(folder)
      .filter((file) => file.endsWith('.js') && !file.endsWith('.test.js'))
      .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/env\.point\('([^']+)'\)/g)])
      .map(([, name]) => name ?? ''),
  ),
];

let pieces: Pieces;
let anvil: Anvil;
let caller: Caller;
let wallet: { id: string; address: string };
const made: string[] = [];

before(async () => {
  [pieces, anvil] = await Promise.all([Pieces.found(), startAnvil({ chainId: CHAIN_ID })]);
  configure(pieces, anvil);
  await pieces.startApi({ online: 5 });
  caller = new Caller(await pieces.createOrg('Acme'));
  wallet = good(await caller.act('POST', '/wallets', { network: NETWORK })).body;
  await anvil.rpc('anvil_setBalance', [wallet.address, `0x${(10n ** 20n).toString(16)}`]);
});
after(async () => {
  await Promise.all([pieces.stop(), anvil.stop()]);
  pieces.remove();
});

const path = () => `/wallets/${wallet.id}/transfers`;
const balance = async () => BigInt(await anvil.rpc<string>('eth_getBalance', [to, 'latest']));
const body = (externalId: string) => ({ kind: 'Native', to, amount: '1000', externalId });
const session = () => until('five hold a session', async () => pieces.hasSession(), 20_000);

async function untilConfirmed(id: string): Promise<void> {
  await until(
    `${id} is confirmed; output so far:\n${pieces.output.slice(-1500)}`,
    async () => {
      const { status, reason } = good(await caller.read(`${path()}/${id}`)).body;
      if (status === 'Failed') throw new Error(`failed: ${reason}`);
      return status === 'Confirmed';
    },
    60_000,
  );
}

/** The last step first: what carries on after one crash does not pass the point of the next. */
const lastFirst = [
  'orders.confirmed',
  'orders.broadcasted',
  'orders.broadcast',
  'orders.stored',
  'orders.signed',
  'orders.begun',
];

test('there are crash points between all steps', () => deepEqual([...points].sort(), [...lastFirst].sort()));

for (const [k, point] of lastFirst.entries()) {
  test(`kill −9 of the api at ${point}: one transaction, and the transfer is confirmed`, async () => {
    await session();
    const nonce = await nonceOf(anvil, wallet.address);
    const before = await balance();
    if (k === 0) ok(await pieces.startApi({ crashAt: `${point}:1`, online: 5 }));
    await session();

    const request = () => caller.act('POST', path(), body(point));
    await request().catch((error: unknown) => {
      if (!(error instanceof Lost)) throw error;
    });
    // Confirmed only after a block on top; until then that point is not passed.
    if (point === 'orders.confirmed') await mine(anvil);
    equal(await pieces.apiEnded(), 'SIGKILL');
    const next = lastFirst[k + 1];
    ok(await pieces.startApi({ online: 5, ...(next === undefined ? {} : { crashAt: `${next}:1` }) }));
    await session();
    const again = good(await request()).body;
    await until('it is in a block', async () => (await nonceOf(anvil, wallet.address)) === nonce + 1, 20_000);
    await mine(anvil);
    await untilConfirmed(again.id);

    made.push(again.id);
    equal(await nonceOf(anvil, wallet.address), nonce + 1);
    equal(await balance(), before + 1000n);
    const listed = good(await caller.read(path())).body.items.filter(
      ({ externalId }: { externalId?: string }) => externalId === point,
    );
    deepEqual(
      listed.map(({ id }: { id: string }) => id),
      [again.id],
    );
  });
}

test('kill −9 of a signer while it signs: one transaction, of this transfer or, where it was aborted, of the next', async () => {
  await session();
  const nonce = await nonceOf(anvil, wallet.address);
  const before = await balance();
  await pieces.killSigner(5);
  pieces.startSigner(5, { crashAt: 'store:sign:after-flush:1' });
  await pieces.untilOnline(5);
  await session();

  const first = await caller.act('POST', path(), body('with a signer killed'));
  await until('the signer is gone', async () => !pieces.isSignerRunning(5), 20_000);
  pieces.startSigner(5);
  await pieces.untilOnline(5);
  await session();
  const { items } = good(await caller.read(path())).body;
  const id = first.body?.id ?? items[0].id;
  // Three others may have signed it together; where they could not, it still waits, and its user gives it up.
  const aborted = await caller.act('PUT', `${path()}/${id}/abort`);
  if (aborted.status === 200) {
    const next = good(await caller.act('POST', path(), body('after a signer was killed'))).body;
    equal(next.details.nonce, String(nonce));
    await mine(anvil);
    await untilConfirmed(next.id);
    equal(good(await caller.read(`${path()}/${id}`)).body.status, 'Failed');
  } else {
    await until('it is in a block', async () => (await nonceOf(anvil, wallet.address)) === nonce + 1, 20_000);
    await mine(anvil);
    await untilConfirmed(id);
  }

  equal(await nonceOf(anvil, wallet.address), nonce + 1);
  equal(await balance(), before + 1000n);
});

test('each event of a transfer was recorded once, in order', async () => {
  await pieces.stopApi();
  const db = await openDatabase({ dataFolder: join(pieces.data, 'api') });
  const events = await listEvents(db.kysely, { orgId: caller.account.orgId });
  await db.close();
  for (const id of made)
    deepEqual(
      events.filter(({ recordId }) => recordId === id).map(({ kind }) => kind),
      ['wallet.transfer.requested', 'wallet.transfer.broadcasted', 'wallet.transfer.confirmed'],
    );
});
