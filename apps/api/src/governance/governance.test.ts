/** Changes of authority: reducer, three acknowledgements, one transaction; crashes between any two of the steps. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { keyAssertion, testKey } from '@holdfast/authority/testing';
import { toBase64Url } from '@holdfast/contract/wire';
import { engineNames } from '@holdfast/storage/conformance';
import { findOrganisation, findUserByUsername, listEntries } from '@holdfast/storage/records';
import {
  type Answer,
  actionFor,
  call,
  found,
  logIn,
  type Member,
  operatorToken,
  pathOf,
  signedCall,
  type World,
  world,
} from '../auth/test/world.ts';
import { recoverGovernance } from './recover.ts';
import { decodeState, encodeState, stateOf } from './state.ts';

const refused = (answer: Answer, status: number, message: string | RegExp) => {
  if (typeof message === 'string') equal(answer.body.error.message, message);
  else match(answer.body.error.message, message);
  equal(answer.status, status);
};

for (const engine of engineNames) {
  describe(`governance on ${engine}`, () => {
    let w: World;
    let admin: Member;
    let users = 0;

    before(async () => {
      w = await world(engine);
      admin = await found(w);
    });
    after(() => w.close());

    const newUser = () => ({ email: `user${++users}@acme.example`, kind: 'CustomerEmployee' });
    const createUser = (body = newUser()) => signedCall(w, admin, 'POST', '/auth/users', body);
    const organisation = async () => {
      const row = await findOrganisation(w.ctx.db.kysely, admin.orgId);
      if (row === undefined) throw new Error('the organisation is gone');
      return row;
    };
    const heights = () => w.cluster.signers.map(({ committed }) => committed?.height);
    const everybody = async () => {
      for (const signer of w.cluster.signers) Object.assign(signer, { isOnline: true, isMute: false });
      const entries = await listEntries(w.ctx.db.kysely, admin.orgId, 0);
      for (const signer of w.cluster.signers) {
        signer.catchUp(entries.map(({ entry, acks }) => ({ entry: JSON.parse(entry), acks: acks as never })));
      }
    };

    test('founds an organisation with the operator token only, and once', async () => {
      const entries = await listEntries(w.ctx.db.kysely, admin.orgId, 0);
      const { genesis, proof } = JSON.parse(entries[0]?.entry ?? '');
      const { kind, ...credentialAssertion } = proof;
      const body = { genesis, proof: { kind, credentialAssertion } };

      equal(entries[0]?.acks.length, 5);
      equal((await call(w, 'POST', pathOf('createOrg'), { body })).status, 401);
      equal((await call(w, 'POST', pathOf('createOrg'), { token: admin.token, body })).status, 401);
      refused(
        await call(w, 'POST', pathOf('createOrg'), { token: operatorToken, body }),
        409,
        'this organisation exists already',
      );
    });

    test('keeps a state through the database as it was', async () => {
      const state = await stateOf(w.ctx, admin.orgId);

      deepEqual(decodeState(JSON.parse(JSON.stringify(encodeState(state)))), state);
    });

    test('creates a user at every signer and in the database, under one id', async () => {
      const body = newUser();
      const { status, body: user } = await createUser(body);

      equal(status, 200);
      deepEqual(user.acknowledgedBy, [1, 2, 3, 4, 5]);
      ok(w.cluster.signers.every(({ committed }) => committed?.users.has(user.userId)));
      const read = await call(w, 'GET', `/auth/users/${user.userId}`, { token: admin.token });
      deepEqual([read.body.username, read.body.isSSORequired, read.body.credentialUuid], [body.email, false, '']);
      const row = await organisation();
      deepEqual(heights(), Array(5).fill(row.height));
      equal(row.proposal, null);
      refused(await createUser(body), 401, 'User already exists.');
    });

    test('lists users in pages, and refuses a page token of another organisation', async () => {
      const other = await found(w, `Pages${engine}`);
      for (let k = 0; k < 3; k += 1) await createUser();

      const first = await call(w, 'GET', '/auth/users?limit=2', { token: admin.token });
      const token = encodeURIComponent(first.body.nextPageToken);
      const second = await call(w, 'GET', `/auth/users?limit=2&paginationToken=${token}`, { token: admin.token });

      equal(first.body.items.length, 2);
      ok(!first.body.items.some(({ userId }: { userId: string }) => userId === second.body.items[0].userId));
      refused(
        await call(w, 'GET', `/auth/users?limit=2&paginationToken=${token}`, { token: other.token }),
        400,
        'query.paginationToken is not valid',
      );
    });

    test('makes a service account that reads, signs, and stops when it is deactivated', async () => {
      const key = testKey('Ed25519');
      const { items } = (await call(w, 'GET', '/permissions', { token: admin.token })).body;
      const keyUser = items.find(({ name }: { name: string }) => name === 'ManagedKeyUser');
      const body = {
        name: 'robot',
        publicKey: key.publicKey,
        permissionId: keyUser.id,
        externalId: 'r1',
        daysValid: 30,
      };

      const { status, body: made } = await signedCall(w, admin, 'POST', '/auth/service-accounts', body);

      equal(status, 200);
      const [token] = made.accessTokens;
      match(token.publicKey, /^SHA256:[A-Za-z0-9+/]{43}$/);
      deepEqual([token.kind, token.isActive, made.userInfo.isServiceAccount], ['ServiceAccount', true, true]);
      equal(made.userInfo.permissionAssignments[0].permissionName, 'ManagedKeyUser');
      equal('isSSORequired' in made.userInfo, false);
      const { userId } = made.userInfo;
      const robot = { ...admin, userId, key, credId: token.credId, token: token.accessToken };
      const wallets = { method: 'POST', path: '/wallets', payload: '{"network":"EthereumSepolia"}' };
      const { init, complete } = await actionFor(w, robot, wallets);
      deepEqual(init.body.allowCredentials, { key: [{ type: 'public-key', id: token.credId }], webauthn: [] });
      equal(complete?.status, 200);
      refused(
        await signedCall(w, robot, 'POST', '/auth/users', newUser()),
        403,
        `CustomerEmployee ${userId} is not authorized to perform operation (Auth:Users:Create)`,
      );
      const list = await call(w, 'GET', '/auth/service-accounts', { token: admin.token });
      equal(list.body.items[0].accessTokens[0].accessToken, undefined);

      const path = `/auth/service-accounts/${userId}/deactivate`;
      deepEqual((await signedCall(w, admin, 'PUT', path)).body.userInfo.isActive, false);
      equal((await call(w, 'GET', '/auth/credentials', { token: robot.token })).status, 401);
      await signedCall(w, admin, 'PUT', `/auth/service-accounts/${userId}/activate`);
      equal((await call(w, 'GET', '/auth/credentials', { token: robot.token })).status, 200);
    });

    test('refuses a service account with a private key or a weak one, before any signer hears of it', async () => {
      const { privateKey } = testKey('Ed25519');
      const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
      const before = heights();

      const answer = await signedCall(w, admin, 'POST', '/auth/service-accounts', { name: 'x', publicKey: pem });

      refused(answer, 400, 'you sent a private key; treat it as exposed and generate a new one');
      deepEqual(heights(), before);
      equal(JSON.stringify(w.logged).includes(pem.split('\n')[1] ?? ''), false);
    });

    test('assigns and takes away permissions, and never the last full access', async () => {
      const user = (await createUser()).body;
      const { items } = (await call(w, 'GET', '/permissions', { token: admin.token })).body;
      const readOnly = items.find(({ name }: { name: string }) => name === 'ManagedReadOnly');
      const path = `/permissions/${readOnly.id}/assignments`;

      const { status, body } = await signedCall(w, admin, 'POST', path, { identityId: user.userId });
      equal(status, 200);
      deepEqual([body.permissionId, body.identityId, body.isImmutable], [readOnly.id, user.userId, false]);
      equal((await signedCall(w, admin, 'POST', path, { identityId: user.userId })).status, 409);
      const listed = await call(w, 'GET', path, { token: admin.token });
      equal(listed.body.items[0].id, body.id);

      const gone = await signedCall(w, admin, 'DELETE', `${path}/${body.id}`);
      deepEqual([gone.status, gone.body], [204, undefined]);
      equal((await call(w, 'GET', path, { token: admin.token })).body.items.length, 0);
      const full = items.find(({ name }: { name: string }) => name === 'ManagedFullAdminAccess');
      const own = await call(w, 'GET', `/permissions/${full.id}/assignments`, { token: admin.token });
      equal(
        (await signedCall(w, admin, 'DELETE', `/permissions/${full.id}/assignments/${own.body.items[0].id}`)).status,
        400,
      );
    });

    test('switches features on, for its own organisation only', async () => {
      const other = await found(w, `Settings${engine}`);
      const path = `/orgs/${admin.orgId}/settings`;

      deepEqual((await call(w, 'GET', path, { token: admin.token })).body, { keyImport: false, keyExport: false });
      const { body } = await signedCall(w, admin, 'PUT', path, { keyImport: true });

      deepEqual(body, { keyImport: true, keyExport: false, acknowledgedBy: [1, 2, 3, 4, 5] });
      ok(w.cluster.signers.every(({ committed }) => committed !== undefined));
      refused(await call(w, 'GET', path, { token: other.token }), 404, 'organisation not found');
      refused(await signedCall(w, other, 'PUT', path, { keyExport: true }), 404, 'organisation not found');
    });

    test('E 98: answers ids of another organisation like ids that do not exist', async () => {
      const other = await found(w, `Foreign${engine}`);
      const user = (await createUser()).body;
      const none = 'us-00000-00000-0000000000000000';

      for (const prefix of ['/auth/users/', '/auth/service-accounts/']) {
        const foreign = await call(w, 'GET', `${prefix}${user.userId}`, { token: other.token });
        const unknown = await call(w, 'GET', `${prefix}${none}`, { token: other.token });
        deepEqual([foreign.status, foreign.body.error.message], [404, unknown.body.error.message]);
      }
      refused(await signedCall(w, other, 'PUT', `/auth/users/${user.userId}/deactivate`), 404, 'user not found');
      equal((await call(w, 'GET', `/auth/users/${user.userId}`, { token: admin.token })).body.isActive, true);
    });

    test('refuses to deactivate the last administrator, whose login goes on', async () => {
      refused(
        await signedCall(w, admin, 'PUT', `/auth/users/${admin.userId}/deactivate`),
        400,
        /no active full administrator/,
      );
      equal((await call(w, 'GET', '/auth/credentials', { token: admin.token })).status, 200);
    });

    test('lets one of two changes on one head through and asks the other to sign again', async () => {
      const requests = [newUser(), newUser()].map((body) => ({
        method: 'POST',
        path: '/auth/users',
        payload: JSON.stringify(body),
      }));
      const actions = [];
      for (const request of requests) actions.push({ request, ...(await actionFor(w, admin, request)) });

      const answers = await Promise.all(
        actions.map(({ request, userAction = '' }) =>
          call(w, 'POST', request.path, {
            token: admin.token,
            payload: request.payload,
            headers: { 'x-dfns-useraction': userAction },
          }),
        ),
      );

      deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
      match(answers.find(({ status }) => status === 409)?.body.error.message, /sign again/);
    });

    test('goes on with two signers down, and brings nothing into the chain with three down', async () => {
      const before = (await organisation()).height;
      for (const k of [0, 1]) Object.assign(w.cluster.signers[k] ?? {}, { isOnline: false });
      const { status, body } = await createUser();
      deepEqual([status, body.acknowledgedBy], [200, [3, 4, 5]]);

      Object.assign(w.cluster.signers[2] ?? {}, { isOnline: false });
      refused(await createUser(), 503, 'not enough signers: 2 of 5 available, 3 needed');

      const row = await organisation();
      deepEqual([row.height, row.proposal], [before + 1, null]);
      await everybody();
      equal((await createUser()).status, 200);
    });

    for (const point of ['governance.proposed', 'governance.acknowledged']) {
      test(`finishes what was broken off at ${point}, before the next challenge is made`, async () => {
        const body = newUser();
        w.crashAt(point);
        equal((await createUser(body)).status, 500);

        const next = await createUser();

        equal(next.status, 200, JSON.stringify(next.body));
        ok(await findUserByUsername(w.ctx.db.kysely, admin.orgId, body.email), 'the first change was finished');
        deepEqual(heights(), Array(5).fill((await organisation()).height));
      });
    }

    for (const point of ['governance.proposed', 'governance.acknowledged', 'governance.written']) {
      test(`finishes what a crash at ${point} left when the api starts again`, async () => {
        const body = newUser();
        w.crashAt(point);
        await createUser(body);

        await recoverGovernance(w.ctx);

        ok(await findUserByUsername(w.ctx.db.kysely, admin.orgId, body.email));
        equal((await organisation()).proposal, null);
        deepEqual(heights(), Array(5).fill((await organisation()).height));
      });
    }

    test('keeps a change whose answers were lost until enough signers are back', async () => {
      const body = newUser();
      for (const k of [0, 1, 2]) Object.assign(w.cluster.signers[k] ?? {}, { isMute: true });
      const { status } = await createUser(body);
      equal(status, 503);
      ok((await organisation()).proposal);
      equal(await findUserByUsername(w.ctx.db.kysely, admin.orgId, body.email), undefined);
      // Another change has to wait: the first may have its acknowledgements already.
      equal((await createUser()).status, 503);

      for (const signer of w.cluster.signers) signer.isMute = false;

      equal((await createUser()).status, 200);
      ok(await findUserByUsername(w.ctx.db.kysely, admin.orgId, body.email));
    });

    const tails = () => w.cluster.signers.map(({ tail }) => tail?.state.head);
    /** An approved change that is shown once `before` has happened. */
    const change = async (before: () => void) => {
      const request = { method: 'POST', path: '/auth/users', payload: JSON.stringify(newUser()) };
      const { userAction = '' } = await actionFor(w, admin, request);
      before();
      const headers = { 'x-dfns-useraction': userAction };
      return call(w, 'POST', request.path, { token: admin.token, payload: request.payload, headers });
    };
    /** These signers restarted: they hold none of the tokens the challenge commits to. */
    const restart = (...indices: readonly number[]) => {
      for (const index of indices)
        Object.assign(w.cluster.signers[index - 1] ?? {}, { token: toBase64Url(w.ctx.env.random(16)) });
    };

    test('gives a change up when three signers refuse it, and frees those that acknowledged it', async () => {
      const answer = await change(() => restart(3, 4, 5));

      refused(answer, 403, /sign again/);
      deepEqual(answer.body.error.details.refusedBy, [3, 4, 5]);
      deepEqual([(await organisation()).proposal, (await organisation()).spentVotes], [null, []]);
      deepEqual(tails(), Array(5).fill(undefined));
      deepEqual((await createUser()).body.acknowledgedBy, [1, 2, 3, 4, 5]);
    });

    test('asks nobody for a vote that would be spent for nothing, and goes on by itself when it can', async () => {
      // Signers 1 and 2 hold a change that 3 and 4 refused; of the three promises that free them one is missing.
      const offline = (isOnline: boolean) => Object.assign(w.cluster.signers[4] ?? {}, { isOnline });
      offline(false);
      refused(await change(() => restart(3, 4)), 403, /sign again/);
      deepEqual((await organisation()).spentVotes, [1, 2]);

      refused(
        await createUser(),
        503,
        /^signers 1, 2 wait for a change that was given up; 2 others available, 3 needed$/,
      );
      equal((await organisation()).proposal, null);
      offline(true);
      deepEqual((await createUser()).body.acknowledgedBy, [1, 2, 3, 4, 5]);
      deepEqual((await organisation()).spentVotes, []);
    });

    test('votes that split two and two and one are freed, and the change that met them goes through', async () => {
      const [a, b, c] = [newUser(), newUser(), newUser()];
      const shown = [];
      for (const body of [a, b, c]) {
        const request = { method: 'POST', path: '/auth/users', payload: JSON.stringify(body) } as const;
        const { init } = await actionFor(w, admin, request);
        const assertion = keyAssertion({ credId: admin.credId, key: admin.key, challenge: init.body.challenge });
        shown.push({ request, assertion, tokens: w.ctx.signers.tokens() });
      }
      // An api with two tongues: each pair of signers is shown another change.
      for (const [k, indices] of [[1, 2], [3, 4], [5]].entries()) {
        const change = shown[k];
        if (change !== undefined) for (const index of indices) w.cluster.signers[index - 1]?.act(change);
      }
      equal(new Set(tails()).size, 3);

      const { status, body } = await createUser();

      deepEqual([status, body.acknowledgedBy], [200, [1, 2, 3, 4, 5]]);
      for (const { email } of [a, b, c])
        equal(await findUserByUsername(w.ctx.db.kysely, admin.orgId, email), undefined);
      deepEqual((await organisation()).spentVotes, []);
    });

    test('votes that split while the api was away are freed at its start', async () => {
      const held = await change(() => {
        Object.assign(w.cluster.signers[4] ?? {}, { isOnline: false });
        restart(3, 4);
      });
      refused(held, 403, /sign again/);
      deepEqual((await organisation()).spentVotes, [1, 2]);
      Object.assign(w.cluster.signers[4] ?? {}, { isOnline: true });

      await recoverGovernance(w.ctx);

      deepEqual((await organisation()).spentVotes, []);
      deepEqual(tails(), Array(5).fill(undefined));
    });

    test('counts no acknowledgement that is not signed by its signer', async () => {
      const { govern } = w.ctx.signers;
      const row = await organisation();
      Object.assign(w.ctx.signers, {
        govern: async (...args: Parameters<typeof govern>) => {
          const outcome = await govern(...args);
          return { ...outcome, acks: outcome.acks.map((ack) => ({ ...ack, index: (ack.index % 5) + 1 })) };
        },
      });

      const { status } = await createUser();

      Object.assign(w.ctx.signers, { govern });
      equal(status, 503);
      equal((await organisation()).height, row.height);
      // The acknowledgements exist; asked again honestly, the change is finished.
      equal((await createUser()).status, 200);
      equal((await organisation()).height, row.height + 2);
    });

    test('finds everything again with a cold memory', async () => {
      const { height } = await organisation();
      await w.ctx.db.kysely.selectFrom('organisations').select('id').execute();

      const state = decodeState((await organisation()).state);

      equal(state.height, height);
      deepEqual(state, await stateOf(w.ctx, admin.orgId));
      admin.token = await logIn(w, admin);
    });
  });
}
