/** Killed at every point of a step, restored from an older copy: nothing starts twice, nothing acknowledged is lost. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '@holdfast/contract/wire';
import {
  type ActCommand,
  codesOf,
  createTestApi,
  everybody,
  keyResult,
  type Replies,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'crash 1';
console.log(`seed: ${seed}`);

const body = { kind: 'Message', message: '0x616263' };

async function withKey(name = seed): Promise<{
  api: TestApi<TestCluster>;
  org: TestOrganisation;
  keyId: string;
  make: (participants?: number[]) => ActCommand;
}> {
  const api = createTestApi(await startTestCluster(name));
  const org = await api.found('Acme');
  const { keyId } = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  const make = (participants = [1, 2, 3]): ActCommand =>
    api.makeAct({ org, user: org.admin, method: 'POST', path: `/keys/${keyId}/signatures`, body, participants });
  return { api, org, keyId, make };
}
const storeOf = (api: TestApi<TestCluster>, index: number) => {
  const store = api.cluster.signers[index - 1]?.process?.store;
  if (store === undefined) throw new Error(`signer ${index} is dead`);
  return store;
};
const restart = async (api: TestApi<TestCluster>, index: number): Promise<void> => {
  api.cluster.kill(index);
  await api.cluster.start(index);
  await api.cluster.clock.advance(1_000);
};

// mpc-protocols §10 row 27: at each point the execution id is either burnt on the disk, or no message has left.
for (const { point, burnt } of [
  { point: 'store:sign:before-flush', burnt: false },
  { point: 'store:sign:after-flush', burnt: true },
  { point: 'run:send:bcast1', burnt: true },
  { point: 'run:send:bcast2', burnt: true },
]) {
  test(`row 27: killed at ${point}, the execution id is ${burnt ? 'burnt' : 'free and nothing has left'}`, async () => {
    const { api, make } = await withKey();
    const command = make();
    let left = 0;
    api.cluster.net.tap(({ from, message }) => {
      if (from === 1) left += 1;
      return [message];
    });
    api.cluster.signers[0]?.crashAt(point);

    const answers = api.broadcast(command, [1, 2, 3]);
    await api.cluster.clock.settle();
    await api.cluster.clock.advance(5_000);
    const codes = codesOf(await answers);
    api.cluster.net.tap(undefined);
    await restart(api, 1);

    equal(codes[0], 'none');
    const rows = storeOf(api, 1)
      .journal.rows()
      .filter(({ event }) => event === 'sign.started');
    equal(rows.length, burnt ? 1 : 0);
    if (!burnt) equal(left, 0);
    equal(storeOf(api, 1).journal.damagedAt(), undefined);
    for (const row of rows) {
      const { execIds } = JSON.parse(row.facts) as { execIds: string };
      ok(storeOf(api, 1).used.isStarted(new Uint8Array(Buffer.from(execIds, 'hex'))));
    }
    // The restarted process takes no part in what was signed before its start; a new assertion works.
    deepEqual(
      codesOf(await api.broadcast({ ...command, runNonce: toHex(api.cluster.random(32)) }, [1]))[0],
      'E_CHALLENGE_STALE',
    );
    deepEqual(codesOf(await api.broadcast(make(), [1, 2, 3])), ['ok', 'ok', 'ok']);
    api.cluster.stop();
  });
}

test('row 27: a signer restored from an older copy takes no part in what its other self has signed', async () => {
  const { api, make } = await withKey();
  const file = join(api.cluster.signers[0]?.dir ?? '', 'store.sqlite');
  api.cluster.kill(1);
  await api.cluster.clock.settle();
  copyFileSync(file, `${file}.old`);
  await api.cluster.start(1);
  await api.cluster.clock.advance(1_000);
  const command = make();
  deepEqual(codesOf(await api.broadcast(command, [1, 2, 3])), ['ok', 'ok', 'ok']);

  api.cluster.kill(1);
  await api.cluster.clock.settle();
  copyFileSync(`${file}.old`, file);
  await api.cluster.start(1);
  await api.cluster.clock.advance(1_000);

  // Its copy knows neither the assertion nor the execution id: what stops it is that its tokens died with the process.
  equal(codesOf(await api.broadcast(command, [1]))[0], 'E_CHALLENGE_STALE');
  api.cluster.stop();
});

test('a share that was acknowledged before a crash becomes the key by the certificate', async () => {
  const { api, org } = await withKey();
  const command = api.makeAct({
    org,
    user: org.admin,
    method: 'POST',
    path: '/keys',
    body: { scheme: 'EdDSA', curve: 'ed25519' },
    participants: everybody,
  });
  api.cluster.signers[4]?.crashAt('store:activate:before-flush');
  deepEqual(codesOf(await api.broadcast(command)), ['ok', 'ok', 'ok', 'ok', 'none']);
  await restart(api, 5);
  const act = { request: command.request, assertion: command.assertion };
  const made = keyResult(await api.broadcast({ v: 1, id: 'm', kind: 'Made', act }));

  const pending = (await api.broadcast({ v: 1, id: 'p', kind: 'Pending' }, [5])).get(5);
  if (pending?.ok !== true || pending.result.t !== 'pending') throw new Error('no pending list');
  const mine = pending.result.keys.find(({ keyId }) => keyId === made.keyId);
  deepEqual(mine?.statement, made.statements[4]);
  const certificate = (statements: typeof made.statements): Promise<Replies> =>
    api.broadcast({ v: 1, id: 'k', kind: 'KeyCertificate', keyId: made.keyId, statements }, [5]);
  deepEqual(codesOf(await certificate(made.statements.slice(0, 4))), ['E_ACKS']);
  deepEqual(codesOf(await certificate(made.statements)), ['ok']);

  const sign = await api.act({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${made.keyId}/signatures`,
    body,
    participants: [1, 4, 5],
  });
  deepEqual(codesOf(sign), ['ok', 'ok', 'ok']);
  // Asked again, those that made the key give the same answer and run nothing.
  equal(
    keyResult(await api.broadcast({ ...command, runNonce: toHex(api.cluster.random(32)) }, [1, 2, 3, 4])).publicKey,
    made.publicKey,
  );
  api.cluster.stop();
});

for (const point of [
  'store:dkg:after-flush',
  'run:send:bcast1',
  'run:send:echo1',
  'store:pending:before-flush',
  'store:pending:after-flush',
]) {
  test(`a signer killed at ${point} of a key generation: nobody has the key, and the next attempt makes it`, async () => {
    const { api, org } = await withKey();
    api.cluster.signers[2]?.crashAt(point);
    const make = (): ActCommand =>
      api.makeAct({
        org,
        user: org.admin,
        method: 'POST',
        path: '/wallets',
        body: { network: 'Solana' },
        participants: everybody,
      });
    const answers = api.broadcast(make());
    await api.cluster.clock.settle();
    await api.cluster.clock.advance(11_000);
    const codes = codesOf(await answers);
    await restart(api, 3);
    await api.cluster.clock.advance(10_000);

    equal(codes[2], 'none');
    deepEqual(
      codes.filter((code) => code === 'ok'),
      [],
    );
    equal(storeOf(api, 1).keys.count(), 1);
    await api.certify(keyResult(await api.broadcast(make())));
    equal(storeOf(api, 3).keys.count(), 2);
    api.cluster.stop();
  });
}

test('two signers killed: any three still sign with FROST; what needs five says who is missing', async () => {
  const { api, org, make } = await withKey();
  api.cluster.kill(2);
  api.cluster.kill(4);

  deepEqual(codesOf(await api.broadcast(make([1, 3, 5]), [1, 3, 5])), ['ok', 'ok', 'ok']);
  deepEqual(
    codesOf(
      await api.act({
        org,
        user: org.admin,
        method: 'POST',
        path: '/keys',
        body: { scheme: 'EdDSA', curve: 'ed25519' },
        participants: everybody,
        to: [1, 3, 5],
      }),
    ),
    ['E_PEER_GONE', 'E_PEER_GONE', 'E_PEER_GONE'],
  );
  api.cluster.stop();
});

test('a peer that dies in the middle of a run ends it at once, not at the deadline', async () => {
  const { api, make } = await withKey();
  api.cluster.signers[2]?.crashAt('run:send:bcast2');

  // No time passes in this test.
  deepEqual(codesOf(await api.broadcast(make(), [1, 2, 3])), ['E_PEER_GONE', 'E_PEER_GONE', 'none']);
  api.cluster.stop();
});

test('an exported mark is on the disk before a share can leave', async () => {
  const { api, org, keyId, make } = await withKey();
  await api.govern({
    org,
    user: org.admin,
    method: 'PUT',
    path: `/orgs/${org.org}/settings`,
    body: { keyExport: true },
  });
  const encryptionKey = 'AQJ5vmZ++dy7rFWgYpXOhwsHApv82y3OKNlZ8oFbFvgXmA==';
  api.cluster.signers[0]?.crashAt('store:export:after-flush');
  const replies = await api.act({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${keyId}/export`,
    body: { encryptionKey, supportedSchemes: [{ protocol: 'FROST', curve: 'ed25519' }] },
  });
  deepEqual(codesOf(replies), ['none', 'ok', 'ok', 'ok', 'ok']);
  await restart(api, 1);

  equal(storeOf(api, 1).keys.key(keyId)?.exported, true);
  deepEqual(codesOf(await api.broadcast(make(), [1, 2, 3])), ['E_KEY_EXPORTED', 'E_KEY_EXPORTED', 'E_KEY_EXPORTED']);
  api.cluster.stop();
});
