/** Keys, wallets and signatures on a real database, with five signers that sign for real and check nothing. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { operations } from '@holdfast/contract/operations';
import { toBase64 } from '@holdfast/contract/wire';
import { engineNames, scratchEngine, type TestEngine } from '@holdfast/storage/conformance';
import type { Database } from '@holdfast/storage/database';
import { insertEntry, insertOrganisation, listRecordMarks, listStartedActs } from '@holdfast/storage/records';
import { takeUpUnfinished } from '../settlement/index.ts';
import { ORG, SIGNED_HASH, type TestApi, testApi } from '../testing/index.ts';
import { handlers } from './index.ts';

const OTHER_ORG = 'or-other-other-0123456789abcdef';
let db: Database;
let engine: TestEngine;
let api: TestApi;

const edKey = { scheme: 'EdDSA', curve: 'ed25519' };
const shares = () =>
  api.cluster.roster.signers.map(({ signerId }) => ({ signerId: toBase64(signerId), encryptedKeyShare: 'c2VhbGVk' }));
const importBody = () => ({ curve: 'ed25519', protocol: 'FROST', minSigners: 3, encryptedKeyShares: shares() });
const exportBody = {
  encryptionKey: Buffer.concat([Buffer.from([1, 2]), Buffer.alloc(32, 5)]).toString('base64'),
  supportedSchemes: [
    { protocol: 'CGGMP24', curve: 'secp256k1' },
    { protocol: 'FROST', curve: 'ed25519' },
  ],
};
const foreign = (path: string) =>
  api.app.inject({ method: 'GET', url: path, headers: { authorization: `Bearer ${OTHER_ORG}` } });
const code = (answer: { body: { error: { details: { code: string } } } }) => answer.body.error.details.code;
async function made(body: object, path = '/keys') {
  const answer = await api.call('POST', path, body);
  equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

for (const engineName of engineNames) {
  describe(`on ${engineName}`, () => suite(engineName));
}

function suite(engineName: TestEngine['name']): void {
  before(async () => {
    engine = await scratchEngine(engineName);
    db = await engine.open();
    for (const id of [ORG, OTHER_ORG]) {
      const row = { name: 'Test', genesis: '{}', head: 'A', height: 0, dateCreated: '2026-11-20T08:00:00.000Z' };
      await insertOrganisation(db.kysely, {
        id,
        ...row,
        state: { settings: { keyImport: id === ORG, keyExport: id === ORG } },
      });
    }
  });
  after(async () => {
    await db.close();
    await engine.remove();
  });
  beforeEach(() => {
    api = testApi({ handlers, db });
  });

  test('a key: made, read with its attestations, listed, renamed, archived', async () => {
    const key = await made({ ...edKey, name: 'first' });
    match(key.id, /^key-[0-9a-v]{5}-[0-9a-v]{5}-[0-9a-v]{16}$/);
    deepEqual(
      { ...key, id: '', publicKey: '', dateCreated: '' },
      { id: '', ...edKey, publicKey: '', name: 'first', status: 'Active', custodial: true, dateCreated: '' },
    );

    const read = (await api.call('GET', `/keys/${key.id}`)).body;
    equal(read.attestations.length, 5);
    deepEqual([read.wallets, read.store.kind], [[], 'Mpc']);

    equal((await api.call('PUT', `/keys/${key.id}`, { name: 'second' })).body.name, 'second');
    equal((await api.call('PUT', `/keys/${key.id}`, { name: null })).body.name, undefined);
    ok((await api.call('GET', '/keys?limit=1')).body.items.length === 1);

    const wallet = await made({ network: 'Solana', signingKey: { id: key.id } }, '/wallets');
    const archived = (await api.call('DELETE', `/keys/${key.id}`, {})).body;
    equal(archived.status, 'Archived');
    ok(archived.dateDeleted);
    equal((await api.call('GET', `/wallets/${wallet.id}`)).body.status, 'Archived');
    equal(
      code(await api.call('POST', `/keys/${key.id}/signatures`, { kind: 'Message', message: '0x01' })),
      'E_KEY_INACTIVE',
    );
  });

  test('a wallet on a new key has an address, tags, and its key in one reply', async () => {
    const wallet = await made({ network: 'Ethereum', name: 'hot', tags: ['a', 'b', 'a'] }, '/wallets');
    match(wallet.address, /^0x[0-9a-fA-F]{40}$/);
    deepEqual([wallet.status, wallet.tags, wallet.signingKey.curve], ['Active', ['a', 'b'], 'secp256k1']);

    deepEqual((await api.call('PUT', `/wallets/${wallet.id}/tags`, { tags: ['c'] })).body, {});
    deepEqual((await api.call('DELETE', `/wallets/${wallet.id}/tags`, { tags: ['a'] })).body, {});
    const updated = (await api.call('PUT', `/wallets/${wallet.id}`, { name: null, externalId: `ext-${wallet.id}` }))
      .body;
    deepEqual([updated.name, updated.externalId, updated.tags], [undefined, `ext-${wallet.id}`, ['b', 'c']]);
    deepEqual((await api.call('GET', `/wallets/${wallet.id}`)).body, updated);

    const archived = (await api.call('DELETE', `/wallets/${wallet.id}`, {})).body;
    equal(archived.status, 'Archived');
    equal((await api.call('GET', `/keys/${wallet.signingKey.id}`)).body.status, 'Active');
  });

  test('one key, two networks; the same network twice is refused', async () => {
    const first = await made({ network: 'Ethereum' }, '/wallets');
    const second = await made({ network: 'Polygon', signingKey: { id: first.signingKey.id } }, '/wallets');
    equal(second.address, first.address);

    const again = await api.call('POST', '/wallets', { network: 'Polygon', signingKey: { id: first.signingKey.id } });
    deepEqual([again.status, code(again)], [409, 'E_WALLET_EXISTS']);
    const unfit = await api.call('POST', '/wallets', { network: 'Solana', signingKey: { id: first.signingKey.id } });
    deepEqual([unfit.status, code(unfit)], [400, 'E_KEY_NETWORK']);
  });

  test('what this release does not have is refused by name', async () => {
    const cases: [string, object, string][] = [
      ['/keys', { ...edKey, storeId: 'store-1' }, 'E_KEY_STORE'],
      ['/keys', { scheme: 'DH', curve: 'ed25519' }, 'E_KEY_KIND'],
      ['/keys', { scheme: 'EdDSA', curve: 'stark' }, 'E_KEY_KIND'],
      ['/wallets', { network: 'Solana', signingKey: { scheme: 'ECDSA' } }, 'E_KEY_NETWORK'],
      ['/wallets', { network: 'Etherium' }, 'E_BODY'],
      ['/keys/import', { ...importBody(), masterKey: true }, 'E_MASTER_KEY'],
      ['/keys/import', { ...importBody(), curve: 'stark' }, 'E_KEY_KIND'],
      ['/keys/import', { ...importBody(), protocol: 'GLOW20_DH', curve: 'secp256k1' }, 'E_KEY_KIND'],
      ['/wallets/import', { ...importBody(), network: 'Ethereum' }, 'E_KEY_NETWORK'],
    ];
    for (const [path, body, expected] of cases)
      equal(code(await api.call('POST', path, body)), expected, JSON.stringify(body));
  });

  const masterKey = { ...edKey, masterKey: true };
  const dhKey = { scheme: 'DH', curve: 'secp256k1' };
  const derivation = { domain: '0x6578616d706c65', seed: '0x616c696365' };

  test('a master key and its children say what they are; children without a path take the next free one', async () => {
    const master = await made(masterKey);
    equal(master.masterKey, true);
    equal(master.derivedFrom, undefined);

    const named = await made({ ...edKey, deriveFrom: { keyId: master.id, path: 'm/1' } });
    deepEqual(named.derivedFrom, { keyId: master.id, path: 'm/1' });
    equal(named.masterKey, undefined);
    const open = { ...edKey, deriveFrom: { keyId: master.id } };
    const [first, second] = await Promise.all([made(open), made(open)]);
    const wallet = await made({ network: 'Solana', signingKey: { deriveFrom: { keyId: master.id } } }, '/wallets');
    const ofWallet = (await api.call('GET', `/keys/${wallet.signingKey.id}`)).body;

    deepEqual([first, second].map(({ derivedFrom }) => derivedFrom.path).sort(), ['m/0', 'm/2']);
    deepEqual(ofWallet.derivedFrom, { keyId: master.id, path: 'm/3' });
    deepEqual((await api.call('GET', `/keys/${first.id}`)).body.derivedFrom, first.derivedFrom);
  });

  test('[bad-input 134] children are refused of what is no master, and where they do not fit', async () => {
    const master = await made(masterKey);
    const plain = await made(edKey);
    const child = await made({ ...edKey, deriveFrom: { keyId: master.id, path: 'm/7' } });
    const archived = await made(masterKey);
    await api.call('DELETE', `/keys/${archived.id}`, {});
    const exported = await made(masterKey);
    await api.call('POST', `/keys/${exported.id}/export`, exportBody);
    const unknown = `key-${'0'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`;
    const of = (keyId: string, path?: string) => ({
      ...edKey,
      deriveFrom: { keyId, ...(path === undefined ? {} : { path }) },
    });
    const wallet = (signingKey: object, network = 'Solana') => ({ network, signingKey });
    const cases: [string, object, string][] = [
      ['/keys', of(plain.id), 'E_HD_MASTER'],
      ['/keys', of(child.id), 'E_HD_MASTER'],
      ['/keys', of(archived.id), 'E_HD_MASTER'],
      ['/keys', of(exported.id), 'E_HD_MASTER'],
      ['/keys', of(unknown), 'E_NOT_FOUND'],
      ['/keys', { ...of(master.id), masterKey: true }, 'E_HD'],
      ['/keys', { ...dhKey, masterKey: true }, 'E_HD'],
      ['/keys', { ...dhKey, deriveFrom: { keyId: master.id } }, 'E_KEY_KIND'],
      ['/keys', { scheme: 'ECDSA', curve: 'secp256k1', deriveFrom: { keyId: master.id } }, 'E_KEY_KIND'],
      ['/keys', of(master.id, 'm/2147483648'), 'E_HD_PATH'],
      ['/keys', of(master.id, "m/0'"), 'E_BODY'],
      ['/keys', of('key-1'), 'E_BODY'],
      ['/wallets', wallet({ deriveFrom: { keyId: plain.id } }), 'E_HD_MASTER'],
      ['/wallets', wallet({ deriveFrom: { keyId: master.id } }, 'Ethereum'), 'E_KEY_NETWORK'],
      ['/wallets', wallet({ scheme: 'ECDSA', deriveFrom: { keyId: master.id } }), 'E_KEY_NETWORK'],
      ['/wallets', wallet({ id: plain.id, deriveFrom: { keyId: master.id } }), 'E_HD'],
    ];

    for (const [path, body, expected] of cases)
      equal(code(await api.call('POST', path, body)), expected, JSON.stringify(body));
    const taken = await api.call('POST', '/keys', of(master.id, 'm/7'));
    deepEqual([taken.status, code(taken)], [409, 'E_KEY_EXISTS']);
  });

  test('row 50: a derived key is not exported, and its master only when its children are at their end', async () => {
    const master = await made(masterKey);
    const child = await made({ ...edKey, deriveFrom: { keyId: master.id } });

    equal(code(await api.call('POST', `/keys/${child.id}/export`, exportBody)), 'E_HD_EXPORT');
    equal(code(await api.call('POST', `/keys/${master.id}/export`, exportBody)), 'E_HD_EXPORT');
    await api.call('DELETE', `/keys/${child.id}`, {});

    equal((await api.call('POST', `/keys/${master.id}/export`, exportBody)).status, 200);
    equal(code(await api.call('POST', `/keys/${child.id}/export`, exportBody)), 'E_HD_EXPORT');
  });

  test('a DH key derives, signs nothing, fits no network and does not leave; no other key derives', async () => {
    const dh = await made(dhKey);
    const signing = await made(edKey);

    const answer = await api.call('POST', `/keys/${dh.id}/derive`, derivation);
    match(answer.body.output, /^0x[0-9a-f]{64}$/);
    deepEqual((await api.call('POST', `/keys/${dh.id}/derive`, derivation)).body, answer.body);
    const refusals: [string, object, string][] = [
      [`/keys/${signing.id}/derive`, derivation, 'E_KEY_KIND'],
      [`/keys/${dh.id}/signatures`, { kind: 'Hash', hash: '07'.repeat(32) }, 'E_KEY_KIND'],
      [
        `/keys/${dh.id}/export`,
        { ...exportBody, supportedSchemes: [{ protocol: 'GLOW20_DH', curve: 'secp256k1' }] },
        'E_KEY_KIND',
      ],
      ['/wallets', { network: 'Ethereum', signingKey: { id: dh.id } }, 'E_KEY_NETWORK'],
      ['/wallets', { network: 'Ethereum', signingKey: { scheme: 'DH' } }, 'E_KEY_NETWORK'],
      [`/keys/${dh.id}/derive`, { ...derivation, domain: '0x' }, 'E_BODY'],
      [`/keys/${dh.id}/derive`, { ...derivation, domain: `0x${'00'.repeat(256)}` }, 'E_BODY'],
      [`/keys/${dh.id}/derive`, { ...derivation, seed: '' }, 'E_BODY'],
      [`/keys/${dh.id}/derive`, { ...derivation, seed: 'alice' }, 'E_BODY'],
      [`/keys/${dh.id}/derive`, { ...derivation, point: `02${'11'.repeat(32)}` }, 'E_BODY'],
    ];
    for (const [path, body, expected] of refusals)
      equal(code(await api.call('POST', path, body)), expected, `${path} ${JSON.stringify(body).slice(0, 80)}`);
    await api.call('DELETE', `/keys/${dh.id}`, {});
    equal(code(await api.call('POST', `/keys/${dh.id}/derive`, derivation)), 'E_KEY_INACTIVE');
  });

  test('F108: a scheme that does not go with its curve says which one does', async () => {
    const answer = await api.call('POST', '/keys', { scheme: 'EdDSA', curve: 'stark' });
    equal(answer.body.error.message, 'curve stark needs scheme ECDSA');
  });

  test('G142, G143: shares are counted and named', async () => {
    for (const minSigners of [2, 4, 0, '3']) {
      const answer = await api.call('POST', '/keys/import', { ...importBody(), minSigners });
      equal(answer.body.error.message, 'body.minSigners must be 3');
    }
    const all = shares();
    const cases = {
      missing: all.slice(1),
      unknown: [...all, { signerId: 'AAAA', encryptedKeyShare: 'AA' }],
      twice: [...all, ...all.slice(0, 1)],
    };
    for (const [what, encryptedKeyShares] of Object.entries(cases)) {
      const answer = await api.call('POST', '/keys/import', { ...importBody(), encryptedKeyShares });
      deepEqual([answer.status, code(answer)], [400, 'E_IMPORT_SHARES'], what);
      match(
        answer.body.error.message,
        /one entry for each of the 5 signers; (missing .{8}…|1 of them unknown|a signer appears twice)/,
      );
    }
  });

  test('G141, G156: import and export are off until the organisation switches them on', async () => {
    const headers = {
      authorization: `Bearer ${OTHER_ORG}`,
      'x-dfns-useraction': 'off',
      'content-type': 'application/json',
    };
    const imported = await api.app.inject({
      method: 'POST',
      url: '/keys/import',
      headers,
      payload: JSON.stringify(importBody()),
    });
    deepEqual([imported.statusCode, imported.json().error.details.code], [403, 'E_IMPORT_DISABLED']);
    match(imported.json().error.message, /holdfast org enable import/);
  });

  test('an imported wallet says so, exports under the label the client listed first, and never signs again', async () => {
    const wallet = await made({ ...importBody(), network: 'Solana', name: 'brought' }, '/wallets/import');
    deepEqual([wallet.imported, wallet.exported, wallet.network], [true, undefined, 'Solana']);

    const unlisted = await api.call('POST', `/wallets/${wallet.id}/export`, { ...exportBody, supportedSchemes: [] });
    deepEqual([unlisted.status, code(unlisted)], [400, 'E_EXPORT_SCHEME']);
    match(unlisted.body.error.message, /key uses FROST\/ed25519; your client lists nothing/);

    const exported = await made(exportBody, `/wallets/${wallet.id}/export`);
    deepEqual(
      [exported.publicKey, exported.protocol, exported.curve, exported.minSigners, exported.encryptedKeyShares.length],
      [wallet.signingKey.publicKey, 'FROST', 'ed25519', 3, 5],
    );
    const key = (await api.call('GET', `/keys/${wallet.signingKey.id}`)).body;
    deepEqual([key.exported, key.imported], [true, true]);
    ok(key.dateExported);
    const refused = await api.call('POST', `/wallets/${wallet.id}/signatures`, { kind: 'Message', message: '0x01' });
    deepEqual([refused.status, refused.body.error.message], [400, 'key is exported and can no longer sign']);
    equal((await made(exportBody, `/keys/${key.id}/export`)).encryptedKeyShares.length, 5);
  });

  test('an ECDSA key is labelled as the client wishes', async () => {
    const key = await made({ scheme: 'ECDSA', curve: 'secp256k1' });
    equal((await made(exportBody, `/keys/${key.id}/export`)).protocol, 'CGGMP24');
  });

  for (const [name, encryptionKey] of Object.entries({
    'a wrong version byte': Buffer.concat([Buffer.from([2, 2]), Buffer.alloc(32, 5)]).toString('base64'),
    '32 bytes': Buffer.alloc(32, 1).toString('base64'),
    '35 bytes': Buffer.concat([Buffer.from([1, 2]), Buffer.alloc(33, 5)]).toString('base64'),
    'an uncompressed point': Buffer.concat([Buffer.from([1, 4]), Buffer.alloc(32, 5)]).toString('base64'),
    base64url: 'AQ--',
  })) {
    test(`G157: an encryption key with ${name}`, async () => {
      const key = await made(edKey);
      const answer = await api.call('POST', `/keys/${key.id}/export`, { ...exportBody, encryptionKey });
      deepEqual([answer.status, answer.body.error.message], [400, 'body.encryptionKey is not a valid key']);
    });
  }

  test('a message is signed, verified, stored, read and listed at both levels', async () => {
    const wallet = await made({ network: 'Solana' }, '/wallets');
    const body = { kind: 'Message', message: '0x68656c6c6f', externalId: `ext-${wallet.id}` };
    const signed = await made(body, `/wallets/${wallet.id}/signatures`);
    deepEqual(
      [signed.status, signed.walletId, signed.network, signed.requestBody],
      ['Signed', wallet.id, 'Solana', body],
    );
    equal(signed.signature.encoded, `0x${signed.signature.r.slice(2)}${signed.signature.s.slice(2)}`);

    deepEqual((await api.call('GET', `/wallets/${wallet.id}/signatures/${signed.id}`)).body, signed);
    const byKey = (await api.call('GET', `/keys/${wallet.signingKey.id}/signatures`)).body;
    deepEqual([byKey.keyId, byKey.items.length, byKey.items[0].id], [wallet.signingKey.id, 1, signed.id]);
    const byWallet = (await api.call('GET', `/wallets/${wallet.id}/signatures`)).body;
    deepEqual([byWallet.walletId, byWallet.keyId, byWallet.items.length], [wallet.id, wallet.signingKey.id, 1]);

    // F119: the same request again, members in another order; F118: another one under the same externalId.
    const { kind, message, externalId } = body;
    equal((await made({ externalId, message, kind }, `/wallets/${wallet.id}/signatures`)).id, signed.id);
    const conflict = await api.call('POST', `/wallets/${wallet.id}/signatures`, { ...body, message: '0x00' });
    deepEqual([conflict.status, conflict.body.error.message], [409, 'Conflicting signature with same externalId']);
    deepEqual(conflict.body.error.details.duplicate, { id: signed.id, externalId });
  });

  test('a hash is signed by an ECDSA key once all five hold one session', async () => {
    const key = await made({ scheme: 'ECDSA', curve: 'secp256k1' });
    for (const index of [1, 2, 3, 4, 5]) api.cluster.push(index, { v: 1, push: 'Session', session: 'ab'.repeat(32) });
    const signed = await made({ kind: 'Hash', hash: `0x${SIGNED_HASH}` }, `/keys/${key.id}/signatures`);
    equal(signed.status, 'Signed');
    match(signed.signature.r, /^0x[0-9a-f]{64}$/);

    // The fakes sign one digest only: any other answer does not verify, so it is never given.
    const pending = api.call('POST', `/keys/${key.id}/signatures`, { kind: 'Hash', hash: `0x${'11'.repeat(32)}` });
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await api.env.advance(20_000);
    const wrong = await pending;
    equal(wrong.status, 500);
    const [last] = (await api.call('GET', `/keys/${key.id}/signatures`)).body.items;
    deepEqual([last.status, last.signature], ['Failed', undefined]);
  });

  test('F121, F122: bodies that cannot be signed', async () => {
    const ed = await made(edKey);
    for (const hash of ['0x12', `0x${'1'.repeat(63)}`, `0x${'1'.repeat(66)}`, `0X${'1'.repeat(64)}`, 'zz'.repeat(32)]) {
      const answer = await api.call('POST', `/keys/${ed.id}/signatures`, { kind: 'Hash', hash });
      deepEqual([answer.status, answer.body.error.message], [400, 'body.hash must be 0x and 64 hex digits']);
    }
    const answer = await api.call('POST', `/keys/${ed.id}/signatures`, { kind: 'Hash', hash: '11'.repeat(32) });
    deepEqual([answer.status, code(answer)], [400, 'E_KIND']);
    const network = await made({ network: 'Solana' }, '/wallets');
    const other = await api.call('POST', `/wallets/${network.id}/signatures`, {
      kind: 'Message',
      message: '01',
      network: 'Ethereum',
    });
    equal(other.body.error.details.path, 'body.network');
  });

  test('F139: with two signers there is a 503 with Retry-After, and no trace of the request', async () => {
    const key = await made(edKey);
    api.cluster.setOnline(2, 4);
    const answer = await api.call('POST', `/keys/${key.id}/signatures`, { kind: 'Message', message: '01' });
    deepEqual(
      [answer.status, answer.body.error.message, answer.headers['retry-after']],
      [503, 'not enough signers: 2 of 5 available, 3 needed', '5'],
    );
    equal((await api.call('GET', `/keys/${key.id}/signatures`)).body.items.length, 0);
    const create = await api.call('POST', '/wallets', { network: 'Solana' });
    match(create.body.error.message, /not enough signers/);
  });

  test('with too many signature requests waiting there is a 429 with Retry-After, and no trace of the request', async () => {
    const key = await made(edKey);
    for (const index of [1, 2, 3, 4, 5])
      api.cluster.behaviours.set(index, ({ kind }) => (kind === 'Act' || kind === 'Group' ? 'silent' : undefined));
    const waiting = {
      request: { method: 'POST', path: '/keys/key-x/signatures', payload: '{}' },
      assertion: { kind: 'Key', credId: 'Y3JlZA', clientData: 'e30', signature: 'c2ln' },
      tokens: [],
      challenge: '',
      nullifier: new Uint8Array(32),
    } as const;
    const order = { org: ORG, protocol: 'frost/ed25519', items: 1, verifies: () => true } as const;
    for (let k = 0; k <= 1024; k += 1) api.ctx.signers.sign(waiting, order).catch(() => {});

    const answer = await api.call('POST', `/keys/${key.id}/signatures`, { kind: 'Message', message: '01' });

    deepEqual(
      [answer.status, answer.body.error.details.code, answer.headers['retry-after']],
      [429, 'E_QUEUE_FULL', '2'],
    );
    equal((await api.call('GET', `/keys/${key.id}/signatures`)).body.items.length, 0);
  });

  test('wallets with an externalId: the same request answers the same wallet, another one is a conflict', async () => {
    const body = { network: 'Solana', externalId: 'order-1' };
    const first = await made(body, '/wallets');
    equal((await made(body, '/wallets')).id, first.id);
    const conflict = await api.call('POST', '/wallets', { ...body, name: 'other' });
    deepEqual([conflict.status, conflict.body.error.details.duplicate.id], [409, first.id]);
  });

  test('a creation that the signers refuse leaves nothing visible', async () => {
    const before = (await api.call('GET', '/wallets')).body.items.length;
    api.cluster.behaviours.set(4, (command) => (command.kind === 'Act' ? { refuse: 'E_FORBIDDEN' } : undefined));
    const answer = await api.call('POST', '/wallets', { network: 'Solana' });
    deepEqual([answer.status, code(answer), answer.body.error.details.refusedBy], [403, 'E_FORBIDDEN', [4]]);
    equal((await api.call('GET', '/wallets')).body.items.length, before);
    deepEqual(await listStartedActs(db.kysely), []);
  });

  test('what a crash left in the middle ends as failed, and says what is not known', async () => {
    const key = await made(edKey);
    for (const index of [1, 2, 3, 4, 5]) {
      api.cluster.behaviours.set(index, (command) => (command.kind === 'Act' ? 'silent' : undefined));
    }
    void api.call('POST', `/keys/${key.id}/signatures`, { kind: 'Message', message: '01' });
    while ((await listStartedActs(db.kysely)).length === 0) await new Promise((resolve) => setImmediate(resolve));

    await takeUpUnfinished(api.ctx);

    const [row] = (await api.call('GET', `/keys/${key.id}/signatures`)).body.items;
    equal(row.status, 'Failed');
    match(row.reason, /a signature may exist/);
    deepEqual(await listStartedActs(db.kysely), []);
  });

  test('signers that say a key is exported teach the api what it lost in a crash', async () => {
    const key = await made(edKey);
    for (const index of [1, 2, 3, 4, 5]) {
      api.cluster.behaviours.set(index, (command) =>
        command.kind === 'Act' ? { refuse: 'E_KEY_EXPORTED' } : undefined,
      );
    }
    equal(
      code(await api.call('POST', `/keys/${key.id}/signatures`, { kind: 'Message', message: '01' })),
      'E_KEY_EXPORTED',
    );
    equal((await api.call('GET', `/keys/${key.id}`)).body.exported, true);
  });

  test('signers that were away are brought up: marks they missed, certificates of keys they hold as pending', async () => {
    const key = await made(edKey);
    api.cluster.setOnline(1, 2, 3);
    equal((await api.call('DELETE', `/keys/${key.id}`, {})).body.status, 'Archived');
    equal((await listRecordMarks(db.kysely, ORG, key.id)).length, 3);
    const statement = { index: 4, signature: 'A'.repeat(86) };
    api.cluster.behaviours.set(4, (command) =>
      command.kind === 'Pending' ? { t: 'pending', keys: [{ keyId: key.id, statement }] } : undefined,
    );

    api.cluster.setOnline(1, 2, 3, 4, 5);
    while ((await listRecordMarks(db.kysely, ORG, key.id)).length < 5)
      await new Promise((resolve) => setImmediate(resolve));

    const sent = (kind: string) => api.cluster.commands.filter(({ command }) => command.kind === kind);
    const about = sent('RecordCatchUp').filter(
      ({ command }) => 'marks' in command && command.marks[0]?.recordId === key.id,
    );
    deepEqual(about.map(({ index }) => index).sort(), [4, 5]);
    const certificate = sent('KeyCertificate').find(
      ({ index, command }) => index === 4 && 'keyId' in command && command.keyId === key.id,
    );
    ok(certificate && 'statements' in certificate.command && certificate.command.statements.length === 5);
    deepEqual(sent('CatchUp').length, 0);
  });

  test('a signer that misses entries gets them with their acknowledgements, from the first one it lacks', async () => {
    const acks = [1, 2, 3].map((index) => {
      const given = api.cluster.ack(index, { org: ORG, height: 0, head: 'A'.repeat(43) });
      if (given.t !== 'ack') throw new Error('no acknowledgement');
      return given.ack;
    });
    // One that does not verify is left behind: signers would refuse the whole for it.
    const forged = { ...(acks[0] as (typeof acks)[number]), index: 4 };
    const entry = {
      v: 1,
      height: 0,
      genesis: '{}',
      proof: { kind: 'Key', credId: 'Y3JlZA', clientData: 'e30', signature: 'c2ln' },
    };
    const row = { orgId: ORG, height: 0, head: 'A', nullifier: null, dateCreated: '2026-11-20T08:00:00.000Z' };
    await insertEntry(db.kysely, { ...row, entry: JSON.stringify(entry), acks: [...acks, forged] });

    api.cluster.setOnline(1, 2, 3, 4);
    api.cluster.setOnline(1, 2, 3, 4, 5);
    const sent = () => api.cluster.commands.filter(({ index, command }) => index === 5 && command.kind === 'CatchUp');
    while (sent().length === 0) await new Promise((resolve) => setImmediate(resolve));

    // The fake stays behind whatever it is sent, so it may be sent the same again.
    for (const { command } of sent()) deepEqual('entries' in command && command.entries, [{ entry, acks }]);
  });

  test('a signer that was told late to trust the organisation is brought up before its refusal counts', async () => {
    let informed = false;
    api.cluster.behaviours.set(5, (command) => {
      if (command.kind === 'CatchUp') informed = true;
      if (command.kind === 'Act' && !informed) return { refuse: 'E_CREDENTIAL_UNKNOWN' };
      return command.kind === 'Act' ? { refuse: 'E_STALE_HEAD' } : undefined;
    });
    const codes = async () => {
      const { refusals } = await api.ctx.signers.govern(ORG, {
        request: { method: 'PUT', path: `/orgs/${ORG}/settings`, payload: '{}' },
        assertion: { kind: 'Key', credId: 'Y3JlZA', clientData: 'e30', signature: 'c2ln' },
        tokens: [1, 2, 3, 4, 5].map((index) => [index, Buffer.alloc(16, index).toString('base64url')] as const),
      });
      return refusals.filter(({ index }) => index === 5).map(({ code: given }) => given);
    };

    // Its second answer is the one that counts: what it knows by then, it did not know before.
    deepEqual(await codes(), ['E_STALE_HEAD']);
    equal(informed, true);
  });

  test('lists come in pages whose tokens open nothing else', async () => {
    for (let k = 0; k < 3; k += 1) await made(edKey);
    const first = (await api.call('GET', '/keys?limit=2')).body;
    equal(first.items.length, 2);
    const second = (await api.call('GET', `/keys?limit=2&paginationToken=${first.nextPageToken}`)).body;
    equal(new Set([...first.items, ...second.items].map(({ id }: { id: string }) => id)).size, 4);
    for (const url of [
      `/keys?paginationToken=${first.nextPageToken}x`,
      `/wallets?paginationToken=${first.nextPageToken}`,
    ]) {
      const answer = await api.call('GET', url);
      deepEqual([answer.status, answer.body.error.message], [400, 'query.paginationToken is not valid']);
    }
    equal((await foreign(`/keys?paginationToken=${first.nextPageToken}`)).statusCode, 400);
  });

  test('offers, validators and activation say what this release has not', async () => {
    const canton = await made({ network: 'CantonTestnet' }, '/wallets');
    const solana = await made({ network: 'Solana' }, '/wallets');
    const concordium = await made({ network: 'ConcordiumTestnet' }, '/wallets');
    match(canton.address ?? '', /^wallet::1220[0-9a-f]{64}$/);
    equal(concordium.address, undefined);

    deepEqual((await api.call('GET', `/wallets/${canton.id}/offers`)).body, { items: [] });
    deepEqual((await api.call('GET', '/networks/canton-testnet/validators')).body, { items: [] });
    const offer = `of-${'0'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`;
    const validator = `cv-${'0'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`;
    const ledger = { requestMethod: 'GET', resource: '/v2/version' };
    const cases: ['POST' | 'PUT', string, object, string][] = [
      ['PUT', `/wallets/${canton.id}/offers/${offer}/accept`, {}, 'E_NOT_FOUND'],
      ['PUT', `/wallets/${canton.id}/offers/${offer}/reject`, {}, 'E_NOT_FOUND'],
      ['POST', `/wallets/${canton.id}/activate`, { validatorId: validator }, 'E_CANTON'],
      ['POST', '/networks/canton-devnet/validators', { kind: 'Shared' }, 'E_CANTON'],
      ['PUT', `/networks/canton/validators/${validator}`, { name: 'x' }, 'E_NOT_FOUND'],
      ['POST', '/networks/ethereum/validators', { kind: 'Shared' }, 'E_NETWORK'],
      ['POST', `/wallets/${solana.id}/activate`, {}, 'E_UNSUPPORTED'],
      ['POST', `/wallets/${concordium.id}/activate`, { expiry: 1, unsignedCdiStr: '{}' }, 'E_UNSUPPORTED'],
    ];
    for (const [method, path, body, expected] of cases)
      equal(code(await api.call(method, path, body)), expected, `${method} ${path}`);
    const asked = (id: string) => api.call('POST', `/wallets/${id}/canton/ledger-api`, ledger);
    equal(code(await asked(canton.id)), 'E_CANTON');
    equal(code(await asked(solana.id)), 'E_UNSUPPORTED');
  });

  test('another organisation sees the same 404, to the byte, as for an id that never was', async () => {
    const wallet = await made({ network: 'Solana' }, '/wallets');
    const signed = await made({ kind: 'Message', message: '01' }, `/wallets/${wallet.id}/signatures`);
    const ids: Readonly<Record<string, [string, string]>> = {
      ':keyId': [wallet.signingKey.id, `key-${'0'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`],
      ':walletId': [wallet.id, `wa-${'0'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`],
      // Nodes would be needed to make some; the wallet before them in each path is refused first.
      ':transferId': [
        `xfr-${'1'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`,
        `xfr-${'0'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`,
      ],
      ':transactionId': [
        `tx-${'1'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`,
        `tx-${'0'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`,
      ],
      // This release makes none.
      ':offerId': [
        `of-${'1'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`,
        `of-${'0'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`,
      ],
      ':signatureId': [signed.id, `sig-${'0'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}`],
    };
    const bodies: Readonly<Record<string, object>> = {
      updateKey: { name: 'x' },
      exportKey: exportBody,
      exportWallet: exportBody,
      updateWallet: { name: 'x' },
      tagWallet: { tags: ['x'] },
      untagWallet: { tags: ['x'] },
      generateSignature: { kind: 'Message', message: '01' },
      transferAsset: { kind: 'Native', to: 'somebody', amount: '1' },
      broadcastTransaction: { kind: 'Transaction', transaction: '0x00' },
      deriveKey: derivation,
      delegateKey: { delegateTo: `us-${'0'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}` },
      delegateWallet: { userId: `us-${'0'.repeat(5)}-${'0'.repeat(5)}-${'0'.repeat(16)}` },
      cantonLedgerApiProxy: { requestMethod: 'GET', resource: '/v2/version' },
    };
    const relevant = operations.filter(
      ({ domain, path }) => ['keys', 'wallets'].includes(domain) && path.includes(':'),
    );
    ok(relevant.length >= 15);
    for (const of of relevant) {
      const url = (which: 0 | 1) => of.path.replaceAll(/:\w+/g, (name) => ids[name]?.[which] ?? name);
      const replies = await Promise.all(
        ([0, 1] as const).map((which) =>
          api.app.inject({
            method: of.method,
            url: url(which),
            headers: {
              authorization: `Bearer ${OTHER_ORG}`,
              ...(of.method === 'GET'
                ? {}
                : { 'x-dfns-useraction': `foreign-${of.name}-${which}`, 'content-type': 'application/json' }),
            },
            ...(of.method === 'GET' ? {} : { payload: JSON.stringify(bodies[of.name] ?? {}) }),
          }),
        ),
      );
      const [known, unknown] = replies.map((reply) => ({
        status: reply.statusCode,
        error: { ...reply.json().error, id: '' },
      }));
      deepEqual(known, unknown, of.path);
      equal(known?.status, 404, of.path);
    }
  });

  test('health, signers, cluster and the page of a newcomer', async () => {
    deepEqual((await api.call('GET', '/health')).body, {
      status: 'ok',
      signers: { online: 5, total: 5 },
      version: '0.1.0',
    });
    const { clusters } = (await api.call('GET', '/signers')).body;
    deepEqual([clusters.length, clusters[0].signers.length], [1, 5]);
    equal(Buffer.from(clusters[0].signers[0].encryptionKey, 'base64').length, 34);
    equal((await api.call('GET', '/holdfast/cluster')).body.signers[4].backends.secp256k1, 'test');

    api.cluster.setOnline(1, 2, 3);
    equal((await api.call('GET', '/health')).body.status, 'degraded');
    api.cluster.setOnline(1);
    equal((await api.call('GET', '/health')).body.status, 'down');

    const page = await api.app.inject({ method: 'GET', url: '/', headers: { host: 'localhost:8787' } });
    equal(page.statusCode, 200);
    match(page.body, /<html lang="en">[\s\S]*not signing/);
    match(String(page.headers['content-security-policy']), /default-src 'none'/);
    ok(!/(src|href)="https?:/.test(page.body));
    const moved = await api.app.inject({ method: 'GET', url: '/', headers: { host: '127.0.0.1:8787' } });
    deepEqual([moved.statusCode, moved.headers['location']], [307, 'http://localhost:8787/']);
  });
}
