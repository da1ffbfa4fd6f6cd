/** A long journal is read behind the start of a signer: it signs meanwhile, and stops for good where damage comes to light. */
import { deepEqual, equal } from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'libsql';
import {
  type ActCommand,
  codesOf,
  createTestApi,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestSigner,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'journal 1';
console.log(`seed: ${seed}`);

const body = { kind: 'Message', message: '0x616263' };
/** Past the wait before the reading and all of its slices. */
const READ_MS = 4_000;

interface World {
  readonly api: TestApi<TestCluster>;
  readonly signer: TestSigner;
  sign(): ActCommand;
  codes(of?: readonly number[]): Promise<readonly string[]>;
  restart(change?: string): Promise<void>;
}
/** Signer 1 has a journal that is read behind its start. */
async function withLongJournal(): Promise<World> {
  const api = createTestApi(await startTestCluster(seed, { journal: { rowsAtOnceMax: 300 } }));
  const org = await api.found('Acme');
  const { keyId } = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  const signer = api.cluster.signers[0] as TestSigner;
  const store = signer.process?.store;
  store?.transaction('test', () => {
    while (store.journal.length < 1000) store.journal.append('row', {});
  });
  const sign = (): ActCommand =>
    api.makeAct({
      org,
      user: org.admin,
      method: 'POST',
      path: `/keys/${keyId}/signatures`,
      body,
      participants: [1, 2, 3],
    });
  return {
    api,
    signer,
    sign,
    codes: async (of = [1, 2, 3]) => codesOf(await api.broadcast(sign(), of)),
    async restart(change) {
      api.cluster.kill(1);
      await api.cluster.clock.settle();
      if (change !== undefined) {
        const db = new Database(join(signer.dir, 'store.sqlite'));
        db.exec(change);
        db.close();
      }
      await api.cluster.start(1);
      await api.cluster.clock.advance(1_000);
    },
  };
}
const events = ({ signer }: World, name: string): unknown[] =>
  signer.logs.filter(({ event }) => event === name).map(({ facts }) => facts);

test('a signer signs before it has read a long journal, and after', async () => {
  const w = await withLongJournal();
  await w.restart();
  equal((w.signer.process?.store.journal.unread ?? 0) > 900, true);

  deepEqual(await w.codes(), ['ok', 'ok', 'ok']);
  await w.api.cluster.clock.advance(READ_MS);
  equal(w.signer.process?.store.journal.unread, 0);
  equal(events(w, 'journal.read').length, 1);
  deepEqual(await w.codes(), ['ok', 'ok', 'ok']);
  w.api.cluster.stop();
});

test('damage found behind the start: what is under way ends, nothing begins, and no restart changes that', async () => {
  const w = await withLongJournal();
  await w.restart("update journal set facts = '{}' where seq = 4");
  // Nothing is known yet; the run cannot end before it is.
  w.api.cluster.net.tap(() => []);
  const running = w.api.broadcast(w.sign(), [1, 2, 3]);
  await w.api.cluster.clock.settle();
  equal(w.signer.process?.store.journal.damagedAt(), undefined);

  await w.api.cluster.clock.advance(READ_MS);
  w.api.cluster.net.tap(undefined);

  equal(w.signer.process?.store.journal.damagedAt(), 4);
  deepEqual(events(w, 'journal.damaged'), [{ row: 4 }]);
  await w.api.cluster.clock.advance(11_000);
  equal(codesOf(await running)[0], 'E_SEALED');
  for (let again = 0; again < 2; again += 1) {
    deepEqual(await w.codes([1]), ['E_SEALED']);
    const asked = async (kind: 'Heads' | 'Pending' | 'Status' | 'ImportKey') =>
      codesOf(await w.api.broadcast({ v: 1, id: 'q', kind }, [1]))[0];
    deepEqual(await Promise.all((['Heads', 'Pending', 'Status', 'ImportKey'] as const).map(asked)), [
      'ok',
      'ok',
      'ok',
      'E_SEALED',
    ]);
    await w.restart();
    equal(w.signer.process?.store.journal.damagedAt(), 4);
  }
  w.api.cluster.stop();
});

test('a signer killed in the middle of the reading reads everything before it answers again', async () => {
  const w = await withLongJournal();
  await w.restart();
  await w.api.cluster.clock.advance(2_050);
  const { unread } = w.signer.process?.store.journal ?? { unread: 0 };
  equal(unread > 0 && unread < 1000, true, `${unread} rows left`);

  await w.restart("update journal set facts = '{}' where seq = 4");

  equal(w.signer.process?.store.journal.damagedAt(), 4);
  deepEqual(await w.codes([1]), ['E_SEALED']);
  w.api.cluster.stop();
});
