/** Sessions of shared randomness: made when all five are there, renewed, dropped with any process, never stored. */
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { test } from 'node:test';
import {
  codesOf,
  createTestApi,
  everybody,
  type Replies,
  startTestCluster,
  type TestApi,
  type TestCluster,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'session 1';
console.log(`seed: ${seed}`);

async function withKey() {
  const api = createTestApi(await startTestCluster(seed));
  const org = await api.found('Acme');
  const { keyId } = await api.createKey({ org, user: org.admin, body: { scheme: 'ECDSA', curve: 'secp256k1' } });
  const sign = (session: string | undefined): Promise<Replies> =>
    api.act({
      org,
      user: org.admin,
      method: 'POST',
      path: `/keys/${keyId}/signatures`,
      body: { kind: 'Hash', hash: `0x${'11'.repeat(32)}` },
      participants: everybody,
      ...(session === undefined ? {} : { session }),
    });
  return { api, sign };
}
const announced = (api: TestApi<TestCluster>): (string | null | undefined)[] =>
  api.cluster.signers.map((s) => s.process?.signer.session());

test('five announce the same session; another one is refused', async () => {
  const { api, sign } = await withKey();
  const session = api.session();
  deepEqual(announced(api), Array(5).fill(session));

  deepEqual(codesOf(await sign(session)), Array(5).fill('ok'));
  deepEqual(codesOf(await sign('ab'.repeat(32))), Array(5).fill('E_SESSION'));
  deepEqual(codesOf(await sign(undefined)), Array(5).fill('E_SESSION'));
  api.cluster.stop();
});

test('after ten minutes there is a new one, and the old one serves for thirty seconds more', async () => {
  const { api, sign } = await withKey();
  const old = api.session();
  await api.cluster.clock.advance(10 * 60_000 + 1_000);
  const fresh = api.session();
  notEqual(fresh, old);

  deepEqual(codesOf(await sign(old)), Array(5).fill('ok'));
  await api.cluster.clock.advance(31_000);
  deepEqual(codesOf(await sign(old)), Array(5).fill('E_SESSION'));
  deepEqual(codesOf(await sign(api.session())), Array(5).fill('ok'));
  api.cluster.stop();
});

for (const index of [1, 3]) {
  test(`when signer ${index} comes back as a new process, all five make a new one`, async () => {
    const { api, sign } = await withKey();
    const old = api.session();
    api.cluster.kill(index);
    await api.cluster.clock.advance(1_000);
    await api.cluster.start(index);
    await api.cluster.clock.advance(10_000);

    const fresh = api.session();
    notEqual(fresh, undefined);
    notEqual(fresh, old);
    deepEqual(codesOf(await sign(fresh)), Array(5).fill('ok'));
    api.cluster.stop();
  });
}

test('a set-up whose last words are lost for one signer is made again', async () => {
  const { api, sign } = await withKey();
  let lose = true;
  api.cluster.net.tap(({ to, message }) => (lose && to === 4 && message.round === 3 ? [] : [message]));
  await api.cluster.clock.advance(10 * 60_000 + 100);
  await api.cluster.clock.advance(5_000);
  lose = false;
  await api.cluster.clock.advance(5_000);

  const session = api.session();
  equal(
    announced(api).every((each) => each === session),
    true,
  );
  deepEqual(codesOf(await sign(session)), Array(5).fill('ok'));
  api.cluster.stop();
});

test('a signer whose wish for another set-up is lost repeats it', async () => {
  const { api, sign } = await withKey();
  let lose = true;
  // The last words of a set-up for signer 4, and for 20 seconds whatever signer 4 then says to the proposer.
  api.cluster.net.tap(({ from, to, message: m }) => {
    const isWish = from === 4 && to === 1 && m.kind === 'p2p' && m.round === 1;
    return lose && ((to === 4 && m.round === 3) || isWish) ? [] : [m];
  });
  await api.cluster.clock.advance(10 * 60_000 + 100);
  await api.cluster.clock.advance(20_000);
  equal(api.session(), undefined);
  lose = false;
  await api.cluster.clock.advance(11_000);

  const session = api.session();
  notEqual(session, undefined);
  deepEqual(codesOf(await sign(session)), Array(5).fill('ok'));
  api.cluster.stop();
});
