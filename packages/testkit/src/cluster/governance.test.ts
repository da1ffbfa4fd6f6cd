/** The authority log at the signers: pinned, acknowledged once per height, committed by three, caught up, never half used. */
import { deepEqual, equal, notDeepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import {
  acksOf,
  codesOf,
  createTestApi,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'governance 1';
console.log(`seed: ${seed}`);

async function founded(): Promise<{
  api: TestApi<TestCluster>;
  org: TestOrganisation;
  settings: (body: unknown) => ReturnType<TestApi<TestCluster>['makeAct']>;
}> {
  const api = createTestApi(await startTestCluster(seed));
  const org = await api.found('Acme');
  const settings = (body: unknown) =>
    api.makeAct({ org, user: org.admin, method: 'PUT', path: `/orgs/${org.org}/settings`, body });
  return { api, org, settings };
}
const headsOf = async (api: TestApi<TestCluster>, index: number) => {
  const reply = (await api.broadcast({ v: 1, id: 'h', kind: 'Heads' }, [index])).get(index);
  if (reply?.ok !== true || reply.result.t !== 'heads') throw new Error('no heads');
  return reply.result.heads;
};

test('an organisation that the operator did not pin does not exist', async () => {
  const api = createTestApi(await startTestCluster(seed));
  const org = await api.found('Unpinned', { pin: false });

  deepEqual(await headsOf(api, 1), []);
  deepEqual(
    codesOf(
      await api.act({
        org,
        user: org.admin,
        method: 'POST',
        path: '/keys',
        body: { scheme: 'EdDSA', curve: 'ed25519' },
        participants: [1, 2, 3, 4, 5],
      }),
    ),
    Array(5).fill('E_CREDENTIAL_UNKNOWN'),
  );
  api.cluster.stop();
});

test('nothing uses an entry before three acknowledgements committed it', async () => {
  const { api, org, settings } = await founded();
  const acks = acksOf(await api.broadcast(settings({ keyImport: true })));
  equal(acks.length, 5);
  const importing = {
    org,
    user: org.admin,
    method: 'POST' as const,
    path: '/keys/import',
    body: { curve: 'ed25519', protocol: 'FROST', minSigners: 3, encryptedKeyShares: [] },
    participants: [1, 2, 3, 4, 5],
  };
  deepEqual(codesOf(await api.act(importing)), Array(5).fill('E_IMPORT_DISABLED'));

  for (const forged of [
    acks.slice(0, 2),
    [acks[0], acks[0], acks[1]],
    acks.slice(0, 3).map((a) => ({ ...a, index: (a.index % 5) + 1 })),
  ]) {
    const list = forged.flatMap((a) => (a === undefined ? [] : [a]));
    deepEqual(codesOf(await api.broadcast({ v: 1, id: 'c', kind: 'Commit', org: org.org, acks: list }, [1])), [
      'E_ACKS',
    ]);
  }
  deepEqual(
    codesOf(await api.broadcast({ v: 1, id: 'c', kind: 'Commit', org: org.org, acks: acks.slice(2) })),
    Array(5).fill('ok'),
  );

  deepEqual(codesOf(await api.act(importing)), Array(5).fill('E_IMPORT_SHARES'));
  api.cluster.stop();
});

test('a signer acknowledges one entry for a height, and that one again when asked', async () => {
  const { api, settings } = await founded();
  const [first, second] = [settings({ keyImport: true }), settings({ keyExport: true })];
  const [once] = acksOf(await api.broadcast(first, [1]));

  deepEqual(codesOf(await api.broadcast(second, [1])), ['E_STALE_HEAD']);
  await api.cluster.clock.advance(600_000);
  deepEqual(acksOf(await api.broadcast(first, [1])), [once]);
  api.cluster.stop();
});

test('an uncommitted entry gives way to the certified one of that height', async () => {
  const { api, org, settings } = await founded();
  const [lost, won] = [settings({ keyImport: true }), settings({ keyExport: true })];
  await api.broadcast(lost, [1]);
  const acks = acksOf(await api.broadcast(won, [2, 3, 4]));
  const entry = {
    v: 1 as const,
    org: org.org,
    height: 1,
    prev: acks[0] === undefined ? '' : (api.entries(org.org)[0]?.acks[0]?.head ?? ''),
    request: won.request,
    assertion: won.assertion,
  };

  deepEqual(
    codesOf(
      await api.broadcast(
        { v: 1, id: 'u', kind: 'CatchUp', org: org.org, entries: [{ entry, acks: acks.slice(0, 2) }] },
        [1],
      ),
    ),
    ['E_ACKS'],
  );
  deepEqual(
    codesOf(await api.broadcast({ v: 1, id: 'u', kind: 'CatchUp', org: org.org, entries: [{ entry, acks }] }, [1])),
    ['ok'],
  );

  equal((await headsOf(api, 1))[0]?.head, acks[0]?.head);
  deepEqual(codesOf(await api.broadcast(lost, [1])), ['E_REPLAY']);
  api.cluster.stop();
});

test('a signer that was away catches up, re-checking all but freshness', async () => {
  const { api, org } = await founded();
  api.cluster.kill(5);
  await api.govern({
    org,
    user: org.admin,
    method: 'PUT',
    path: `/orgs/${org.org}/settings`,
    body: { keyImport: true },
  });
  const robot = await api.serviceAccount({ org, permission: 'ManagedKeyUser' });
  await api.cluster.start(5);
  await api.cluster.clock.advance(3_600_000);
  const [, second, third] = api.entries(org.org);
  if (second === undefined || third === undefined) throw new Error('three entries');
  const catchUp = async (entries: (typeof second)[]) =>
    codesOf(await api.broadcast({ v: 1, id: 'u', kind: 'CatchUp', org: org.org, entries }, [5]));

  deepEqual(await catchUp([third]), ['E_STALE_HEAD']);
  const { entry } = second;
  const edited = {
    ...second,
    entry: 'request' in entry ? { ...entry, request: { ...entry.request, payload: '{"keyExport":true}' } } : entry,
  };
  deepEqual(await catchUp([edited]), ['E_CHALLENGE_REQUEST']);
  deepEqual(await catchUp([second, third]), ['ok']);

  deepEqual(await headsOf(api, 5), await headsOf(api, 1));
  deepEqual(
    codesOf(
      await api.act({
        org,
        user: robot,
        method: 'POST',
        path: '/keys',
        body: { scheme: 'EdDSA', curve: 'ed25519' },
        participants: [1, 2, 3, 4, 5],
      }),
    ),
    Array(5).fill('ok'),
  );
  api.cluster.stop();
});

test('a revoked credential is refused by every signer that committed the revocation, after a restart too', async () => {
  const { api, org } = await founded();
  const robot = await api.serviceAccount({ org, permission: 'ManagedKeyUser' });
  const create = {
    org,
    user: robot,
    method: 'POST' as const,
    path: '/keys',
    body: { scheme: 'EdDSA', curve: 'ed25519' },
    participants: [1, 2, 3, 4, 5],
  };
  deepEqual(codesOf(await api.act(create)), Array(5).fill('ok'));
  await api.govern({
    org,
    user: org.admin,
    method: 'PUT',
    path: `/auth/service-accounts/${robot.userId}/deactivate`,
    body: {},
  });
  api.cluster.kill(1);
  await api.cluster.start(1);
  await api.cluster.clock.advance(10_000);

  deepEqual(codesOf(await api.act(create)), Array(5).fill('E_CREDENTIAL_UNKNOWN'));
  api.cluster.stop();
});

test('a damaged log entry sets the organisation aside at that signer until it is caught up', async () => {
  const { api, org, settings } = await founded();
  await api.govern({
    org,
    user: org.admin,
    method: 'PUT',
    path: `/orgs/${org.org}/settings`,
    body: { keyImport: true },
  });
  const { default: Database } = await import('libsql');
  const before = await headsOf(api, 1);
  api.cluster.kill(1);
  await api.cluster.clock.settle();
  const db = new Database(`${api.cluster.signers[0]?.dir}/store.sqlite`);
  db.exec(`update log set entry = replace(entry, 'keyImport', 'keyExport') where height = 1`);
  db.close();
  await api.cluster.start(1);
  await api.cluster.clock.advance(10_000);

  notDeepEqual(await headsOf(api, 1), before);
  deepEqual(codesOf(await api.broadcast(settings({ keyExport: true }), [1])), ['E_CREDENTIAL_UNKNOWN']);
  deepEqual(
    codesOf(
      await api.broadcast({ v: 1, id: 'u', kind: 'CatchUp', org: org.org, entries: [...api.entries(org.org)] }, [1]),
    ),
    ['ok'],
  );
  deepEqual(await headsOf(api, 1), before);
  api.cluster.stop();
});
