/** Imports that must fail, each for its own reason, and leave nothing behind. */
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { curve as curveOf } from '@holdfast/crypto/curves';
import {
  codesOf,
  createTestApi,
  everybody,
  type ImportBody,
  keyResult,
  type Replies,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'import 1';
console.log(`seed: ${seed}`);

const five = (code: string): string[] => Array(5).fill(code);

async function ready() {
  const api = createTestApi(await startTestCluster(seed));
  const org = await api.found('Acme');
  await api.govern({
    org,
    user: org.admin,
    method: 'PUT',
    path: `/orgs/${org.org}/settings`,
    body: { keyImport: true, keyExport: true },
  });
  const secret = curveOf('ed25519').scalar.random(api.cluster.random);
  const importing = (body: unknown, o: { org?: TestOrganisation; path?: string } = {}): Promise<Replies> =>
    api.act({
      org: o.org ?? org,
      user: (o.org ?? org).admin,
      method: 'POST',
      path: o.path ?? '/keys/import',
      body,
      participants: everybody,
    });
  const body = (): Promise<ImportBody> => api.importBody({ curve: 'ed25519', protocol: 'FROST', secret });
  return { api, org, secret, importing, body };
}
const keysAt = (api: TestApi<TestCluster>): number => api.cluster.signers[0]?.process?.store.keys.keyIds().length ?? -1;

test('bad-inputs 152: a parcel is taken once, whoever sends it again', async () => {
  const { api, importing, body } = await ready();
  const parcels = await body();
  const key = keyResult(await importing(parcels));
  const other = await api.found('Other');
  await api.govern({
    org: other,
    user: other.admin,
    method: 'PUT',
    path: `/orgs/${other.org}/settings`,
    body: { keyImport: true },
  });

  deepEqual(codesOf(await importing(parcels)), five('E_IMP_CIPHERTEXT_USED'));
  deepEqual(codesOf(await importing(parcels, { org: other })), five('E_IMP_CIPHERTEXT_USED'));
  notEqual(key.keyId, '');
  api.cluster.stop();
});

test('bad-inputs 151: a key that is here already is refused until it was exported', async () => {
  const { api, org, importing, body } = await ready();
  const key = keyResult(await importing(await body()));
  await api.certify(key);
  deepEqual(codesOf(await importing(await body())), five('E_KEY_EXISTS'));

  await api.exportKey({
    org,
    user: org.admin,
    keyId: key.keyId,
    curve: 'ed25519',
    protocol: 'FROST',
    publicKey: Buffer.from(key.publicKey, 'hex'),
  });

  notEqual(keyResult(await importing(await body())).keyId, key.keyId);
  api.cluster.stop();
});

test('bad-inputs 143: exactly one parcel for each signer of the cluster', async () => {
  const { api, importing, body } = await ready();
  const whole = await body();
  const [first, ...rest] = whole.encryptedKeyShares;
  if (first === undefined) throw new Error('five parcels');

  deepEqual(codesOf(await importing({ ...whole, encryptedKeyShares: rest })), five('E_IMPORT_SHARES'));
  deepEqual(
    codesOf(await importing({ ...whole, encryptedKeyShares: [...rest, ...rest.slice(0, 1)] })),
    five('E_IMPORT_SHARES'),
  );
  deepEqual(
    codesOf(await importing({ ...whole, encryptedKeyShares: [{ ...first, signerId: 'AAAA' }, ...rest] })),
    five('E_IMPORT_SHARES'),
  );
  deepEqual(codesOf(await importing({ ...whole, masterKey: true })), five('E_MASTER_KEY'));
  deepEqual(codesOf(await importing({ ...whole, protocol: 'FROST_BITCOIN' })), five('E_KEY_KIND'));
  deepEqual(codesOf(await importing({ ...whole, minSigners: 2 })), five('E_BODY'));
  equal(keysAt(api), 0);
  api.cluster.stop();
});

test('bad-inputs 144: parcels swapped between two signers open with neither key', async () => {
  const { api, importing, body } = await ready();
  const whole = await body();
  const parcels = whole.encryptedKeyShares.map((s) => s.encryptedKeyShare);
  const swapped = whole.encryptedKeyShares.map((s, k) => ({
    ...s,
    encryptedKeyShare: parcels[[1, 0, 2, 3, 4][k] ?? 0] ?? '',
  }));

  const answers = importing({ ...whole, encryptedKeyShares: swapped });
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(11_000);
  deepEqual(codesOf(await answers).slice(0, 2), ['E_IMPORT_KEYS_EXPIRED', 'E_IMPORT_KEYS_EXPIRED']);
  equal(
    api.cluster.signers.every((s) => s.process?.store.keys.count() === 0),
    true,
  );
  api.cluster.stop();
});

test('bad-inputs 148, row 25: two dealings mixed do not become a key', async () => {
  const { api, importing, body } = await ready();
  const [one, two] = [await body(), await body()];
  const mixed = {
    ...one,
    encryptedKeyShares: one.encryptedKeyShares.map((s, k) => (k < 2 ? s : (two.encryptedKeyShares[k] ?? s))),
  };

  const answers = importing(mixed);
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(11_000);

  deepEqual(
    codesOf(await answers).filter((code) => code === 'ok'),
    [],
  );
  equal(codesOf(await answers).includes('E_IMP_MISMATCH'), true);
  equal(
    api.cluster.signers.every((s) => s.process?.store.keys.keyIds().length === 0),
    true,
  );
  api.cluster.stop();
});

test('bad-inputs 153: import keys serve for two hours; after that the parcel is noise', async () => {
  const { api, importing, body } = await ready();
  const parcels = await body();
  await api.cluster.clock.advance(61 * 60_000);
  const late = await body();
  await api.cluster.clock.advance(60 * 60_000);

  deepEqual(codesOf(await importing(parcels)), five('E_IMPORT_KEYS_EXPIRED'));
  deepEqual(codesOf(await importing(late)), five('ok'));
  api.cluster.stop();
});

test('bad-inputs 154: one signer fails after the others stored: nobody has the key, and it can be imported again', async () => {
  const { api, importing, body } = await ready();
  api.cluster.signers[3]?.crashAt('store:pending:before-flush');
  const answers = importing(await body());
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(11_000);
  deepEqual(
    codesOf(await answers).filter((code) => code === 'ok'),
    [],
  );
  await api.cluster.start(4);
  await api.cluster.clock.advance(10_000);

  equal(
    api.cluster.signers.every((s) => s.process?.store.keys.count() === 0),
    true,
  );
  deepEqual(codesOf(await importing(await body())), five('ok'));
  api.cluster.stop();
});

test('an import whose answer was lost is there: it is told again, and its private key does not come in twice', async () => {
  const { api, importing, body } = await ready();
  const key = keyResult(await importing(await body()));

  deepEqual(codesOf(await importing(await body())), five('E_KEY_EXISTS'));
  deepEqual(codesOf(await api.certify(key)), five('ok'));
  api.cluster.stop();
});

test('a parcel with any byte changed does not open', async () => {
  const { api, importing, body } = await ready();
  const whole = await body();
  const encryptedKeyShares = whole.encryptedKeyShares.map((s) => {
    const bytes = Buffer.from(s.encryptedKeyShare, 'base64');
    bytes[7] = (bytes[7] ?? 0) ^ 1;
    return { ...s, encryptedKeyShare: bytes.toString('base64') };
  });

  deepEqual(codesOf(await importing({ ...whole, encryptedKeyShares })), five('E_IMPORT_KEYS_EXPIRED'));
  api.cluster.stop();
});
