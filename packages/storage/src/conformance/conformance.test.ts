/** What every engine must do, run on each of them: the same records, the same answers. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { conflictOf, type Database, inTransaction, openDatabase } from '../database/index.ts';
import * as records from '../records/index.ts';
import { engineNames, scratchEngine, type TestEngine } from './engines.ts';

const secret = new Uint8Array(32).fill(7);
const now = '2026-01-02T03:04:05.678Z';
const later = '2026-01-02T04:04:05.678Z';

for (const name of engineNames) {
  describe(`storage on ${name}`, () => {
    let engine: TestEngine;
    let db: Database;

    before(async () => {
      engine = await scratchEngine(name);
      db = await engine.open();
      for (const id of ['or-a', 'or-b'])
        await inTransaction(db, (tx) => records.insertOrganisation(tx, organisation(id)));
    });

    after(async () => {
      await db.close();
      await engine.remove();
    });

    test('reads a wallet and its key in one look-up as in two', async () => {
      await inTransaction(db, async (tx) => {
        await records.insertKey(tx, key('key-both', 'or-a'), []);
        await records.insertWallet(tx, wallet('wa-both', 'or-a', 'key-both'));
      });

      for (let time = 0; time < 2; time += 1) {
        const found = await records.findWalletAndKey(db.kysely, 'or-a', 'wa-both');
        deepEqual(found?.wallet, await records.findWallet(db.kysely, 'or-a', 'wa-both'));
        deepEqual(found?.key, await records.findKey(db.kysely, 'or-a', 'key-both'));
      }
      equal(await records.findWalletAndKey(db.kysely, 'or-b', 'wa-both'), undefined);
      equal(await records.findWalletAndKey(db.kysely, 'or-a', 'wa-other'), undefined);
    });

    test('goes on when another process changes a table under a prepared query', async () => {
      await records.findWallet(db.kysely, 'or-a', 'wa-both');
      await sql`alter table wallets add column added_later text`.execute(db.kysely);
      const first = await records
        .findWallet(db.kysely, 'or-a', 'wa-both')
        .catch((error: { code: string }) => error.code);
      const second = await records.findWallet(db.kysely, 'or-a', 'wa-both');
      await sql`alter table wallets drop column added_later`.execute(db.kysely);
      await records.findWallet(db.kysely, 'or-a', 'wa-both').catch(() => undefined);

      // One query on each connection may be refused; it changes nothing, and the next one is answered.
      ok(first === '0A000' || typeof first === 'object');
      equal(second?.id, 'wa-both');
      equal((await records.findWallet(db.kysely, 'or-a', 'wa-both'))?.id, 'wa-both');
    });

    test('gives times back as ISO text with milliseconds and JSON as values', async () => {
      const row = await records.findOrganisation(db.kysely, 'or-a');

      equal(row?.dateCreated, now);
      equal(row?.height, 0);
      deepEqual(row?.state, { users: [{ id: 'us-1', snake_case: 1 }], list: [] });
    });

    test('writes all of a transaction or nothing', async () => {
      await rejects(
        inTransaction(db, async (tx) => {
          await records.insertUser(tx, user('us-rolled', 'or-a'));
          throw new Error('changed my mind');
        }),
        /changed my mind/,
      );

      equal(await records.findUser(db.kysely, 'or-a', 'us-rolled'), undefined);
    });

    test('reports the name of a violated unique constraint', async () => {
      await inTransaction(db, (tx) => records.insertUser(tx, user('us-twin', 'or-a')));

      const error = await inTransaction(db, (tx) =>
        records.insertUser(tx, { ...user('us-other', 'or-a'), username: 'us-twin@x' }),
      ).catch((e: unknown) => e);

      equal(conflictOf(error), 'users_username');
      // The same name in another organisation is nobody's business.
      await inTransaction(db, (tx) => records.insertUser(tx, { ...user('us-other', 'or-b'), username: 'us-twin@x' }));
    });

    test('shows nothing of one organisation to another', async () => {
      await inTransaction(db, async (tx) => {
        await records.insertUser(tx, user('us-mine', 'or-a'));
        await records.insertKey(tx, key('key-mine', 'or-a'), []);
        await records.insertWallet(tx, wallet('wa-mine', 'or-a', 'key-mine'));
      });

      equal(await records.findUser(db.kysely, 'or-b', 'us-mine'), undefined);
      equal(await records.findKey(db.kysely, 'or-b', 'key-mine'), undefined);
      equal(await records.findWallet(db.kysely, 'or-b', 'wa-mine'), undefined);
      equal(await records.changeTags(db.kysely, 'or-b', 'wa-mine', { add: ['stolen'] }), undefined);
      await records.updateWallet(db.kysely, 'or-b', 'wa-mine', { name: 'stolen' });
      equal((await records.findWallet(db.kysely, 'or-a', 'wa-mine'))?.name, null);
    });

    test('moves a chain on exactly once when many try', async () => {
      await inTransaction(db, (tx) => records.insertOrganisation(tx, organisation('or-race')));

      const wins = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          inTransaction(db, (tx) =>
            records.advanceOrganisation(tx, 'or-race', { height: 1, head: `h${i}`, prev: 'head0', state: { i } }),
          ),
        ),
      );

      equal(wins.filter(Boolean).length, 1);
      equal((await records.findOrganisation(db.kysely, 'or-race'))?.height, 1);
    });

    test('notes one proposal at a time, and only for the next height', async () => {
      await inTransaction(db, (tx) => records.insertOrganisation(tx, organisation('or-propose')));
      const proposal = { height: 1, head: 'x', entry: '{}', tokens: [], nullifier: 'n', dateCreated: now };

      equal(await records.proposeEntry(db.kysely, 'or-propose', { ...proposal, height: 2 }), false);
      equal(await records.proposeEntry(db.kysely, 'or-propose', proposal), true);
      equal(await records.proposeEntry(db.kysely, 'or-propose', proposal), false);
      deepEqual((await records.findOrganisation(db.kysely, 'or-propose'))?.proposal, proposal);

      await inTransaction(db, (tx) => records.dropProposal(tx, 'or-propose', 'another'));
      ok((await records.findOrganisation(db.kysely, 'or-propose'))?.proposal);
      await inTransaction(db, (tx) => records.dropProposal(tx, 'or-propose', 'x', [5, 2]));
      const dropped = await records.findOrganisation(db.kysely, 'or-propose');
      deepEqual([dropped?.proposal, dropped?.spentVotes], [null, [2, 5]]);

      const step = { height: 1, head: 'h1', prev: 'head0', state: {} };
      equal(await inTransaction(db, (tx) => records.advanceOrganisation(tx, 'or-propose', step)), true);
      deepEqual((await records.findOrganisation(db.kysely, 'or-propose'))?.spentVotes, []);
    });

    test('keeps the text of an entry byte for byte', async () => {
      const entry = '{"b":1,"a":{"z":0,"y":"ü\\u0000"}}';

      await inTransaction(db, (tx) =>
        records.insertEntry(tx, {
          orgId: 'or-a',
          height: 1,
          head: 'h',
          entry,
          nullifier: 'n1',
          acks: [{ index: 1 }],
          dateCreated: now,
        }),
      );

      equal((await records.listEntries(db.kysely, 'or-a', 0))[0]?.entry, entry);
      const again = await inTransaction(db, (tx) =>
        records.insertEntry(tx, {
          orgId: 'or-a',
          height: 2,
          head: 'h2',
          entry,
          nullifier: 'n1',
          acks: [],
          dateCreated: now,
        }),
      ).catch((e: unknown) => e);
      equal(conflictOf(again), 'authority_entries_nullifier');
    });

    test('spends a challenge once among a thousand callers', async () => {
      await records.insertChallenge(db.kysely, challenge('ch-once'));
      equal(await records.signChallenge(db.kysely, 'ch-once', { kind: 'Key' }), true);
      equal(await records.signChallenge(db.kysely, 'ch-once', { kind: 'Key' }), false);

      const wins = await Promise.all(
        Array.from({ length: 1000 }, () => records.spendUserAction(db.kysely, 'ch-once', now)),
      );

      equal(wins.filter(Boolean).length, 1);
      equal((await records.findChallenge(db.kysely, 'ch-once'))?.status, 'Used');
    });

    test('spends a nonce of an application once among a thousand callers, and forgets it when it is too old', async () => {
      const row = { owner: 'ap-a', nonce: 'once', dateExpires: now };
      const wins = await Promise.all(Array.from({ length: 1000 }, () => records.spendNonce(db.kysely, row)));

      equal(wins.filter(Boolean).length, 1);
      equal(await records.spendNonce(db.kysely, { ...row, owner: 'ap-b' }), true);
      await records.deleteExpiredNonces(db.kysely, now);
      equal(await records.spendNonce(db.kysely, row), false);
      await records.deleteExpiredNonces(db.kysely, later);
      equal(await records.spendNonce(db.kysely, row), true);
    });

    test('deletes what has expired and nothing else', async () => {
      await records.insertChallenge(db.kysely, { ...challenge('ch-old'), dateExpires: now });
      await records.insertChallenge(db.kysely, { ...challenge('ch-new'), dateExpires: later });

      await records.deleteExpiredChallenges(db.kysely, '2026-01-02T03:30:00.000Z');

      equal(await records.findChallenge(db.kysely, 'ch-old'), undefined);
      ok(await records.findChallenge(db.kysely, 'ch-new'));
      // A spent user action is a line of the audit log.
      ok(await records.findChallenge(db.kysely, 'ch-once'));
    });

    test('lets a passkey counter rise, or stay at zero, and nothing else', async () => {
      await inTransaction(db, async (tx) => {
        await records.insertUser(tx, user('us-key', 'or-a'));
        await records.insertCredential(tx, credential('cr-1', 'us-key'));
      });

      equal(await records.raiseCounter(db.kysely, 'cr-1', 0), true);
      equal(await records.raiseCounter(db.kysely, 'cr-1', 5), true);
      equal(await records.raiseCounter(db.kysely, 'cr-1', 5), false);
      equal(await records.raiseCounter(db.kysely, 'cr-1', 4), false);
      equal(await records.raiseCounter(db.kysely, 'cr-1', 0), false);
      equal(await records.raiseCounter(db.kysely, 'cr-1', 6), true);
    });

    test('refuses a credential id that somebody of the organisation has enrolled', async () => {
      const error = await inTransaction(db, async (tx) => {
        await records.insertUser(tx, user('us-thief', 'or-a'));
        await records.insertCredential(tx, { ...credential('cr-2', 'us-thief'), credentialId: 'id-cr-1' });
      }).catch((e: unknown) => e);

      equal(conflictOf(error), 'credentials_credential_id');
      equal((await records.findCredentialAnywhere(db.kysely, 'id-cr-1'))?.uuid, 'cr-1');
      equal(await records.findCredential(db.kysely, 'or-b', 'id-cr-1'), undefined);
    });

    test('lets the chain say what a confirmed credential is, and keeps its counter', async () => {
      const row = { ...credential('cr-chain', 'us-key'), credentialId: 'id-code' };
      await inTransaction(db, (tx) =>
        records.insertCredential(tx, { ...row, uuid: 'cr-code', isConfirmed: false, counter: 9 }),
      );

      const { isConfirmed: _, counter: __, ...chain } = row;
      await inTransaction(db, (tx) => records.putConfirmedCredential(tx, { ...chain, publicKey: 'chain' }));

      const found = await records.findCredential(db.kysely, 'or-a', 'id-code');
      deepEqual([found?.uuid, found?.isConfirmed, found?.counter, found?.publicKey], ['cr-chain', true, 9, 'chain']);
    });

    test('counts tries of a registration code, and starts again with a new code', async () => {
      await inTransaction(db, (tx) => records.insertUser(tx, user('us-code', 'or-a')));
      const code = { userId: 'us-code', orgId: 'or-a', hash: 'one', dateExpires: later, dateCreated: now };

      await records.putRegistrationCode(db.kysely, code);
      equal((await records.tryRegistrationCode(db.kysely, 'us-code'))?.attempts, 1);
      equal((await records.tryRegistrationCode(db.kysely, 'us-code'))?.attempts, 2);
      await records.putRegistrationCode(db.kysely, { ...code, hash: 'two' });

      const row = await records.tryRegistrationCode(db.kysely, 'us-code');
      equal(row?.attempts, 1);
      equal(row?.hash, 'two');
      equal(await records.tryRegistrationCode(db.kysely, 'us-nobody'), undefined);
    });

    test('gives a credential code to one caller, before it expires', async () => {
      const code = { userId: 'us-code', orgId: 'or-a', dateExpires: later };
      await records.insertCredentialCode(db.kysely, { ...code, hash: 'fresh' });
      await records.insertCredentialCode(db.kysely, { ...code, hash: 'old', dateExpires: now });

      const taken = await Promise.all([1, 2, 3].map(() => records.takeCredentialCode(db.kysely, 'fresh', now)));

      equal(taken.filter((row) => row !== undefined).length, 1);
      equal(await records.takeCredentialCode(db.kysely, 'old', '2026-01-02T03:30:00.000Z'), undefined);
    });

    test('adds and removes tags at once without losing any', async () => {
      await inTransaction(db, async (tx) => {
        await records.insertKey(tx, key('key-tags', 'or-a'), []);
        await records.insertWallet(tx, { ...wallet('wa-tags', 'or-a', 'key-tags'), tags: ['first'] });
      });

      await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          records.changeTags(db.kysely, 'or-a', 'wa-tags', { add: [`t${i}`, 'first'] }),
        ),
      );
      await records.changeTags(db.kysely, 'or-a', 'wa-tags', { remove: ['t3', 'absent'] });

      const tags = (await records.findWallet(db.kysely, 'or-a', 'wa-tags'))?.tags ?? [];
      equal(tags[0], 'first');
      deepEqual([...tags].sort(), ['first', ...[0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11].map((i) => `t${i}`)].sort());
      deepEqual(await records.changeTags(db.kysely, 'or-a', 'wa-tags', { remove: tags }), []);
    });

    test('binds one wallet to a key and a network, and an external id to one wallet', async () => {
      const twin = await inTransaction(db, (tx) =>
        records.insertWallet(tx, wallet('wa-twin', 'or-a', 'key-tags')),
      ).catch((e: unknown) => e);
      equal(conflictOf(twin), 'wallets_network_key');

      await records.updateWallet(db.kysely, 'or-a', 'wa-tags', { externalId: 'ext' });
      const error = await inTransaction(db, async (tx) => {
        await records.insertKey(tx, key('key-ext', 'or-a'), []);
        await records.insertWallet(tx, { ...wallet('wa-ext', 'or-a', 'key-ext'), externalId: 'ext' });
      }).catch((e: unknown) => e);
      equal(conflictOf(error), 'wallets_external_id');
    });

    test('holds one private key once, until it was exported', async () => {
      await inTransaction(db, (tx) =>
        records.insertKey(tx, { ...key('key-one', 'or-a'), publicKey: 'aa' }, [{ index: 1, signature: 's' }]),
      );
      const again = await inTransaction(db, (tx) =>
        records.insertKey(tx, { ...key('key-two', 'or-b'), publicKey: 'aa' }, []),
      ).catch((e: unknown) => e);
      equal(conflictOf(again), 'keys_public_key');
      equal((await records.findKeyByPublicKey(db.kysely, 'secp256k1', 'aa'))?.id, 'key-one');

      await records.updateKey(db.kysely, 'or-a', 'key-one', { isExported: true, dateExported: now });

      await inTransaction(db, (tx) => records.insertKey(tx, { ...key('key-two', 'or-b'), publicKey: 'aa' }, []));
      deepEqual(await records.listKeyStatements(db.kysely, 'key-one'), [
        { keyId: 'key-one', signerIndex: 1, signature: 's' },
      ]);
    });

    test('finds the marks that still miss a signer', async () => {
      const mark = { org: 'or-a', recordId: 'key-one', mark: 'exported', nullifier: 'n', signature: 's' };
      await records.addRecordMarks(
        db.kysely,
        [1, 2, 3, 4].map((index) => ({ ...mark, index })),
      );
      equal((await records.listIncompleteMarks(db.kysely, 5)).length, 1);

      await records.addRecordMarks(
        db.kysely,
        [4, 5].map((index) => ({ ...mark, index })),
      );

      deepEqual(await records.listIncompleteMarks(db.kysely, 5), []);
      equal((await records.listRecordMarks(db.kysely, 'or-a', 'key-one')).length, 5);
    });

    test('keeps acts from before a crash findable until they are finished', async () => {
      const act = {
        nullifier: 'act-1',
        orgId: 'or-a',
        userId: 'us-1',
        tokenId: null,
        operation: 'createKey',
        method: 'POST',
        path: '/keys',
        payload: '{}',
        assertion: {},
        dateCreated: now,
      };
      equal(await records.startAct(db.kysely, act), true);
      equal(await records.startAct(db.kysely, act), false);
      deepEqual(
        (await records.listStartedActs(db.kysely)).map((row) => row.nullifier),
        ['act-1'],
      );

      await records.finishAct(db.kysely, 'act-1', { status: 'Done', recordId: 'key-one', dateResolved: later });

      deepEqual(await records.listStartedActs(db.kysely), []);
      equal((await records.listActsOf(db.kysely, 'key-one'))[0]?.payload, '{}');
    });

    test('remembers a ciphertext for ever', async () => {
      equal(await records.useCiphertext(db.kysely, { hash: 'c', orgId: 'or-a', dateCreated: now }), true);
      equal(await records.useCiphertext(db.kysely, { hash: 'c', orgId: 'or-b', dateCreated: now }), false);
    });

    test('stores a signature request with the order of its members, and its result', async () => {
      const requestBody = { kind: 'Eip712', types: { Z: [], A: [] }, message: { b: 1, a: 2 } };
      await inTransaction(db, (tx) => records.insertSignature(tx, { ...signature('sig-1'), requestBody }));

      const row = await records.finishSignature(db.kysely, 'sig-1', {
        status: 'Signed',
        signature: { r: '0x1' },
        signedData: '0xaa',
        dateSigned: later,
      });

      equal(JSON.stringify(row?.requestBody), JSON.stringify(requestBody));
      deepEqual(row?.signature, { r: '0x1' });
      equal(row?.dateSigned, later);
      const twin = await inTransaction(db, (tx) =>
        records.insertSignature(tx, { ...signature('sig-2'), externalId: 'ext-1' }),
      ).catch((e: unknown) => e);
      equal(conflictOf(twin), undefined);
      const third = await inTransaction(db, (tx) =>
        records.insertSignature(tx, { ...signature('sig-3'), externalId: 'ext-1' }),
      ).catch((e: unknown) => e);
      equal(conflictOf(third), 'signatures_external_id');
    });

    test('pages through a list newest first, each row once', async () => {
      await inTransaction(db, async (tx) => {
        await records.insertOrganisation(tx, organisation('or-page'));
        for (let i = 0; i < 7; i += 1) await records.insertUser(tx, user(`us-p${i}`, 'or-page'));
      });
      const seen: string[] = [];

      let token: string | undefined;
      do {
        const page: records.Page<records.UserRow> = await records.listUsers(
          db.kysely,
          { orgId: 'or-page' },
          { limit: 3, token, secret },
        );
        seen.push(...page.items.map((row) => row.id));
        token = page.nextPageToken;
      } while (token !== undefined);

      deepEqual(seen, ['us-p6', 'us-p5', 'us-p4', 'us-p3', 'us-p2', 'us-p1', 'us-p0']);
    });

    test('refuses a page token of another list, filter, organisation or secret', async () => {
      const { nextPageToken: token = '' } = await records.listUsers(
        db.kysely,
        { orgId: 'or-page' },
        { limit: 3, secret },
      );
      const refused = { code: 'E_STORAGE_CURSOR' };

      await rejects(records.listUsers(db.kysely, { orgId: 'or-a' }, { limit: 3, token, secret }), refused);
      await rejects(
        records.listUsers(db.kysely, { orgId: 'or-page', kind: 'EndUser' }, { limit: 3, token, secret }),
        refused,
      );
      await rejects(records.listKeys(db.kysely, { orgId: 'or-page' }, { limit: 3, token, secret }), refused);
      await rejects(
        records.listUsers(db.kysely, { orgId: 'or-page' }, { limit: 3, token, secret: new Uint8Array(32) }),
        refused,
      );
      for (const bad of ['', 'x', `9${token}`, `${token}A`, token.replace('.', '..'), token.slice(0, -1)])
        await rejects(records.listUsers(db.kysely, { orgId: 'or-page' }, { limit: 3, token: bad, secret }), refused);
    });

    test('says that no connection came free where all are in use, and goes on when one is', async () => {
      const crowd = name === 'postgres' ? 10 : 1;
      const scarce = await scratchEngine(name);
      const short = await scarce.open({ connectMsMax: 1_000 });
      let letGo = (): void => {};
      const gate = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const inUse: Promise<void>[] = [];
      const holding = Array.from({ length: crowd }, () => {
        let begun = (): void => {};
        inUse.push(new Promise((resolve) => (begun = resolve)));
        return inTransaction(short, async (tx) => {
          await sql`select 1`.execute(tx);
          begun();
          await gate;
        });
      });
      await Promise.all(inUse);

      await rejects(records.findWallet(short.kysely, 'or-a', 'wa-both'), {
        name: 'StorageError',
        code: 'E_STORAGE_BUSY',
      });
      await rejects(
        inTransaction(short, (tx) => records.insertOrganisation(tx, organisation('or-never'))),
        { code: 'E_STORAGE_BUSY' },
      );
      letGo();
      await Promise.all(holding);

      equal(await records.findWallet(short.kysely, 'or-a', 'wa-both'), undefined);
      equal(await records.findOrganisation(short.kysely, 'or-never'), undefined);
      await short.close();
      await scarce.remove();
    });

    if (name === 'postgres')
      test('outlives the end of a connection that is in use: whoever used it is told', async () => {
        const asked = inTransaction(db, async (tx) => {
          const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
          const { pid } = rows[0] ?? { pid: 0 };
          await sql`select pg_terminate_backend(${pid})`.execute(db.kysely);
          // Gone between two statements, when nobody listens for an answer.
          for (let left = 1; left > 0; ) {
            const found = await sql`select 1 from pg_stat_activity where pid = ${pid}`.execute(db.kysely);
            left = found.rows.length;
          }
          await records.insertOrganisation(tx, organisation('or-cut-off'));
        });

        await rejects(asked, { code: 'E_STORAGE_UNAVAILABLE' });
        equal(await records.findOrganisation(db.kysely, 'or-cut-off'), undefined);

        const held = db.locks.hold('org/or-cut-off', 5000, async () => {
          await sql`select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'holdfast-api-locks' and datname = current_database()`.execute(db.kysely);
          for (let left = 1; left > 0; ) {
            const found = await sql`select 1 from pg_stat_activity
              where application_name = 'holdfast-api-locks' and datname = current_database()`.execute(db.kysely);
            left = found.rows.length;
          }
          return 'carried out';
        });
        equal(await held, 'carried out');
        equal(await db.locks.hold('org/or-cut-off', 5000, async () => 'free again'), 'free again');
      });

    test('lets one task at a time hold a lock, and gives up after the wait', async () => {
      const order: string[] = [];
      let open = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const first = db.locks.hold('org/or-a', 5000, async () => {
        order.push('first');
        await gate;
        order.push('first ends');
      });
      const second = db.locks.hold('org/or-a', 5000, async () => void order.push('second'));
      await rejects(
        db.locks.hold('org/or-a', 20, async () => void order.push('never')),
        { code: 'E_STORAGE_BUSY' },
      );
      await db.locks.hold('org/or-b', 5000, async () => void order.push('other'));

      open();
      await Promise.all([first, second]);

      deepEqual(order, ['first', 'other', 'first ends', 'second']);
      await rejects(
        db.locks.hold('org/or-a', 5000, async () => {
          throw new Error('inside');
        }),
        /inside/,
      );
      equal(await db.locks.hold('org/or-a', 5000, async () => 'free again'), 'free again');
    });

    test('finds everything again after it was closed, and migrates nothing twice', async () => {
      await db.close();
      db = await engine.open();

      equal((await records.findWallet(db.kysely, 'or-a', 'wa-tags'))?.externalId, 'ext');
      equal(db.kind, name);
    });

    test('refuses tables that a later release has changed, and leaves them as they are', async () => {
      await sql`insert into kysely_migration (name, timestamp) values ('9999-later', ${now})`.execute(db.kysely);
      await db.close();
      db = { ...db, close: async () => {} };

      // What is opened all the same is closed again, so that it can be removed.
      await rejects(
        engine.open().then((opened) => opened.close()),
        { code: 'E_STORAGE_UNAVAILABLE', message: /could not be brought up to date: .*9999-later/ },
      );

      // The folder or server is free again: it can be looked at, and the newer release can be started.
      await rejects(engine.open(), { code: 'E_STORAGE_UNAVAILABLE' });
    });
  });
}

test('refuses to open without an address and without a folder', async () => {
  await rejects(openDatabase({}), {
    code: 'E_STORAGE_UNAVAILABLE',
    message: /Neither a database URL nor a data folder/,
  });
});

function organisation(id: string) {
  return {
    id,
    name: id,
    genesis: '{}',
    state: { users: [{ id: 'us-1', snake_case: 1 }], list: [] },
    head: 'head0',
    height: 0,
    dateCreated: now,
  };
}

function user(id: string, orgId: string) {
  return {
    id,
    orgId,
    username: `${id}@x`,
    name: id,
    kind: 'CustomerEmployee',
    isActive: true,
    isServiceAccount: false,
    isRegistered: true,
    isSsoRequired: false,
    dateCreated: now,
  };
}

function credential(uuid: string, userId: string, orgId = 'or-a') {
  return {
    uuid,
    credentialId: `id-${uuid}`,
    orgId,
    userId,
    kind: 'Fido2',
    algorithm: 'P-256',
    publicKey: 'pem',
    name: 'n',
    isActive: true,
    isConfirmed: true,
    counter: 0,
    relyingPartyId: '',
    origin: '',
    dateCreated: now,
  };
}

function challenge(id: string): records.NewChallenge {
  return {
    id,
    kind: 'UserAction',
    orgId: 'or-a',
    userId: 'us-1',
    tokenId: 'to-1',
    challenge: id,
    nullifier: `n-${id}`,
    dateExpires: later,
    dateCreated: now,
    request: { method: 'POST', path: '/wallets', query: null, payload: '{}' },
    tokens: [[1, 'x']],
  };
}

function key(id: string, orgId: string) {
  return {
    id,
    orgId,
    scheme: 'ECDSA',
    curve: 'secp256k1',
    protocol: 'CGGMP21',
    publicKey: id,
    epoch: 'e',
    status: 'Active',
    isCustodial: true,
    isImported: false,
    isExported: false,
    nullifier: id,
    dateCreated: now,
  };
}

function wallet(id: string, orgId: string, keyId: string) {
  return {
    id,
    orgId,
    keyId,
    network: 'Ethereum',
    status: 'Active',
    tags: [] as string[],
    nullifier: id,
    dateCreated: now,
  };
}

function signature(id: string): records.NewSignature {
  return {
    id,
    orgId: 'or-a',
    keyId: 'key-one',
    walletId: null,
    network: null,
    requesterUserId: 'us-1',
    requesterTokenId: null,
    requestBody: {},
    requestPath: '/keys/key-one/signatures',
    externalId: null,
    nullifier: id,
    status: 'Executing',
    dateRequested: now,
  };
}
