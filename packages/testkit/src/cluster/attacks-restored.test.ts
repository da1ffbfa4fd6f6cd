/** Signers restored from older copies: what was spent once is not there to be spent again. */
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { codesOf, createTestApi, everybody, startTestCluster } from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'restored 1';
console.log(`seed: ${seed}`);

test('row 27: a signer restored from an older copy cannot draw the nonces of a session of its other self', async () => {
  const api = createTestApi(await startTestCluster(seed));
  const org = await api.found('Acme');
  const { keyId } = await api.createKey({ org, user: org.admin, body: { scheme: 'ECDSA', curve: 'secp256k1' } });
  const sign = (session: string | undefined, digit: string) =>
    api.act({
      org,
      user: org.admin,
      method: 'POST',
      path: `/keys/${keyId}/signatures`,
      body: { kind: 'Hash', hash: `0x${digit.repeat(64)}` },
      participants: everybody,
      ...(session === undefined ? {} : { session }),
    });
  const file = join(api.cluster.signers[0]?.dir ?? '', 'store.sqlite');
  const restart = async (before: () => void): Promise<void> => {
    api.cluster.kill(1);
    await api.cluster.clock.settle();
    before();
    await api.cluster.start(1);
    await api.cluster.clock.advance(10_000);
  };
  await restart(() => copyFileSync(file, `${file}.old`));
  const session = api.session();
  deepEqual(codesOf(await sign(session, '1')), Array(5).fill('ok'));

  await restart(() => copyFileSync(`${file}.old`, file));

  // Another digest under the same session, freshly consented to: the nonces of that session died with the process.
  const again = sign(session, '2');
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(11_000);
  const codes = codesOf(await again);
  equal(codes[0], 'E_SESSION');
  equal(codes.includes('ok'), false);
  notEqual(api.session(), session);
  deepEqual(codesOf(await sign(api.session(), '2')), Array(5).fill('ok'));
  api.cluster.stop();
});
