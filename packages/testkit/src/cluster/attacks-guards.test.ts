/** What no other test missed when its guard was removed (docs/security/README.md): one refusal each, by its code. */
import { deepEqual, equal } from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ackBytes } from '@holdfast/authority/log';
import { identityFromSeeds } from '@holdfast/cluster/roster';
import { toBase64Url } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { seededRandom } from '@holdfast/mpc/simulator';
import Database from 'libsql';
import {
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

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'guards 1';
console.log(`seed: ${seed}`);

const five = (code: string): string[] => Array(5).fill(code);
const edKey = { scheme: 'EdDSA', curve: 'ed25519' };

let api: TestApi<TestCluster>;
let org: TestOrganisation;
let keyId: string;

before(async () => {
  api = createTestApi(await startTestCluster(seed));
  org = await api.found('Acme');
  const body = { keyImport: true, keyExport: true };
  await api.govern({ org, user: org.admin, method: 'PUT', path: `/orgs/${org.org}/settings`, body });
  keyId = (await api.createKey({ org, user: org.admin, body: edKey })).keyId;
});
after(() => api.cluster.stop());

/** The five, whose keys follow from the seed: what a majority of signers that turned could sign. */
const identities = () =>
  everybody.map((k) => {
    const drawn = seededRandom(`${seed}/identity/${k}`);
    const identity = identityFromSeeds({ identitySeed: drawn.bytes(32), transportSeed: drawn.bytes(32) });
    const index = api.cluster.roster.signers.find(
      (s) => Buffer.compare(s.identityKey, identity.publicKey) === 0,
    )?.index;
    return { index: index ?? 0, sign: identity.sign };
  });
const post = (path: string, body: unknown, participants: readonly number[] = []): Promise<Replies> =>
  api.act({ org, user: org.admin, method: 'POST', path, body, participants, to: everybody });
const parcels = (o: { network?: string } = {}) => {
  const secret = curveOf('ed25519').scalar.random(api.cluster.random);
  return api.importBody({ curve: 'ed25519', protocol: 'FROST', secret, ...o });
};

test('a certificate of a key that was never begun is of nothing', async () => {
  const unknown = `key-${'0'.repeat(5)}-${'1'.repeat(5)}-${'2'.repeat(16)}`;
  const replies = await api.broadcast({ v: 1, id: 'c', kind: 'KeyCertificate', keyId: unknown, statements: [] });

  deepEqual(codesOf(replies), five('E_NOT_FOUND'));
});

test('a share that was acknowledged and has no certificate yet does not sign', async () => {
  const command = api.makeAct({
    org,
    user: org.admin,
    method: 'POST',
    path: '/keys',
    body: edKey,
    participants: everybody,
  });
  const stopped = [1, 2, 3].map((index) => api.cluster.signers[index - 1]);
  for (const signer of stopped) signer?.crashAt('store:activate:before-flush');
  await api.broadcast(command);
  for (const index of [1, 2, 3]) {
    api.cluster.kill(index);
    await api.cluster.start(index);
  }
  await api.cluster.clock.advance(10_000);
  const act = { request: command.request, assertion: command.assertion };
  const made = keyResult(await api.broadcast({ v: 1, id: 'm', kind: 'Made', act }));
  const three = { org, user: org.admin, method: 'POST', path: `/keys/${made.keyId}/signatures` } as const;
  const sign = () => api.act({ ...three, body: { kind: 'Message', message: '0x61' }, participants: [1, 2, 3] });

  deepEqual(codesOf(await sign()), Array(3).fill('E_NOT_FOUND'));
  await api.certify(made);
  deepEqual(codesOf(await sign()), ['ok', 'ok', 'ok']);
});

test('who asks for a key while it is being made is told to wait, not that there is none', async () => {
  const command = api.makeAct({
    org,
    user: org.admin,
    method: 'POST',
    path: '/keys',
    body: edKey,
    participants: everybody,
  });
  const act = { request: command.request, assertion: command.assertion };
  api.cluster.net.tap(() => []);
  const making = api.broadcast(command);
  await api.cluster.clock.settle();

  deepEqual(codesOf(await api.broadcast({ v: 1, id: 'm', kind: 'Made', act })), five('E_CLUSTER_BUSY'));
  api.cluster.net.tap(undefined);
  await api.cluster.clock.advance(11_000);
  deepEqual(codesOf(await making), five('E_PEER_GONE'));
  deepEqual(codesOf(await api.broadcast({ v: 1, id: 'm', kind: 'Made', act })), five('E_NOT_FOUND'));
});

test('what is committed stands: other heads, and heads that this signer lacks, are not committed by any signatures', async () => {
  const { height, head } = api.entries(org.org)[1]?.acks[0] ?? { height: 0, head: '' };
  const commit = async (o: { height: number; head: string }, index: number): Promise<string[]> => {
    const acks = identities().map(({ index: by, sign }) => {
      const signature = sign(ackBytes(org.org, o.height, new Uint8Array(Buffer.from(o.head, 'base64url'))));
      return { index: by, org: org.org, ...o, signature: toBase64Url(signature) };
    });
    return codesOf(await api.broadcast({ v: 1, id: 'c', kind: 'Commit', org: org.org, acks }, [index]));
  };

  equal(height, 1);
  deepEqual(codesOf(await api.broadcast({ v: 1, id: 'c', kind: 'Commit', org: org.org, acks: [] })), five('E_ACKS'));
  deepEqual(await commit({ height, head }, 1), ['ok']);
  deepEqual(await commit({ height, head: toBase64Url(api.cluster.random(32)) }, 1), ['E_ACKS']);
  deepEqual(await commit({ height: 2, head: toBase64Url(api.cluster.random(32)) }, 1), ['E_STALE_HEAD']);
});

test('a beginning is caught up under its own name only', async () => {
  const other = await api.found('Other');
  const [first] = api.entries(other.org);
  if (first === undefined) throw new Error('a beginning');
  const named = `or-${'0'.repeat(5)}-${'1'.repeat(5)}-${'2'.repeat(16)}`;

  const replies = await api.broadcast({ v: 1, id: 'u', kind: 'CatchUp', org: named, entries: [first] });
  deepEqual(codesOf(replies), five('E_ENTRY'));
});

test('a wallet on a network that does not take its key is refused, made or imported', async () => {
  deepEqual(codesOf(await post('/wallets', { network: 'Ethereum', signingKey: { id: keyId } })), five('E_KEY_NETWORK'));
  const body = await parcels({ network: 'Ethereum' });
  deepEqual(codesOf(await post('/wallets/import', body, everybody)), five('E_KEY_NETWORK'));
});

test('an export to 34 bytes that are no point is refused, and the key signs on', async () => {
  const noPoint = Buffer.concat([Buffer.from([1, 2]), Buffer.alloc(32, 0xff)]).toString('base64');
  const body = { encryptionKey: noPoint, supportedSchemes: [{ protocol: 'FROST', curve: 'ed25519' }] };

  deepEqual(codesOf(await post(`/keys/${keyId}/export`, body)), five('E_ENCRYPTION_KEY'));
  const message = { kind: 'Message', message: '0x61' };
  const three = { org, user: org.admin, method: 'POST', path: `/keys/${keyId}/signatures` } as const;
  deepEqual(codesOf(await api.act({ ...three, body: message, participants: [1, 2, 3] })), ['ok', 'ok', 'ok']);
});

test('an import is refused where the operator of the signer forbids it', async () => {
  const [first] = api.cluster.signers;
  if (first !== undefined) first.settings.allowImport = false;
  try {
    const replies = post('/keys/import', await parcels(), everybody);
    await api.cluster.clock.settle();
    await api.cluster.clock.advance(11_000);
    const codes = codesOf(await replies);
    equal(codes[0], 'E_IMPORT_DISABLED');
    equal(codes.includes('ok'), false);
  } finally {
    if (first !== undefined) first.settings.allowImport = true;
  }
});

test('creating and importing a key take all five, each named once', async () => {
  for (const participants of [
    [1, 2, 3, 4],
    [1, 2, 3],
  ]) {
    deepEqual(codesOf(await post('/keys', edKey, participants)), five('E_COMMAND'));
    deepEqual(codesOf(await post('/keys/import', await parcels(), participants)), five('E_COMMAND'));
  }
});

test('a parcel that is shorter than its own end is refused before it is opened', async () => {
  const body = await parcels();
  const encryptedKeyShares = body.encryptedKeyShares.map((each) => ({
    ...each,
    encryptedKeyShare: Buffer.alloc(33, 2).toString('base64'),
  }));

  deepEqual(codesOf(await post('/keys/import', { ...body, encryptedKeyShares }, everybody)), five('E_IMPORT_SHARES'));
});

test('what changes no record is not caught up as one', async () => {
  const body = { kind: 'Message', message: '0x61' };
  const path = `/keys/${keyId}/signatures`;
  const { request, assertion } = api.makeAct({ org, user: org.admin, method: 'POST', path, body });
  const replies = await api.broadcast({
    v: 1,
    id: 'r',
    kind: 'RecordCatchUp',
    act: { request, assertion },
    marks: [],
  });

  deepEqual(codesOf(replies), five('E_COMMAND'));
});

test('an assertion that was spent ten times is a replay, whatever has happened to its key since', async () => {
  const made = await api.createKey({ org, user: org.admin, body: edKey });
  const path = `/keys/${made.keyId}`;
  const body = { kind: 'Message', message: '0x61' };
  const participants = [1, 2, 3];
  const command = api.makeAct({ org, user: org.admin, method: 'POST', path: `${path}/signatures`, body, participants });
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const again = { ...command, runNonce: Buffer.from(api.cluster.random(32)).toString('hex') };
    deepEqual(codesOf(await api.broadcast(again, participants)), ['ok', 'ok', 'ok']);
  }
  await api.act({ org, user: org.admin, method: 'DELETE', path, body: {} });

  // Step 10 stands before everything that is asked about the key.
  deepEqual(codesOf(await api.broadcast(command, participants)), Array(3).fill('E_REPLAY'));
});

test('a signer whose journal was altered does nothing more, and says so', async () => {
  const file = join(api.cluster.signers[4]?.dir ?? '', 'store.sqlite');
  api.cluster.kill(5);
  await api.cluster.clock.settle();
  const db = new Database(file);
  const kept = db.prepare('select facts from journal where seq = 2').raw(true).get([]) as unknown as [string];
  db.prepare('update journal set facts = ? where seq = 2').run([`${kept[0]} `]);
  db.close();
  await api.cluster.start(5);
  await api.cluster.clock.advance(10_000);

  const replies = post(`/keys/${keyId}/signatures`, { kind: 'Message', message: '0x61' }, [3, 4, 5]);
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(11_000);
  equal(codesOf(await replies)[4], 'E_SEALED');
  deepEqual(codesOf(await api.broadcast({ v: 1, id: 's', kind: 'Status' }, [5])), ['ok']);
});
