/** A signer restored from a backup of any age: it says nothing before it knows what it has forgotten, then heals itself. */
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ActCommand,
  acksOf,
  codesOf,
  createTestApi,
  everybody,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'backup 1';
console.log(`seed: ${seed}`);

async function founded(): Promise<{ api: TestApi<TestCluster>; org: TestOrganisation }> {
  const api = createTestApi(await startTestCluster(seed));
  return { api, org: await api.found('Acme') };
}
const settings = (org: TestOrganisation, user = org.admin) =>
  ({ org, user, method: 'PUT', path: `/orgs/${org.org}/settings` }) as const;
const catchUp = (api: TestApi<TestCluster>, org: TestOrganisation, to: readonly number[]) =>
  api.broadcast({ v: 1, id: 'up', kind: 'CatchUp', org: org.org, entries: [...api.entries(org.org)] }, to);
const rejoined = (api: TestApi<TestCluster>, index: number): boolean =>
  api.cluster.signers[index - 1]?.process?.store.restored.pending() === undefined;

test('a signer restored from its newest backup signs again once the others have answered, with the shares it had', async () => {
  const { api, org } = await founded();
  const key = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  const sign = (participants: number[]) =>
    api.act({
      org,
      user: org.admin,
      method: 'POST',
      path: `/keys/${key.keyId}/signatures`,
      body: { kind: 'Message', message: '0x616263' },
      participants,
    });

  await api.cluster.restore(2, api.cluster.backup(2));
  equal(rejoined(api, 2), false);
  deepEqual(
    codesOf(
      await api.broadcast({ v: 1, id: 'w', kind: 'Withdraw', org: org.org, height: 9, head: 'A'.repeat(43) }, [2]),
    ),
    ['E_RESTORED'],
  );
  await api.cluster.clock.advance(1_000);

  equal(rejoined(api, 2), true);
  deepEqual(codesOf(await sign([1, 2, 3])), ['ok', 'ok', 'ok']);
  api.cluster.stop();
});

test('a backup of any age is known as stale: its signer uses nothing before it has caught up, and then everything', async () => {
  const { api, org } = await founded();
  const ages = [api.cluster.backup(4)];
  for (let height = 1; height <= 6; height++) {
    equal((await api.govern({ ...settings(org), body: { keyImport: height % 2 === 0 } })).length, 5);
    ages.push(api.cluster.backup(4));
  }
  const create = () =>
    api.makeAct({
      org,
      user: org.admin,
      method: 'POST',
      path: '/keys',
      body: { scheme: 'EdDSA', curve: 'ed25519' },
      participants: everybody,
    });

  for (const [age, file] of ages.entries()) {
    // Four times the others give their tokens for it, then once in five minutes.
    await api.cluster.clock.advance(6 * 60_000);
    await api.cluster.restore(4, file);
    deepEqual(codesOf(await api.broadcast(create(), [4])), ['E_RESTORED'], `age ${age}`);
    await api.cluster.clock.advance(1_000);
    equal(rejoined(api, 4), true);
    if (age < 6) {
      const stale = codesOf(await api.act({ ...settings(org), body: { keyExport: true }, to: [4] }));
      notEqual(stale[0], 'ok', `age ${age}`);
    }

    deepEqual(codesOf(await catchUp(api, org, [4])), ['ok'], `age ${age}`);
    deepEqual(codesOf(await api.act({ ...settings(org), body: { keyExport: true }, to: [4] })), ['ok'], `age ${age}`);
  }
  api.cluster.stop();
});

test('what it had acknowledged and forgotten is not acknowledged a second time in another form', async () => {
  const { api, org } = await founded();
  const file = api.cluster.backup(3);
  const entry = (keyImport: boolean): ActCommand => api.makeAct({ ...settings(org), body: { keyImport } });
  const first = entry(true);
  // Signers 1, 2 and 3 acknowledge it: together a certificate, of which nobody is told.
  equal(acksOf(await api.broadcast(first, [1, 2, 3])).length, 3);

  await api.cluster.restore(3, file);
  await api.cluster.clock.advance(20_000);

  // The other two would take another entry at that height, and a third vote would certify it.
  const second = entry(false);
  const codes = codesOf(await api.broadcast(second, [3, 4, 5]));
  deepEqual(codes.slice(1), ['ok', 'ok']);
  equal(codes[0], 'E_CREDENTIAL_UNKNOWN');
  api.cluster.stop();
});

test('what reaches the others only after it was restored is not fresh for them any more', async () => {
  const { api, org } = await founded();
  const file = api.cluster.backup(3);
  const first = api.makeAct({ ...settings(org), body: { keyImport: true } });
  equal(acksOf(await api.broadcast(first, [3])).length, 1);

  await api.cluster.restore(3, file);
  await api.cluster.clock.advance(1_000);

  deepEqual(codesOf(await api.broadcast(first, [1, 2, 4, 5])), Array(4).fill('E_CHALLENGE_STALE'));
  api.cluster.stop();
});

test('two answers are not enough, and answers of a signer that has forgotten itself do not count', async () => {
  const { api } = await founded();
  const [two, three] = [api.cluster.backup(2), api.cluster.backup(3)];
  api.cluster.kill(5);
  api.cluster.kill(4);

  await api.cluster.restore(2, two);
  await api.cluster.restore(3, three);
  await api.cluster.clock.advance(60_000);
  equal(rejoined(api, 2), false);
  equal(rejoined(api, 3), false);

  await api.cluster.start(4);
  await api.cluster.start(5);
  await api.cluster.clock.advance(10_000);
  equal(rejoined(api, 2), true);
  equal(rejoined(api, 3), true);
  api.cluster.stop();
});

test('where three signers are lost for good, the operator lets two answers do', async () => {
  const { api, org } = await founded();
  const key = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  const file = api.cluster.backup(3);
  for (const lost of [3, 4, 5]) api.cluster.kill(lost);

  await api.cluster.restore(3, file, { others: 2 });
  await api.cluster.clock.advance(20_000);

  const replies = await api.act({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${key.keyId}/signatures`,
    body: { kind: 'Message', message: '0x616263' },
    participants: [1, 2, 3],
  });
  deepEqual(codesOf(replies), ['ok', 'ok', 'ok']);
  api.cluster.stop();
});

test('a signer that asks again and again costs the others their tokens four times, then once in five minutes', async () => {
  const { api } = await founded();
  const file = api.cluster.backup(1);
  const restoreOnce = async (): Promise<boolean> => {
    await api.cluster.restore(1, file);
    await api.cluster.clock.advance(1_000);
    return rejoined(api, 1);
  };
  let before = api.tokens();
  // It died while it asked: the next process asks anew, and is answered at once.
  for (let k = 0; k < 4; k++) {
    equal(await restoreOnce(), true);
    const after = api.tokens();
    for (const each of [1, 2, 3, 4]) notEqual(after[each]?.[1], before[each]?.[1]);
    before = after;
  }

  equal(await restoreOnce(), false);
  for (const each of [1, 2, 3, 4]) equal(api.tokens()[each]?.[1], before[each]?.[1]);
  await api.cluster.clock.advance(5 * 60_000);
  equal(rejoined(api, 1), true);
  equal(await restoreOnce(), false);
  api.cluster.stop();
});

test('what was signed before it was lost is refused by the restored signer', async () => {
  const { api, org } = await founded();
  const key = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
  const command = api.makeAct({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${key.keyId}/signatures`,
    body: { kind: 'Message', message: '0x616263' },
    participants: [1, 2, 3],
  });
  const file = api.cluster.backup(2);
  deepEqual(codesOf(await api.broadcast(command, [1, 2, 3])), ['ok', 'ok', 'ok']);

  await api.cluster.restore(2, file);
  await api.cluster.clock.advance(1_000);

  deepEqual(codesOf(await api.broadcast(command, [2])), ['E_CHALLENGE_STALE']);
  api.cluster.stop();
});
