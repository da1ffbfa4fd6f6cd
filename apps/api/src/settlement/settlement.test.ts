/** What broke off between the signers' work and the api's rows is finished from what the signers say, or has failed. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { toBase64 } from '@holdfast/contract/wire';
import { engineNames, scratchEngine, type TestEngine } from '@holdfast/storage/conformance';
import type { Database } from '@holdfast/storage/database';
import { type ActRow, insertOrganisation, listRecordMarks, listStartedActs } from '@holdfast/storage/records';
import { openActs } from '../domain/open-acts.ts';
import { handlers } from '../operations/index.ts';
import { ORG, type TestApi, testApi } from '../testing/index.ts';
import { keepSettling, settleOpen, takeUpUnfinished } from './index.ts';

const everybody = [1, 2, 3, 4, 5];
const edKey = { scheme: 'EdDSA', curve: 'ed25519' };

for (const engineName of engineNames) describe(`on ${engineName}`, () => suite(engineName));

function suite(engineName: TestEngine['name']): void {
  let engine: TestEngine;
  let db: Database;
  let api: TestApi;

  before(async () => {
    engine = await scratchEngine(engineName);
    db = await engine.open();
    const row = { name: 'Test', genesis: '{}', head: 'A', height: 0, dateCreated: '2026-11-20T08:00:00.000Z' };
    await insertOrganisation(db.kysely, { id: ORG, ...row, state: { settings: { keyImport: true, keyExport: true } } });
  });
  after(async () => {
    await db.close();
    await engine.remove();
  });
  beforeEach(async () => {
    api = testApi({ handlers, db });
    for (const { nullifier } of await listStartedActs(db.kysely)) await end(nullifier);
  });

  const end = (nullifier: string) =>
    db.kysely.updateTable('acts').set({ status: 'Failed' }).where('nullifier', '=', nullifier).execute();
  const actOf = async (): Promise<ActRow | undefined> =>
    (await db.kysely.selectFrom('acts').selectAll().orderBy('seq', 'desc').limit(1).execute())[0];
  const list = async (path: string) => (await api.call('GET', path)).body.items as { id: string; name?: string }[];
  /** The api is stopped at a point: nothing it would do after that happens, and another one takes up what it left. */
  async function cutAt(point: string, request: () => Promise<unknown>): Promise<void> {
    const { env } = api.ctx;
    let reached = (): void => {};
    const dead = new Promise<void>((resolve) => {
      reached = resolve;
    });
    Object.assign(env, {
      point(name: string) {
        if (name !== point) return;
        reached();
        // Every later write of this request is that of a process that is no more.
        throw new Stopped(name);
      },
    });
    const answered = request();
    await dead;
    await answered;
    Object.assign(env, { point: () => {} });
    const act = await actOf();
    if (act !== undefined)
      await db.kysely
        .updateTable('acts')
        .set({ status: 'Started', reason: null, dateResolved: null })
        .where('nullifier', '=', act.nullifier)
        .execute();
    openActs(api.ctx).remove(act?.nullifier ?? '');
    await takeUpUnfinished(api.ctx);
  }
  class Stopped extends Error {}

  for (const { name, path, body, sees } of [
    { name: 'keys.createKey', path: '/keys', body: { ...edKey, name: 'lost 1' }, sees: '/keys' },
    {
      name: 'wallets.createWallet',
      path: '/wallets',
      body: { network: 'Solana', name: 'lost 2', tags: ['t'] },
      sees: '/wallets',
    },
    { name: 'keys.importKey', path: '/keys/import', body: 'import', sees: '/keys' },
    { name: 'wallets.importWallet', path: '/wallets/import', body: 'import', sees: '/wallets' },
  ])
    test(`${name}: what five signers made is written as the request would have written it`, async () => {
      const wish =
        body === 'import'
          ? {
              curve: 'ed25519',
              protocol: 'FROST',
              minSigners: 3,
              ...(path.startsWith('/wallets') ? { network: 'Solana' } : {}),
              encryptedKeyShares: api.cluster.roster.signers.map(({ signerId }) => ({
                signerId: toBase64(signerId),
                encryptedKeyShare: 'c2VhbGVk',
              })),
            }
          : body;
      const like = (await api.call('POST', path, wish)).body;
      const before = (await list(sees)).length;
      await cutAt(`${name}.made`, () => api.call('POST', path, wish));
      equal((await list(sees)).length, before);

      await settleOpen(api.ctx);

      const [found] = await list(sees);
      if (found === undefined) throw new Error('nothing there');
      const act = await actOf();
      deepEqual([act?.status, act?.recordId], ['Done', found.id]);
      const shown = (await api.call('GET', `${sees}/${found.id}`)).body;
      const shape = (value: object) =>
        Object.entries(value)
          .map(([member, each]) => `${member}: ${typeof each}`)
          .sort();
      const reread = (await api.call('GET', `${sees}/${like.id}`)).body;
      deepEqual(shape(shown), shape(reread));
      deepEqual(
        [shown.name, shown.status, shown.imported, shown.tags],
        [reread.name, reread.status, reread.imported, reread.tags],
      );
      const keyId = shown.signingKey?.id ?? shown.id;
      const key = (await api.call('GET', `/keys/${keyId}`)).body;
      equal(key.attestations.length, 5);
      equal((await listRecordMarks(db.kysely, ORG, found.id)).length, sees === '/wallets' ? 5 : 0);
      ok(api.cluster.commands.some(({ command }) => command.kind === 'KeyCertificate' && command.keyId === keyId));
      const signed = await api.call('POST', `/keys/${keyId}/signatures`, { kind: 'Message', message: '0x01' });
      equal(signed.body.status, 'Signed', JSON.stringify(signed.body));
      equal((await listStartedActs(db.kysely)).length, 0);
    });

  test('stays open while a signer is away or busy, and is settled when it comes', async () => {
    await cutAt('wallets.createWallet.made', () => api.call('POST', '/wallets', { network: 'Solana', name: 'late' }));
    const before = (await list('/wallets')).length;
    api.cluster.setOnline(1, 2, 3, 4);
    await settleOpen(api.ctx);
    api.cluster.setOnline(...everybody);
    api.cluster.behaviours.set(2, ({ kind }) => (kind === 'Made' ? { refuse: 'E_CLUSTER_BUSY' } : undefined));
    await settleOpen(api.ctx);
    deepEqual([(await list('/wallets')).length, (await actOf())?.status], [before, 'Started']);
    api.cluster.behaviours.clear();

    const settling = keepSettling(api.ctx);
    settling.wake();
    settling.wake();
    await settling.stop();

    equal((await list('/wallets'))[0]?.name, 'late');
  });

  test('fails when one signer has no share: a key has five statements or none', async () => {
    await cutAt('keys.createKey.made', () => api.call('POST', '/keys', edKey));
    const before = (await list('/keys')).length;
    api.cluster.behaviours.set(3, ({ kind }) => (kind === 'Made' ? { refuse: 'E_NOT_FOUND' } : undefined));

    await settleOpen(api.ctx);

    const act = await actOf();
    deepEqual([act?.status, act?.reason], ['Failed', 'E_INTERRUPTED']);
    equal((await list('/keys')).length, before);
    equal((await api.call('POST', '/keys', edKey)).status, 200);
  });

  test('fails when the signers do not state one key', async () => {
    await cutAt('keys.createKey.made', () => api.call('POST', '/keys', edKey));
    api.cluster.behaviours.set(3, (command) =>
      command.kind === 'Made'
        ? {
            t: 'key',
            keyId: 'key-00000-00000-0000000000000000',
            publicKey: '00'.repeat(32),
            epoch: '00'.repeat(32),
            statement: { index: 3, signature: Buffer.alloc(64).toString('base64url') },
          }
        : undefined,
    );

    await settleOpen(api.ctx);

    equal((await actOf())?.status, 'Failed');
  });

  test('a request that broke off before any signer heard of it has failed', async () => {
    await cutAt('wallets.createWallet.begun', () => api.call('POST', '/wallets', { network: 'Solana' }));
    const before = (await list('/wallets')).length;

    await settleOpen(api.ctx);

    deepEqual([(await actOf())?.status, (await list('/wallets')).length], ['Failed', before]);
  });

  test('whoever repeats a request with its externalId meets the wallet it made', async () => {
    const body = { network: 'Solana', externalId: `again ${engineName}` };
    await cutAt('wallets.createWallet.made', () => api.call('POST', '/wallets', body));
    const before = (await list('/wallets')).length;

    const again = await api.call('POST', '/wallets', body);

    equal(again.status, 200);
    equal((await list('/wallets')).length, before + 1);
    equal(again.body.id, (await list('/wallets'))[0]?.id);
  });

  test('what was made cannot take the externalId that another wallet has got since', async () => {
    const body = { network: 'Solana', externalId: `taken ${engineName}` };
    await cutAt('wallets.createWallet.made', () => api.call('POST', '/wallets', body));
    api.cluster.behaviours.set(5, ({ kind }) => (kind === 'Made' ? 'lost' : undefined));
    const second = await api.call('POST', '/wallets', body);
    equal(second.status, 200);
    api.cluster.behaviours.clear();
    const lost = openActs(api.ctx).list()[0] ?? '';

    await settleOpen(api.ctx);

    const row = await db.kysely.selectFrom('acts').selectAll().where('nullifier', '=', lost).executeTakeFirst();
    deepEqual([row?.status, row?.reason], ['Failed', 'E_EXTERNAL_ID']);
    equal((await list('/wallets'))[0]?.id, second.body.id);
  });

  for (const { name, request, holds } of [
    {
      name: 'wallets.createWallet',
      request: (w: Made) =>
        api.call('POST', '/wallets', { network: 'KeyEdDSA', signingKey: { id: w.signingKey.id }, name: 'further' }),
      holds: async () => equal((await list('/wallets'))[0]?.name, 'further'),
    },
    {
      name: 'wallets.exportWallet',
      request: (w: Made) => api.call('POST', `/wallets/${w.id}/export`, exporting),
      holds: async (w: Made) => equal((await api.call('GET', `/keys/${w.signingKey.id}`)).body.exported, true),
    },
    {
      name: 'keys.exportKey',
      request: (w: Made) => api.call('POST', `/keys/${w.signingKey.id}/export`, exporting),
      holds: async (w: Made) => equal((await api.call('GET', `/wallets/${w.id}`)).body.exported, true),
    },
    {
      name: 'wallets.deleteWallet',
      request: (w: Made) => api.call('DELETE', `/wallets/${w.id}`, {}),
      holds: async (w: Made) => equal((await api.call('GET', `/wallets/${w.id}`)).body.status, 'Archived'),
    },
    {
      name: 'keys.deleteKey',
      request: (w: Made) => api.call('DELETE', `/keys/${w.signingKey.id}`, {}),
      holds: async (w: Made) => {
        equal((await api.call('GET', `/keys/${w.signingKey.id}`)).body.status, 'Archived');
        equal((await api.call('GET', `/wallets/${w.id}`)).body.status, 'Archived');
      },
    },
  ]) {
    test(`${name}: marks of three signers are projected`, async () => {
      const wallet = (await api.call('POST', '/wallets', { network: 'Solana' })).body as Made;
      await cutAt(`${name}.made`, () => request(wallet));
      for (const index of [4, 5])
        api.cluster.behaviours.set(index, ({ kind }) => (kind === 'Made' ? { refuse: 'E_NOT_FOUND' } : undefined));

      await settleOpen(api.ctx);

      await holds(wallet);
      equal((await actOf())?.status, 'Done');
    });

    test(`${name}: with fewer than three marks it has failed, and while signers are away it is open`, async () => {
      const wallet = (await api.call('POST', '/wallets', { network: 'Solana' })).body as Made;
      await cutAt(`${name}.made`, () => request(wallet));
      const answering = (none: readonly number[]) => {
        for (const index of none)
          api.cluster.behaviours.set(index, ({ kind }) => (kind === 'Made' ? { refuse: 'E_NOT_FOUND' } : undefined));
      };
      api.cluster.setOnline(1, 2, 4, 5);
      answering([4, 5]);
      await settleOpen(api.ctx);
      equal((await actOf())?.status, 'Started');
      api.cluster.setOnline(...everybody);
      answering([3]);

      await settleOpen(api.ctx);

      equal((await actOf())?.status, 'Failed');
      const now = (await api.call('GET', `/wallets/${wallet.id}`)).body;
      deepEqual([now.status, now.exported], ['Active', undefined]);
    });
  }

  test('a run that broke off without a refusal is looked into as well, without a restart', async () => {
    const before = (await list('/wallets')).length;
    api.cluster.behaviours.set(2, ({ kind }) => (kind === 'Act' ? 'lost' : undefined));
    const answer = await api.call('POST', '/wallets', { network: 'Solana', name: 'no answer' });
    equal(answer.status, 503);
    api.cluster.behaviours.set(2, undefined as never);
    // Signer 2 had carried it out; its answer was lost.
    api.cluster.behaviours.clear();

    const again = await api.call('POST', '/wallets', { network: 'Solana', name: 'second' });

    equal(again.status, 200);
    equal((await actOf())?.status, 'Done');
    equal((await listStartedActs(db.kysely)).length, 0);
    equal((await list('/wallets')).length, before + 1, 'one signer had never heard of the first');
  });

  test('a second import names the wallet that holds the key, to its own organisation', async () => {
    const wallet = (await api.call('POST', '/wallets', { network: 'Solana' })).body as Made;
    const shares = api.cluster.roster.signers.map(({ signerId }) => ({
      signerId: toBase64(signerId),
      encryptedKeyShare: 'c2VhbGVk',
    }));
    const body = { network: 'Solana', curve: 'ed25519', protocol: 'FROST', minSigners: 3, encryptedKeyShares: shares };
    const holder = { code: 'E_KEY_EXISTS', message: 'this key already exists here' };
    const refusing = (keyId: string) => {
      const { send } = api.cluster.link;
      Object.assign(api.cluster.link, {
        send: async (...args: Parameters<typeof send>) => {
          const reply = await send(...args);
          const details = { keyId };
          return reply.ok && reply.result.t === 'key'
            ? { v: 1, id: reply.id, ok: false, error: { ...holder, details } }
            : reply;
        },
      });
    };
    refusing(wallet.signingKey.id);

    const { status, body: refused } = await api.call('POST', '/wallets/import', body);

    equal(status, 409);
    match(refused.error.message, new RegExp(`^this key already exists here: wallet ${wallet.id}$`));
    deepEqual(refused.error.details.duplicate, { keyId: wallet.signingKey.id, id: wallet.id });
    api = testApi({ handlers, db });
    refusing('key-other-other-0123456789abcdef');
    const unknown = (await api.call('POST', '/wallets/import', body)).body.error;
    deepEqual(
      [unknown.message, unknown.details.keyId, unknown.details.duplicate],
      [holder.message, undefined, undefined],
    );
  });
}

interface Made {
  readonly id: string;
  readonly signingKey: { readonly id: string };
}

const exporting = {
  encryptionKey: Buffer.concat([Buffer.from([1, 2]), Buffer.alloc(32, 5)]).toString('base64'),
  supportedSchemes: [{ protocol: 'FROST', curve: 'ed25519' }],
};
