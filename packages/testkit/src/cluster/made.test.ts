/** Asked what a signed request has made, a signer answers as it did then, and makes nothing by being asked. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { deriveId } from '@holdfast/authority/ids';
import {
  type ActCommand,
  codesOf,
  createTestApi,
  everybody,
  keyResult,
  nullifierOf,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'made 1';
console.log(`seed: ${seed}`);

async function founded(): Promise<{ api: TestApi<TestCluster>; org: TestOrganisation }> {
  const api = createTestApi(await startTestCluster(seed));
  return { api, org: await api.found('Acme') };
}
const ask = (api: TestApi<TestCluster>, { request, assertion }: ActCommand, to: readonly number[] = everybody) =>
  api.broadcast({ v: 1, id: 'm', kind: 'Made', act: { request, assertion } }, to);
const restart = async (api: TestApi<TestCluster>, index: number): Promise<void> => {
  api.cluster.kill(index);
  await api.cluster.start(index);
};

test('a wallet: the same key, statement and mark, pending or active, over restarts and without fresh tokens', async () => {
  const { api, org } = await founded();
  const body = { network: 'Solana' };
  const command = api.makeAct({
    org,
    user: org.admin,
    method: 'POST',
    path: '/wallets',
    body,
    participants: everybody,
  });
  deepEqual(codesOf(await ask(api, command)), Array(5).fill('E_NOT_FOUND'));
  api.cluster.signers[4]?.crashAt('store:activate:before-flush');
  deepEqual(codesOf(await api.broadcast(command)), ['ok', 'ok', 'ok', 'ok', 'none']);
  for (const index of everybody) await restart(api, index);
  await api.cluster.clock.advance(10_000);

  // Active at four, pending at the fifth.
  const key = keyResult(await ask(api, command));
  deepEqual(keyResult(await ask(api, command)), key);
  equal(key.walletId, deriveId('wa', nullifierOf(command)));
  equal(key.marks.length, 5);
  const rows = api.cluster.signers[4]?.process?.store.journal.rows().length;
  await api.certify(key);
  deepEqual(keyResult(await ask(api, command)), key);
  equal(api.cluster.signers[4]?.process?.store.journal.rows().length, (rows ?? 0) + 1);
  api.cluster.stop();
});

test('a key whose run did not come to its end: those with a share state it, the others say there is none', async () => {
  const { api, org } = await founded();
  const body = { scheme: 'EdDSA', curve: 'ed25519' };
  const command = api.makeAct({ org, user: org.admin, method: 'POST', path: '/keys', body, participants: everybody });
  api.cluster.signers[1]?.crashAt('store:pending:before-flush');
  const answers = api.broadcast(command);
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(15_000);
  await answers;
  await api.cluster.start(2);
  await api.cluster.clock.advance(10_000);

  equal(codesOf(await ask(api, command))[1], 'E_NOT_FOUND');
  api.cluster.stop();
});

test('export, archiving and a second wallet: their marks again, from those that carried them out', async () => {
  const { api, org } = await founded();
  const { keyId } = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  const body = { network: 'Solana', signingKey: { id: keyId } };
  const add = api.makeAct({ org, user: org.admin, method: 'POST', path: '/wallets', body });
  const archive = api.makeAct({ org, user: org.admin, method: 'DELETE', path: `/keys/${keyId}`, body: {} });

  for (const command of [add, archive]) {
    const given = await api.broadcast(command, [1, 2, 3]);
    deepEqual(codesOf(given), ['ok', 'ok', 'ok']);
    const again = await ask(api, command);
    deepEqual(codesOf(again), ['ok', 'ok', 'ok', 'E_NOT_FOUND', 'E_NOT_FOUND']);
    for (const [index, reply] of given)
      deepEqual(again.get(index)?.ok === true && again.get(index), { ...reply, id: 'm' });
  }
  api.cluster.stop();
});

test('refuses an act that nobody signed, and one that leaves nothing behind', async () => {
  const { api, org } = await founded();
  const { keyId } = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  const command = api.makeAct({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${keyId}/signatures`,
    body: { kind: 'Message', message: '0x00' },
    participants: [1, 2, 3],
  });

  deepEqual(codesOf(await ask(api, command, [1])), ['E_COMMAND']);
  const forged = { ...command, request: { ...command.request, path: '/keys' } };
  deepEqual(codesOf(await ask(api, forged, [1])), ['E_CHALLENGE_REQUEST']);
  api.cluster.stop();
});

test('a second import of one key is told its id in its own organisation, and nothing in another', async () => {
  const { api, org } = await founded();
  const other = await api.found('Other');
  for (const each of [org, other])
    await api.govern({
      org: each,
      user: each.admin,
      method: 'PUT',
      path: `/orgs/${each.org}/settings`,
      body: { keyImport: true },
    });
  const secret = new Uint8Array(32).fill(3);
  const wish = { curve: 'ed25519', protocol: 'FROST', secret } as const;
  const first = keyResult(await api.importKey({ org, user: org.admin, ...wish }));

  for (const { of, told } of [
    { of: org, told: first.keyId },
    { of: other, told: undefined },
  ]) {
    const replies = await api.importKey({ org: of, user: of.admin, ...wish });
    for (const reply of replies.values()) {
      if (reply?.ok !== false) throw new Error('was taken');
      deepEqual([reply.error.code, reply.error.details?.['keyId']], ['E_KEY_EXISTS', told]);
    }
  }
  api.cluster.stop();
});
