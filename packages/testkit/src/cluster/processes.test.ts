/** The same over real processes and sockets: keys, signatures, kill -9 at a flush, nothing secret on the way. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyRaw } from '@holdfast/chains/schemes';
import { fromHex } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import {
  type ActCommand,
  codesOf,
  createTestApi,
  everybody,
  type KeyResult,
  keyResult,
  type ProcessCluster,
  startProcessCluster,
  type TestApi,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'processes 1';
console.log(`seed: ${seed}`);

let cluster: ProcessCluster;
let api: TestApi<ProcessCluster>;
let org: TestOrganisation;
let key: KeyResult;
const message = { kind: 'Message', message: '0x616263' };

before(async () => {
  cluster = await startProcessCluster(seed);
  api = createTestApi(cluster);
  await cluster.until(() => api.tokens().length === 5 && api.session() !== undefined);
  org = await api.found('Acme');
  key = await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
});
after(() => cluster.stop());

const make = (participants: number[]): ActCommand =>
  api.makeAct({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${key.keyId}/signatures`,
    body: message,
    participants,
  });

test('three processes sign; all give the same signature and it verifies', async () => {
  const replies = await api.broadcast(make([1, 3, 5]), [1, 3, 5]);

  deepEqual(codesOf(replies), ['ok', 'ok', 'ok']);
  for (const reply of replies.values()) {
    if (reply?.ok !== true || reply.result.t !== 'signatures') throw new Error('no signature');
    const signature = fromHex(reply.result.signatures[0]?.signature ?? '');
    ok(
      verifyRaw(
        { algorithm: 'eddsa', message: fromHex('616263') },
        { scheme: 'EdDSA', curve: 'ed25519', publicKey: fromHex(key.publicKey) },
        { signature },
      ),
    );
  }
});

test('five processes sign with engine H under the session they announced', async () => {
  const ecdsa = await api.createKey({ org, user: org.admin, path: '/wallets', body: { network: 'Ethereum' } });
  const session = api.session() ?? '';

  const replies = await api.act({
    org,
    user: org.admin,
    method: 'POST',
    path: `/wallets/${ecdsa.walletId}/signatures`,
    body: { kind: 'Hash', hash: `0x${'22'.repeat(32)}` },
    participants: everybody,
    session,
  });

  deepEqual(codesOf(replies), Array(5).fill('ok'));
});

test('an imported key comes out again the same, and its bytes were never on the relay or in a log', async () => {
  await api.govern({
    org,
    user: org.admin,
    method: 'PUT',
    path: `/orgs/${org.org}/settings`,
    body: { keyImport: true, keyExport: true },
  });
  const curve = curveOf('secp256k1');
  const secret = curve.scalar.random(cluster.random);
  const imported = keyResult(
    await api.importKey({ org, user: org.admin, curve: 'secp256k1', protocol: 'FROST_BITCOIN', secret }),
  );

  const exported = await api.exportKey({
    org,
    user: org.admin,
    keyId: imported.keyId,
    curve: 'secp256k1',
    protocol: 'FROST_BITCOIN',
    publicKey: fromHex(imported.publicKey),
  });

  deepEqual(exported, secret);
  const hex = Buffer.from(secret).toString('hex');
  for (const bytes of cluster.traffic) {
    equal(Buffer.from(bytes).includes(Buffer.from(secret)), false);
    equal(Buffer.from(bytes).includes(hex), false);
  }
  for (const { output } of cluster.processes) equal(output.includes(hex), false);
});

test('killed with -9 behind a flush, a process comes back, and everything goes on', async () => {
  const renewed = async (start: () => void): Promise<void> => {
    const old = api.session();
    start();
    // A session is new only when all five are connected to each other again.
    await cluster.until(() => api.session() !== undefined && api.session() !== old);
  };
  await cluster.kill(2);
  await cluster.until(() => cluster.hub.online().length === 4);
  await renewed(() => cluster.start(2, { HOLDFAST_CRASH_AT: 'store:sign:after-flush:1' }));
  deepEqual(codesOf(await api.broadcast(make([1, 2, 3]), [1, 2, 3])), ['E_PEER_GONE', 'none', 'E_PEER_GONE']);
  await cluster.until(() => cluster.hub.online().length === 4);
  deepEqual(codesOf(await api.broadcast(make([1, 3, 4]), [1, 3, 4])), ['ok', 'ok', 'ok']);

  await renewed(() => cluster.start(2));

  deepEqual(codesOf(await api.broadcast(make([1, 2, 3]), [1, 2, 3])), ['ok', 'ok', 'ok']);
});
