/**
 * A restored signer that does not know what it acknowledged, while the others' votes split two and two: all five say that
 * it counts nothing at that height, and the organisation goes on. What may not come of it: two entries at one height.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, Reply } from '@holdfast/cluster/commands';
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

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'forgotten votes 1';
console.log(`seed: ${seed}`);

type Release = Extract<Command, { kind: 'Release' }>;
type Withdrawals = Release['withdrawals'];
type Disregards = NonNullable<Release['disregards']>;

interface World {
  readonly api: TestApi<TestCluster>;
  readonly org: TestOrganisation;
  readonly settings: (body: unknown) => ActCommand;
  readonly at: { readonly org: string; readonly height: number };
  acknowledge(command: ActCommand, to: readonly number[]): Promise<string>;
  withdraw(head: string, from: readonly number[]): Promise<Withdrawals>;
  disregard(about: number, by: Disregards, from: readonly number[]): Promise<Reply[]>;
  heads(): Promise<readonly { height: number; head: string; tail?: { head: string }; silent?: number }[]>;
}

/** Signers 1 and 2 hold A, 3 and 4 hold B, and 5 was set back to before either. */
async function split(): Promise<World & { readonly a: string; readonly b: string; readonly changeA: ActCommand }> {
  const api = createTestApi(await startTestCluster(seed));
  const org = await api.found('Acme');
  const settings = (body: unknown) =>
    api.makeAct({ org, user: org.admin, method: 'PUT', path: `/orgs/${org.org}/settings`, body });
  const backup = api.cluster.backup(5);
  const at = { org: org.org, height: 1 };
  const w: World = {
    api,
    org,
    settings,
    at,
    async acknowledge(command, to) {
      const acks = acksOf(await api.broadcast(command, to));
      deepEqual(
        acks.map(({ index }) => index),
        to,
      );
      return acks[0]?.head ?? '';
    },
    async withdraw(head, from) {
      const replies = await api.broadcast({ v: 1, id: 'w', kind: 'Withdraw', ...at, head }, from);
      return [...replies.values()].flatMap((reply) =>
        reply?.ok === true && reply.result.t === 'withdrawal' ? [reply.result.withdrawal] : [],
      );
    },
    async disregard(about, by, from) {
      const replies = await api.broadcast({ v: 1, id: 'd', kind: 'Disregard', ...at, about, by }, from);
      return [...replies.values()].flatMap((reply) => (reply === undefined ? [] : [reply]));
    },
    async heads() {
      const replies = await api.broadcast({ v: 1, id: 'h', kind: 'Heads' });
      return [...replies.values()].flatMap((reply) =>
        reply?.ok === true && reply.result.t === 'heads' ? reply.result.heads : [],
      );
    },
  };
  const changeA = settings({ keyImport: true });
  // Its forgotten self has acknowledged A as well: with 1 and 2 that is a certificate, which only the api ever saw.
  const a = await w.acknowledge(changeA, [1, 2, 5]);
  const b = await w.acknowledge(settings({ keyExport: true }), [3, 4]);
  await api.cluster.restore(5, backup);
  await api.cluster.clock.advance(20_000);
  return { ...w, a, b, changeA };
}

const disregardsOf = (replies: readonly Reply[]): Disregards =>
  replies.flatMap((reply) => (reply.ok && reply.result.t === 'disregard' ? [reply.result.disregard] : []));
const codes = (replies: readonly Reply[]): string[] => replies.map((reply) => (reply.ok ? 'ok' : reply.error.code));
const release = (w: World, head: string, withdrawals: Withdrawals, disregards: Disregards, to: readonly number[]) =>
  w.api.broadcast({ v: 1, id: 'r', kind: 'Release', ...w.at, head, withdrawals, disregards }, to).then(codesOf);
async function disregardedByAll(w: World): Promise<Disregards> {
  const own = disregardsOf(await w.disregard(5, [], [5]));
  return [...own, ...disregardsOf(await w.disregard(5, own, [1, 2, 3, 4]))];
}

test('votes that split two and two, and a restored signer that says nothing: all five settle it and go on', async () => {
  const w = await split();
  // Seed 97 of the simulation: neither a certificate nor a release of either, and nothing of five works.
  deepEqual(
    (await w.heads()).map(({ silent }) => silent),
    [undefined, undefined, undefined, undefined, 1],
  );
  equal((await w.withdraw(w.a, [3, 4, 5])).length, 2);
  equal((await w.withdraw(w.b, [1, 2, 5])).length, 2);
  const create = () =>
    w.api.makeAct({
      org: w.org,
      user: w.org.admin,
      method: 'POST',
      path: '/keys',
      body: { scheme: 'EdDSA', curve: 'ed25519' },
      participants: everybody,
    });
  deepEqual(codesOf(await w.api.broadcast(create(), [5])), ['E_CREDENTIAL_UNKNOWN']);

  const all = await disregardedByAll(w);
  equal(all.length, 5);
  deepEqual(codes(await w.disregard(5, all, [5])), ['ok']);
  deepEqual(await release(w, w.a, await w.withdraw(w.a, [3, 4]), all, [1, 2]), ['ok', 'ok']);
  deepEqual(await release(w, w.b, await w.withdraw(w.b, [1, 2]), all, [3, 4]), ['ok', 'ok']);

  // It uses the organisation at once, without a change that would have to pass it; only its vote is gone.
  deepEqual(codesOf(await w.api.broadcast(create())), Array(5).fill('ok'));
  const again = w.settings({ keyImport: true, keyExport: true });
  const replies = await w.api.broadcast(again);
  deepEqual(codesOf(replies), ['ok', 'ok', 'ok', 'ok', 'E_WITHDRAWN']);
  const acks = acksOf(replies);
  deepEqual(codesOf(await w.api.broadcast({ v: 1, id: 'c', kind: 'Commit', org: w.org.org, acks }, [1, 2, 3, 4])), [
    'ok',
    'ok',
    'ok',
    'ok',
  ]);
  w.api.cluster.stop();
});

test('a certificate with the acknowledgement it has forgotten is taken by nobody who disregards it', async () => {
  const w = await split();
  const own = disregardsOf(await w.disregard(5, [], [5]));
  const acksOfA = acksOf(await w.api.broadcast(w.changeA, [1, 2]));
  const { api } = w;
  // What the hostile api has kept: the very bytes that 5 signed before, which it would sign again the same.
  const { ackBytes } = await import('@holdfast/authority/log');
  const { fromBase64Url, toBase64Url } = await import('@holdfast/contract/wire');
  const identity = w.api.cluster.signers[4]?.identity;
  ok(identity);
  const signature = toBase64Url(identity.sign(ackBytes(w.org.org, 1, fromBase64Url(w.a))));
  const acks = [...acksOfA, { index: 5, ...w.at, head: w.a, signature }];
  const commit = { v: 1, id: 'c', kind: 'Commit', org: w.org.org, acks } as const;

  // Signer 1 disregards it, signer 2 does not yet: what it has committed it does not take back.
  equal(disregardsOf(await w.disregard(5, own, [1])).length, 1);
  deepEqual(codesOf(await api.broadcast(commit, [1, 2])), ['E_ACKS', 'ok']);
  deepEqual(codes(await w.disregard(5, own, [2])), ['E_STALE_HEAD']);

  // So it never gets all five, nobody lets go, and who committed lets everybody else follow.
  const some = [...own, ...disregardsOf(await w.disregard(5, own, [1, 3, 4]))];
  equal(some.length, 4);
  deepEqual(codes(await w.disregard(5, some, [5])), ['E_WITHDRAWALS']);
  deepEqual(await release(w, w.a, await w.withdraw(w.a, [3, 4]), some, [1]), ['E_WITHDRAWALS']);
  const byHolder = await api.broadcast({ v: 1, id: 'a', kind: 'Acks', org: w.org.org, from: 1 }, [2]);
  const [reply] = [...byHolder.values()];
  equal(reply?.ok === true && reply.result.t === 'acks' && reply.result.acks.length, 1);
  w.api.cluster.stop();
});

test('nobody is disregarded that knows its votes, says nothing itself, or is at another height', async () => {
  const w = await split();
  const own = disregardsOf(await w.disregard(5, [], [5]));

  deepEqual(codes(await w.disregard(1, [], [1])), ['E_VOTES_KNOWN']);
  deepEqual(codes(await w.disregard(5, [], [1])), ['E_WITHDRAWALS']);
  deepEqual(codes(await w.disregard(4, own, [1])), ['E_WITHDRAWALS']);
  deepEqual(
    codes(
      await w.disregard(
        5,
        own.map((each) => ({ ...each, index: 4 })),
        [1],
      ),
    ),
    ['E_WITHDRAWALS'],
  );
  deepEqual(
    codes(
      await w.disregard(
        5,
        own.map((each) => ({ ...each, height: 2 })),
        [1],
      ),
    ),
    ['E_WITHDRAWALS'],
  );
  const elsewhere = { v: 1, id: 'd', kind: 'Disregard', org: w.org.org, height: 2, about: 5, by: own } as const;
  deepEqual(codesOf(await w.api.broadcast(elsewhere, [1])), ['E_STALE_HEAD']);
  const nowhere = { ...elsewhere, org: 'or-00000-00000-0000000000000000' };
  deepEqual(codesOf(await w.api.broadcast(nowhere, [1])), ['E_STALE_HEAD']);
  w.api.cluster.stop();
});

test('what was said is kept over a restart, until an entry is committed', async () => {
  const w = await split();
  const all = await disregardedByAll(w);
  deepEqual(codes(await w.disregard(5, all, [5])), ['ok']);
  for (const index of [1, 5]) {
    w.api.cluster.kill(index);
    await w.api.cluster.start(index);
  }
  await w.api.cluster.clock.advance(1_000);

  deepEqual(disregardsOf(await w.disregard(5, all, [1, 5])), [
    all.find(({ index }) => index === 1),
    all.find(({ index }) => index === 5),
  ]);
  deepEqual(codesOf(await w.api.broadcast(w.settings({ keyImport: true }), [5])), ['E_WITHDRAWN']);
  deepEqual(codesOf(await w.api.broadcast({ v: 1, id: 'w', kind: 'Withdraw', ...w.at, head: w.b }, [5])), [
    'E_ACKNOWLEDGED',
  ]);
  deepEqual(await release(w, w.a, await w.withdraw(w.a, [3, 4]), all, [1, 2]), ['ok', 'ok']);
  deepEqual(await release(w, w.b, await w.withdraw(w.b, [1, 2]), all, [3, 4]), ['ok', 'ok']);
  const acks = acksOf(await w.api.broadcast(w.settings({ keyImport: true }), [1, 2, 3, 4]));
  await w.api.broadcast({ v: 1, id: 'c', kind: 'Commit', org: w.org.org, acks }, [1, 2, 3, 4]);
  for (const { process } of w.api.cluster.signers.slice(0, 4))
    deepEqual(process?.store.log.promises(w.org.org).list, []);
  w.api.cluster.stop();
});

test('a signer that turned and says it was restored loses its own votes and nothing else', async () => {
  const w = await split();
  // Signer 4 holds B and knows it. It signs all the same that it was restored, and shows that to everybody.
  const { disregardBytes } = await import('@holdfast/authority/log');
  const { toBase64Url } = await import('@holdfast/contract/wire');
  const [identity, signer] = [w.api.cluster.signers[3]?.identity, w.api.cluster.roster.signers[3]];
  ok(identity && signer);
  const signature = toBase64Url(identity.sign(disregardBytes(w.org.org, 1, signer.signerId)));
  const own = [{ index: 4, ...w.at, about: 4, signature }];
  const all = [...own, ...disregardsOf(await w.disregard(4, own, [1, 2, 3, 5]))];
  equal(all.length, 5);

  // B now counts one vote; of A no more is let go than three others allow.
  deepEqual(await release(w, w.a, await w.withdraw(w.a, [3]), all, [1, 2]), ['E_WITHDRAWALS', 'E_WITHDRAWALS']);
  deepEqual(await release(w, w.b, await w.withdraw(w.b, [1, 2]), all, [3]), ['ok']);
  deepEqual(
    (await w.heads()).map(({ tail }) => tail?.head),
    [w.a, w.a, undefined, w.b, undefined],
  );
  w.api.cluster.stop();
});

test('two that lie and a certificate from before the restoration: nobody who disregards it takes it, by whatever way', async () => {
  const w = await split();
  const { ackBytes } = await import('@holdfast/authority/log');
  const { fromBase64Url, toBase64Url } = await import('@holdfast/contract/wire');
  // 1 and 2 lie: they give every word that is asked of them. With what 5 has forgotten that is a certificate of A.
  const ackBy = (index: number, head: string) => {
    const identity = w.api.cluster.signers[index - 1]?.identity;
    ok(identity);
    const signature = toBase64Url(identity.sign(ackBytes(w.org.org, 1, fromBase64Url(head))));
    return { index, ...w.at, head, signature };
  };
  const all = await disregardedByAll(w);
  deepEqual(codes(await w.disregard(5, all, [5])), ['ok']);
  const { request, assertion } = w.changeA;
  const entry = { v: 1, ...w.at, prev: toBase64Url(w.api.headOf(w.org.org)), request, assertion } as const;
  const show = async (acks: ReturnType<typeof ackBy>[]) =>
    codesOf(
      await w.api.broadcast({ v: 1, id: 'up', kind: 'CatchUp', org: w.org.org, entries: [{ entry, acks }] }, [3, 4, 5]),
    );
  deepEqual(await show([1, 2, 5].map((index) => ackBy(index, w.a))), Array(3).fill('E_ACKS'));

  // A third that follows the rules is needed, as always; then it is the one entry of its height for all of them.
  deepEqual(await show([1, 2].map((index) => ackBy(index, w.a))), Array(3).fill('E_ACKS'));
  deepEqual(await show([1, 2, 3].map((index) => ackBy(index, w.a))), Array(3).fill('ok'));
  equal(new Set((await w.heads()).slice(2).map(({ head }) => head)).size, 1);
  w.api.cluster.stop();
});
