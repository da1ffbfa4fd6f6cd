/** Votes that split at one height: promises by three others free who holds a change that can never be certified. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, Reply } from '@holdfast/cluster/commands';
import { toBase64Url } from '@holdfast/contract/wire';
import {
  type ActCommand,
  acksOf,
  codesOf,
  createTestApi,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'split votes 1';
console.log(`seed: ${seed}`);

type Withdrawals = Extract<Command, { kind: 'Release' }>['withdrawals'];

interface World {
  readonly api: TestApi<TestCluster>;
  readonly org: TestOrganisation;
  readonly settings: (body: unknown) => ActCommand;
  readonly at: (head: string) => { readonly org: string; readonly height: number; readonly head: string };
  withdraw(head: string, from: readonly number[]): Promise<Withdrawals>;
  release(head: string, withdrawals: Withdrawals, to: readonly number[]): Promise<string[]>;
  tails(): Promise<(string | undefined)[]>;
}

async function founded(): Promise<World> {
  const api = createTestApi(await startTestCluster(seed));
  const org = await api.found('Acme');
  const settings = (body: unknown) =>
    api.makeAct({ org, user: org.admin, method: 'PUT', path: `/orgs/${org.org}/settings`, body });
  const at = (head: string) => ({ org: org.org, height: api.entries(org.org).length, head });
  return {
    api,
    org,
    settings,
    at,
    async withdraw(head, from) {
      const replies = await api.broadcast({ v: 1, id: 'w', kind: 'Withdraw', ...at(head) }, from);
      return [...replies.values()].map((reply) => {
        if (reply?.ok !== true || reply.result.t !== 'withdrawal') throw new Error(JSON.stringify(reply));
        return reply.result.withdrawal;
      });
    },
    release: async (head, withdrawals, to) =>
      codesOf(await api.broadcast({ v: 1, id: 'r', kind: 'Release', ...at(head), withdrawals }, to)),
    async tails() {
      const replies = await api.broadcast({ v: 1, id: 'h', kind: 'Heads' });
      return [...replies.values()].map((reply) => headsOf(reply).find((each) => each.org === org.org)?.tail?.head);
    },
  };
}

function headsOf(reply: Reply | undefined) {
  if (reply?.ok !== true || reply.result.t !== 'heads') throw new Error('no heads');
  return reply.result.heads;
}

const acknowledgedBy = async ({ api }: World, command: ActCommand, to: readonly number[]): Promise<string> => {
  const acks = acksOf(await api.broadcast(command, to));
  deepEqual(
    acks.map(({ index }) => index),
    to,
  );
  return acks[0]?.head ?? '';
};

const restart = async ({ api }: World, index: number): Promise<void> => {
  api.cluster.kill(index);
  await api.cluster.start(index);
  await api.cluster.clock.advance(1_000);
};

test('two acknowledge one change, two another: after the promises all five go on', async () => {
  const w = await founded();
  const [changeA, changeB] = [w.settings({ keyImport: true }), w.settings({ keyExport: true })];
  const a = await acknowledgedBy(w, changeA, [1, 2]);
  const b = await acknowledgedBy(w, changeB, [3, 4]);
  deepEqual(await w.tails(), [a, a, b, b, undefined]);
  equal(acksOf(await w.api.broadcast(w.settings({ keyImport: true, keyExport: true }))).length, 1);
  const c = (await w.tails())[4] ?? '';

  deepEqual(await w.release(a, await w.withdraw(a, [3, 4, 5]), [1, 2]), ['ok', 'ok']);
  deepEqual(await w.release(b, await w.withdraw(b, [1, 2, 5]), [3, 4]), ['ok', 'ok']);
  deepEqual(await w.release(c, await w.withdraw(c, [1, 2, 3, 4]), [5]), ['ok']);

  deepEqual(await w.tails(), Array(5).fill(undefined));
  // Dropped for ever: who acknowledged has spent the assertion, who promised keeps the promise.
  deepEqual(codesOf(await w.api.broadcast(changeA)), [
    'E_REPLAY',
    'E_REPLAY',
    'E_WITHDRAWN',
    'E_WITHDRAWN',
    'E_WITHDRAWN',
  ]);
  const acks = await w.api.govern({
    org: w.org,
    user: w.org.admin,
    method: 'PUT',
    path: `/orgs/${w.org.org}/settings`,
    body: { keyImport: true },
  });
  equal(acks.length, 5);
  const replies = await w.api.broadcast({ v: 1, id: 'h', kind: 'Heads' });
  for (const reply of replies.values()) equal(headsOf(reply)[0]?.head, toBase64Url(w.api.headOf(w.org.org)));
  w.api.cluster.stop();
});

test('a promise is kept over a restart, and given again when it is asked for again', async () => {
  const w = await founded();
  const change = w.settings({ keyImport: true });
  const a = await acknowledgedBy(w, change, [1, 2]);
  const first = await w.withdraw(a, [3]);
  await restart(w, 3);

  deepEqual(await w.withdraw(a, [3]), first);
  const fresh = { ...change, tokens: w.api.tokens() };
  ok(
    ['E_WITHDRAWN', 'E_CHALLENGE_TOKENS', 'E_CHALLENGE_STALE'].includes(
      codesOf(await w.api.broadcast(fresh, [3]))[0] ?? '',
    ),
  );
  const rows = w.api.cluster.signers[2]?.process?.store.journal.rows() ?? [];
  equal(rows.filter(({ event }) => event === 'authority.withdrawn').length, 1);
  deepEqual(
    w.api.cluster.signers[2]?.process?.store.log.promises(w.org.org).list.map(({ kind }) => kind),
    ['withdrawn'],
  );
  w.api.cluster.stop();
});

test('a signer that acknowledged a change promises nothing about it, released or restarted', async () => {
  const w = await founded();
  const a = await acknowledgedBy(w, w.settings({ keyImport: true }), [1, 2]);
  const ask = async () => codesOf(await w.api.broadcast({ v: 1, id: 'w', kind: 'Withdraw', ...w.at(a) }, [1]));

  deepEqual(await ask(), ['E_ACKNOWLEDGED']);
  await restart(w, 1);
  deepEqual(await ask(), ['E_ACKNOWLEDGED']);
  deepEqual(await w.release(a, await w.withdraw(a, [3, 4, 5]), [1]), ['ok']);
  deepEqual(await ask(), ['E_ACKNOWLEDGED']);
  await restart(w, 1);
  deepEqual(await ask(), ['E_ACKNOWLEDGED']);
  deepEqual(await w.tails(), [undefined, a, undefined, undefined, undefined]);
  w.api.cluster.stop();
});

test('keeps its vote unless three others promised exactly that', async () => {
  const w = await founded();
  const a = await acknowledgedBy(w, w.settings({ keyImport: true }), [1, 2]);
  const [three, four, five] = await w.withdraw(a, [3, 4, 5]);
  const [about] = await w.withdraw(toBase64Url(new Uint8Array(32)), [5]);
  if (!three || !four || !five || !about) throw new Error('four promises');

  for (const list of [
    [three, four],
    [three, four, four],
    [three, four, { ...five, index: 2 }],
    [three, four, { ...five, index: 1 }],
    [three, four, about],
    [three, four, { ...about, head: a }],
  ])
    deepEqual(await w.release(a, list, [1]), ['E_WITHDRAWALS']);
  equal((await w.tails())[0], a);

  // Of another height, or asked of a signer that is elsewhere, it says nothing at all.
  const other = { org: w.org.org, height: w.at(a).height + 1, head: a };
  deepEqual(codesOf(await w.api.broadcast({ v: 1, id: 'w', kind: 'Withdraw', ...other }, [3])), ['E_STALE_HEAD']);
  const nobody = { ...w.at(a), org: 'or-00000-00000-0000000000000000' };
  deepEqual(codesOf(await w.api.broadcast({ v: 1, id: 'w', kind: 'Withdraw', ...nobody }, [3])), ['E_STALE_HEAD']);
  w.api.cluster.stop();
});

test('forgets its promises when the height is committed', async () => {
  const w = await founded();
  const a = await acknowledgedBy(w, w.settings({ keyImport: true }), [1, 2]);
  await w.release(a, await w.withdraw(a, [3, 4, 5]), [1, 2]);
  await w.api.govern({
    org: w.org,
    user: w.org.admin,
    method: 'PUT',
    path: `/orgs/${w.org.org}/settings`,
    body: { keyExport: true },
  });

  for (const { process } of w.api.cluster.signers) deepEqual(process?.store.log.promises(w.org.org).list, []);
  w.api.cluster.stop();
});

test('a promise that cannot be read sets the organisation aside: it may be about what was acknowledged', async () => {
  const w = await founded();
  const a = await acknowledgedBy(w, w.settings({ keyImport: true }), [1, 2]);
  await w.release(a, await w.withdraw(a, [3, 4, 5]), [1]);
  const { default: Database } = await import('libsql');
  w.api.cluster.kill(1);
  await w.api.cluster.clock.settle();
  const db = new Database(`${w.api.cluster.signers[0]?.dir}/store.sqlite`);
  db.exec(`update promises set kind = 'withdrawn'`);
  db.close();
  await w.api.cluster.start(1);
  await w.api.cluster.clock.advance(10_000);

  deepEqual(codesOf(await w.api.broadcast({ v: 1, id: 'w', kind: 'Withdraw', ...w.at(a) }, [1])), ['E_STALE_HEAD']);
  deepEqual(codesOf(await w.api.broadcast(w.settings({ keyExport: true }), [1])), ['E_CREDENTIAL_UNKNOWN']);
  w.api.cluster.stop();
});

for (const point of ['store:authority:before-flush', 'store:authority:after-flush']) {
  test(`killed at ${point} of a promise, it is given whole or not at all`, async () => {
    const w = await founded();
    const change = w.settings({ keyImport: true });
    const a = await acknowledgedBy(w, change, [1, 2]);
    w.api.cluster.signers[2]?.crashAt(point);
    const asked = await w.api.broadcast({ v: 1, id: 'w', kind: 'Withdraw', ...w.at(a) }, [3]);
    deepEqual(codesOf(asked), ['none']);
    await restart(w, 3);

    const kept = w.api.cluster.signers[2]?.process?.store.log.promises(w.org.org).list.length;
    equal(kept, point.endsWith('after-flush') ? 1 : 0);
    w.api.cluster.stop();
  });
}
