/** Rounds of refresh at the api, on a real database: what is written when, what is waited for, and what is taken up again. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { WalletError } from '@holdfast/contract/errors';
import { scratchEngine, type TestEngine } from '@holdfast/storage/conformance';
import type { Database } from '@holdfast/storage/database';
import { findKeyOfCluster, insertOrganisation, listKeyStatements } from '@holdfast/storage/records';
import { handlers } from '../operations/index.ts';
import { ORG, type TestApi, testApi, testAuth, testEnv } from '../testing/index.ts';
import { createRefresher, type RefreshStatus } from './index.ts';

let db: Database;
let engine: TestEngine;
let api: TestApi;
const ids: string[] = [];

before(async () => {
  engine = await scratchEngine('pglite');
  db = await engine.open();
  const row = { name: 'Test', genesis: '{}', head: 'A', height: 0, dateCreated: '2026-11-20T08:00:00.000Z' };
  await insertOrganisation(db.kysely, { id: ORG, ...row, state: { settings: { keyImport: true, keyExport: true } } });
});
after(async () => {
  await db.close();
  await engine.remove();
});
beforeEach(async () => {
  await db.kysely.deleteFrom('refreshRound').execute();
  await db.kysely.deleteFrom('keyRefreshes').execute();
  await db.kysely.deleteFrom('recordMarks').execute();
  await db.kysely.deleteFrom('keyStatements').execute();
  await db.kysely.deleteFrom('signatures').execute();
  await db.kysely.deleteFrom('keys').execute();
  api = testApi({ handlers, db });
  ids.splice(0);
  for (let k = 0; k < 3; k += 1) {
    const { status, body } = await api.call('POST', '/keys', { scheme: 'EdDSA', curve: 'ed25519' });
    equal(status, 200, JSON.stringify(body));
    ids.push(body.id);
  }
  // A round takes keys that were there before it.
  await api.env.advance(1_000);
});

const rowOf = async (id: string) => {
  const row = await findKeyOfCluster(db.kysely, id);
  if (row === undefined) throw new Error(`no key ${id}`);
  return row;
};
const statusOf = (): Promise<RefreshStatus> => api.ctx.refresher.status();
/** Lets the database answer and the clock go on until it is so. */
async function until(isSo: (status: RefreshStatus) => boolean, msMax = 600_000): Promise<RefreshStatus> {
  for (let passed = 0; passed < msMax; passed += 250) {
    const status = await statusOf();
    if (isSo(status)) return status;
    await api.env.advance(250);
  }
  throw new Error(`still ${JSON.stringify(await statusOf())}`);
}
const isDone = ({ state }: RefreshStatus): boolean => state === 'Done';
const sign = (id: string) => api.call('POST', `/keys/${id}/signatures`, { kind: 'Message', message: '0x616263' });

test('a round gives every key a new epoch with five statements, lets the old shares be erased, and ends', async () => {
  const before = await Promise.all(ids.map(rowOf));
  await api.ctx.refresher.begin('operator');

  const done = await until(isDone);

  deepEqual([done.keys, done.refreshed, done.failed, done.reasons, done.cause], [3, 3, 0, [], 'operator']);
  ok(done.dateEnded !== undefined);
  for (const [k, id] of ids.entries()) {
    const { epoch, publicKey } = await rowOf(id);
    ok(epoch !== before[k]?.epoch);
    equal(publicKey, before[k]?.publicKey);
    equal((await listKeyStatements(db.kysely, id)).length, 5);
    for (let index = 1; index <= 5; index += 1)
      deepEqual(
        api.cluster.sharings(index, id).map((each) => each.epoch),
        [epoch],
      );
    equal((await api.call('GET', `/keys/${id}`)).body.attestations.length, 5);
    equal((await sign(id)).status, 200);
  }
});

test('an exported key has no turn, an archived one has', async () => {
  await db.kysely
    .updateTable('keys')
    .set({ isExported: true })
    .where('id', '=', ids[0] ?? '')
    .execute();
  await db.kysely
    .updateTable('keys')
    .set({ status: 'Archived' })
    .where('id', '=', ids[1] ?? '')
    .execute();
  const before = await Promise.all(ids.map(rowOf));
  await api.ctx.refresher.begin('operator');

  const { keys, refreshed } = await until(isDone);

  deepEqual([keys, refreshed], [2, 2]);
  const after = await Promise.all(ids.map(rowOf));
  deepEqual(
    after.map(({ epoch }, k) => epoch !== before[k]?.epoch),
    [false, true, true],
  );
});

test('a signer that is away: who asks is told, a round under way waits and says for what, and goes on when it is back', async () => {
  const operator = testApi({ handlers, db, auth: { ...testAuth(new Set()), authenticateOperator: async () => {} } });
  operator.cluster.setOnline(1, 2, 3, 5);
  const refused = await operator.call('POST', '/holdfast/cluster/refresh');
  deepEqual([refused.status, refused.body.error.details.code], [503, 'E_SIGNERS_UNAVAILABLE']);
  match(refused.body.error.message, /4 of 5 signers available, 5 needed/);

  await api.ctx.refresher.begin('operator');
  api.cluster.setOnline(1, 2, 3, 5);
  const waiting = await until(({ state }) => state === 'Waiting');
  match(waiting.reasons[0] ?? '', /4 of 5 signers available/);
  api.cluster.setOnline(1, 2, 3, 4, 5);
  equal((await until(isDone)).refreshed, 3);
});

test('a key whose turn fails comes again after the others, and says why until then', async () => {
  let fails = 2;
  api.cluster.behaviours.set(3, (command) => {
    if (command.kind !== 'Refresh' || command.keyId !== ids[0] || fails === 0) return undefined;
    fails -= 1;
    return { refuse: 'E_PEER_GONE' };
  });
  const before = await rowOf(ids[0] ?? '');
  await api.ctx.refresher.begin('operator');

  const halfWay = await until(({ refreshed, failed }) => refreshed === 2 && failed === 1);
  match(halfWay.reasons.join(), new RegExp(`${ids[0]}: E_PEER_GONE`));
  equal((await rowOf(ids[0] ?? '')).epoch, before.epoch);
  equal((await sign(ids[0] ?? '')).status, 200);

  const done = await until(isDone);
  deepEqual([done.refreshed, done.failed], [3, 0]);
});

test('stopped after the keys it is at, taken up again by a process that comes after, and finished', async () => {
  for (let k = 0; k < 6; k += 1) await api.call('POST', '/keys', { scheme: 'EdDSA', curve: 'ed25519' });
  await api.env.advance(1_000);
  /** In the middle of the next four keys, which are under way together. */
  const midway = (act: () => void): void => {
    api.cluster.behaviours.set(5, (command) => {
      if (command.kind !== 'Refresh') return undefined;
      api.cluster.behaviours.delete(5);
      act();
      return undefined;
    });
  };
  let stopping: Promise<void> | undefined;
  midway(() => (stopping = api.ctx.refresher.stop()));
  await api.ctx.refresher.begin('operator');
  await until(({ state }) => state === 'Stopped');
  await stopping;
  equal((await statusOf()).refreshed, 4);
  await api.env.advance(60_000);
  equal((await statusOf()).refreshed, 4);

  // A round that is under way belongs to the cluster: another process goes on where this one ended.
  let closing: Promise<void> | undefined;
  midway(() => (closing = api.ctx.refresher.close()));
  await api.ctx.refresher.begin('operator');
  await until(({ refreshed }) => refreshed === 4);
  await closing;
  await api.env.advance(60_000);
  const { state, refreshed } = await statusOf();
  deepEqual([state, refreshed], ['Running', 4]);
  const next = createRefresher(api.ctx);
  await until(isDone);
  equal((await next.status()).refreshed, 9);
  await next.close();
});

test('killed after the signers, before the row: the next look finds the new epoch, writes it down and lets the old one go', async () => {
  const id = ids[0] ?? '';
  const { epoch: before } = await rowOf(id);
  const made = await api.ctx.signers.refreshKey(await rowOf(id));
  equal((await rowOf(id)).epoch, before);
  equal(api.cluster.sharings(1, id).length, 2);
  // Both epochs can be named.
  equal((await sign(id)).status, 200);

  await api.ctx.signers.settleEpochs();

  equal((await rowOf(id)).epoch, made.epoch);
  for (let index = 1; index <= 5; index += 1) equal(api.cluster.sharings(index, id).length, 1);
  equal((await sign(id)).status, 200);
});

test('a signer that missed the certificate is shown it, and nothing is erased before all five have promised', async () => {
  const id = ids[0] ?? '';
  const { epoch } = await api.ctx.signers.refreshKey(await rowOf(id));
  const late = api.cluster.sharings(4, id).find((each) => each.epoch === epoch);
  if (late === undefined) throw new Error('signer 4 holds it');
  late.certified = false;
  api.cluster.setOnline(1, 2, 3, 5);
  await api.ctx.signers.settleEpochs();
  for (const index of [1, 2, 3, 5]) equal(api.cluster.sharings(index, id).length, 2);
  equal(late.certified, false);

  api.cluster.setOnline(1, 2, 3, 4, 5);
  await api.ctx.signers.settleEpochs();

  equal(late.certified, true);
  for (let index = 1; index <= 5; index += 1) equal(api.cluster.sharings(index, id).length, 1);
});

test('one signer that calls an older sharing the newest moves no row, and the key signs on', async () => {
  const id = ids[0] ?? '';
  const { epoch: before } = await rowOf(id);
  const made = await api.ctx.signers.refreshKey(await rowOf(id));
  const said = api.cluster.sharings(5, id);
  said.splice(0, said.length, ...said.map((each) => (each.epoch === before ? { ...each, generation: 9 } : each)));

  await api.ctx.signers.settleEpochs();
  await api.ctx.signers.settleEpochs();

  equal((await rowOf(id)).epoch, made.epoch);
  for (const index of [1, 2, 3, 4])
    deepEqual(
      api.cluster.sharings(index, id).map(({ epoch }) => epoch),
      [made.epoch],
    );
  equal((await sign(id)).status, 200);
});

test('a request that names an epoch erased meanwhile is signed in the new one, and nobody is blamed', async () => {
  const id = ids[0] ?? '';
  // The shares change between the reading of the row and the signers' answer, and the row is behind.
  const { epoch: before } = await rowOf(id);
  const made = await api.ctx.signers.refreshKey(await rowOf(id));
  await api.ctx.signers.confirmEpoch({ keyId: id, ...made });
  equal((await rowOf(id)).epoch, before);

  equal((await sign(id)).status, 200);

  equal((await rowOf(id)).epoch, made.epoch);
  const named = api.cluster.commands.flatMap(({ command }) =>
    command.kind === 'Act' && command.keyEpoch ? [command.keyEpoch] : [],
  );
  deepEqual(new Set(named.slice(-3)), new Set([made.epoch]));
});

for (const [what, change] of Object.entries<(result: { epoch: string; publicKey: string }) => object>({
  'another epoch': () => ({ epoch: '22'.repeat(32) }),
  'another public key': () => ({ publicKey: '11'.repeat(32) }),
  'no confirmation': () => ({ confirmation: undefined }),
  'a confirmation by somebody else': () => ({ confirmation: { index: 4, signature: 'A'.repeat(86) } }),
  'a statement by somebody else': () => ({ statement: { index: 4, signature: 'A'.repeat(86) } }),
})) {
  test(`a refresh on which one signer states ${what} changes nothing here`, async () => {
    const row = await rowOf(ids[0] ?? '');
    const answers = new Map<string, object>();
    const usual = api.cluster.link.send.bind(api.cluster.link);
    Object.assign(api.cluster.link, {
      async send(index: number, sent: Parameters<typeof usual>[1], o: Parameters<typeof usual>[2]) {
        const reply = await usual(index, sent, o);
        if (index !== 4 || !reply.ok || reply.result.t !== 'key') return reply;
        answers.set(row.id, reply);
        return { ...reply, result: { ...reply.result, ...change(reply.result) } };
      },
    });

    await rejects(api.ctx.signers.refreshKey(row), (e) => e instanceof WalletError && e.code === 'E_CLUSTER_DISAGREES');
    ok(answers.size === 1);
    equal((await rowOf(row.id)).epoch, row.epoch);
  });
}

/** A round's own clock, so that days pass without all else that happens every minute. */
function aside(refreshDays: number) {
  const env = testEnv('aside');
  const refresher = createRefresher({ ...api.ctx, env, config: { ...api.ctx.config, refreshDays } });
  const pass = async (days: number): Promise<void> => {
    for (let hour = 0; hour < days * 24; hour += 1) await env.advance(3_600_000);
  };
  return { refresher, pass };
}

test('a round begins by itself when the oldest shares are as old as the setting says, and not before', async () => {
  const { refresher, pass } = aside(7);
  await pass(6);
  equal((await refresher.status()).state, 'Never');

  await pass(2);

  equal((await refresher.status()).cause, 'schedule');
  await refresher.close();
});

test('with 0 days nothing begins by itself, and only an operator asks', async () => {
  const { refresher, pass } = aside(0);
  await pass(30);
  equal((await refresher.status()).state, 'Never');
  await refresher.close();

  for (const method of ['POST', 'GET', 'DELETE'] as const) {
    const { status, body } = await api.call(method, '/holdfast/cluster/refresh');
    deepEqual([status, body.error.details.code], [401, 'E_OPERATOR_TOKEN'], method);
  }
  const operator = testApi({ handlers, db, auth: { ...testAuth(new Set()), authenticateOperator: async () => {} } });
  // Its clock begins where the other one did, when the keys were made.
  await operator.env.advance(2_000);
  equal((await operator.call('GET', '/holdfast/cluster/refresh')).body.state, 'Never');
  const begun = (await operator.call('POST', '/holdfast/cluster/refresh')).body;
  deepEqual([begun.cause, begun.keys], ['operator', 3]);
  // Three keys may be done before the second call is here.
  ok(['Stopped', 'Done'].includes((await operator.call('DELETE', '/holdfast/cluster/refresh')).body.state));
});
