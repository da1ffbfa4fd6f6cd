/** Own permissions, personal access tokens and archived identities through the api, on both engines. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { testKey } from '@holdfast/authority/testing';
import { engineNames } from '@holdfast/storage/conformance';
import { call, found, type Member, registerByCode, signedCall, type World, world } from '../auth/test/world.ts';

for (const engine of engineNames) {
  describe(`permissions, tokens and archives on ${engine}`, () => {
    let w: World;
    let admin: Member;

    before(async () => {
      w = await world(engine);
      admin = await found(w);
    });
    after(() => w.close());

    const get = async (by: Member, url: string) => call(w, 'GET', url, { token: by.token });
    const define = (by: Member, name: string, operations: readonly string[]) =>
      signedCall(w, by, 'POST', '/permissions', { name, operations });

    /** A personal access token as something that signs by itself. */
    async function tokenOf(by: Member, body: object = {}) {
      const key = testKey('Ed25519');
      const wish = { name: 'script', publicKey: key.publicKey, ...body };
      const made = await signedCall(w, by, 'POST', '/auth/pats', wish);
      equal(made.status, 200, JSON.stringify(made.body));
      const pat: Member = { ...by, credId: made.body.credId, key, token: made.body.accessToken };
      return { pat, made: made.body };
    }

    async function employee(username: string, operations: readonly string[]): Promise<Member> {
      const created = await signedCall(w, admin, 'POST', '/auth/users', { email: username, kind: 'CustomerEmployee' });
      const member = await registerByCode(w, admin.orgId, username);
      const confirmed = await signedCall(w, admin, 'POST', '/holdfast/credentials/confirm', {
        userId: member.userId,
        credentialId: member.credId,
        kind: 'Key',
        publicKey: member.key.publicKey,
        name: 'laptop',
      });
      equal(confirmed.status, 200, JSON.stringify(confirmed.body));
      const { body } = await define(admin, `of ${username}`, operations);
      await signedCall(w, admin, 'POST', `/permissions/${body.id}/assignments`, { identityId: created.body.userId });
      return member;
    }

    test('a permission is defined, read, changed, archived and brought back', async () => {
      const made = await define(admin, 'Readers', ['Wallets:Read']);
      const path = `/permissions/${made.body.id}`;

      deepEqual(made.body.acknowledgedBy, [1, 2, 3, 4, 5]);
      deepEqual([made.body.isImmutable, made.body.isArchived], [false, false]);
      const wider = await signedCall(w, admin, 'PUT', path, { operations: ['Wallets:Read', 'Keys:Read'] });
      deepEqual(wider.body.operations, ['Wallets:Read', 'Keys:Read']);
      equal((await signedCall(w, admin, 'PUT', `${path}/archive`, { isArchived: true })).body.isArchived, true);
      equal((await signedCall(w, admin, 'PUT', `${path}/archive`, { isArchived: false })).body.isArchived, false);
      const read = (await get(admin, path)).body;
      deepEqual([read.name, read.operations], ['Readers', ['Wallets:Read', 'Keys:Read']]);
    });

    test('an unknown operation, a taken name and the platform’s own are refused and change nothing', async () => {
      const before = (await get(admin, '/permissions')).body.items;
      const full = before.find((one: { name: string }) => one.name === 'ManagedFullAdminAccess').id;

      equal((await define(admin, 'New', ['Wallets:Everything'])).status, 400);
      equal((await define(admin, 'READERS', ['Wallets:Read'])).status, 409);
      equal((await signedCall(w, admin, 'PUT', `/permissions/${full}`, { name: 'Mine' })).status, 403);
      deepEqual((await get(admin, '/permissions')).body.items, before);
    });

    test('a token reads and signs for its user, within its restriction', async () => {
      const readers = await define(admin, 'Definers', ['Permissions:Create', 'Permissions:Read', 'Wallets:Read']);
      const { pat, made } = await tokenOf(admin, { permissionId: readers.body.id });

      equal(made.kind, 'Pat');
      match(made.publicKey, /^SHA256:/);
      deepEqual(
        made.permissionAssignments.map((one: { permissionName: string }) => one.permissionName),
        ['Definers'],
      );
      equal((await get(pat, '/permissions')).status, 200);
      equal((await get(pat, '/auth/users')).status, 403);
      equal((await define(pat, 'By script', ['Wallets:Read'])).status, 200);
      equal((await define(pat, 'Too much', ['Keys:Export'])).body.error.details.code, 'E_GRANT');
    });

    test('a token is not signed for by its user’s other keys, and its key logs nobody in', async () => {
      const { pat } = await tokenOf(admin);
      const mixed = { ...pat, credId: admin.credId, key: admin.key };

      equal((await define(mixed, 'Mixed', ['Wallets:Read'])).status, 401);
      equal((await define({ ...admin, credId: pat.credId, key: pat.key }, 'Mixed', ['Wallets:Read'])).status, 401);
      const init = await call(w, 'POST', '/auth/login/init', {
        body: { orgId: admin.orgId, username: admin.username },
      });
      equal(JSON.stringify(init.body).includes(pat.credId), false);
      equal(JSON.stringify((await get(admin, '/auth/credentials')).body).includes(pat.credId), false);
    });

    test('a token manages no identities and enrols no credential', async () => {
      const { pat } = await tokenOf(admin);
      const key = testKey('Ed25519').publicKey;
      for (const [method, path, body] of [
        ['POST', '/auth/users', { email: 'x@acme.example', kind: 'CustomerEmployee' }],
        ['POST', '/auth/pats', { name: 'child', publicKey: key }],
        ['POST', '/auth/credentials/code', { expiration: Math.floor(w.ctx.env.now() / 1000) + 30 }],
      ] as const) {
        const answer = await signedCall(w, pat, method, path, body);
        deepEqual([answer.status, answer.body.error.message], [403, 'Personal Access Token not allowed'], path);
      }
    });

    test('B 34: a token is listed, renamed, switched off and on, and ended by its owner alone', async () => {
      const owner = await employee('owner@acme.example', ['Auth:Pats:Create', 'Permissions:Read']);
      const { pat, made } = await tokenOf(owner, { externalId: 'job-1' });
      const path = `/auth/pats/${made.tokenId}`;

      equal((await get(admin, path)).status, 404);
      equal((await signedCall(w, admin, 'PUT', `${path}/deactivate`)).status, 404);
      equal((await signedCall(w, owner, 'PUT', path, { name: 'nightly' })).body.name, 'nightly');
      equal((await signedCall(w, owner, 'PUT', `${path}/deactivate`)).body.isActive, false);
      equal((await get(pat, '/permissions')).status, 401);
      equal((await signedCall(w, owner, 'PUT', `${path}/activate`)).body.isActive, true);
      equal((await get(pat, '/permissions')).status, 200);
      const listed = (await get(owner, '/auth/pats')).body.items;
      deepEqual(
        listed.map((one: { tokenId: string; name: string; accessToken?: string }) => [
          one.tokenId,
          one.name,
          one.accessToken,
        ]),
        [[made.tokenId, 'nightly', undefined]],
      );
      equal((await signedCall(w, owner, 'DELETE', path)).status, 200);
      equal((await get(pat, '/permissions')).status, 401);
      deepEqual((await get(owner, '/auth/pats')).body.items, []);
    });

    test('B 34: a token and every login die with their user, and a token expires by the second', async () => {
      const owner = await employee('leaver@acme.example', ['Auth:Pats:Create', 'Permissions:Read']);
      const { pat } = await tokenOf(owner);
      const { pat: short } = await tokenOf(owner, { secondsValid: 60 });

      w.advance(61_000);
      equal((await get(short, '/permissions')).status, 401);
      equal((await get(pat, '/permissions')).status, 200);
      equal((await get(owner, '/permissions')).status, 200);
      await signedCall(w, admin, 'PUT', `/auth/users/${owner.userId}/deactivate`);
      await signedCall(w, admin, 'PUT', `/auth/users/${owner.userId}/activate`);
      for (const by of [pat, owner]) equal((await get(by, '/permissions')).status, 401);
    });

    test('B 34: an archived user and an archived service account are listed no more and never return', async () => {
      const gone = await employee('gone@acme.example', ['Permissions:Read']);
      const robot = await signedCall(w, admin, 'POST', '/auth/service-accounts', {
        name: 'robot',
        publicKey: testKey('Ed25519').publicKey,
      });
      const account = `/auth/service-accounts/${robot.body.userInfo.userId}`;

      const renamed = await signedCall(w, admin, 'PUT', account, { name: 'payer', externalId: 'p-1' });
      equal(renamed.body.userInfo.name, 'payer');
      equal((await signedCall(w, admin, 'DELETE', `/auth/users/${gone.userId}`)).body.isActive, false);
      equal((await signedCall(w, admin, 'DELETE', account)).body.userInfo.isActive, false);
      equal((await get(gone, '/permissions')).status, 401);
      for (const list of ['/auth/users', '/auth/service-accounts']) {
        const text = JSON.stringify((await get(admin, list)).body);
        equal(text.includes(gone.userId) || text.includes(robot.body.userInfo.userId), false);
      }
      equal((await signedCall(w, admin, 'PUT', `/auth/users/${gone.userId}/activate`)).status, 409);
      equal((await signedCall(w, admin, 'PUT', `${account}/activate`)).status, 409);
    });

    test('E 103: nobody grants what they have not, neither to others nor to themselves', async () => {
      const limited = await employee('limited@acme.example', ['Permissions:Assign', 'Permissions:Read']);
      const { items } = (await get(admin, '/permissions')).body;
      const full = items.find(({ name }: { name: string }) => name === 'ManagedFullAdminAccess');

      for (const identityId of [limited.userId, admin.userId]) {
        const answer = await signedCall(w, limited, 'POST', `/permissions/${full.id}/assignments`, { identityId });
        equal(answer.status, 403);
        match(answer.body.error.message, /^cannot grant [A-Za-z:]+: you do not have it$/);
      }
      equal((await get(limited, '/auth/users')).status, 403);
    });

    test('D 93: the last credential of a person stays on', async () => {
      const only = await employee('only@acme.example', ['Permissions:Read']);
      const { credentialUuid } = (await get(only, '/auth/credentials')).body.items[0];

      const answer = await signedCall(w, only, 'PUT', '/auth/credentials/deactivate', { credentialUuid });

      deepEqual([answer.status, answer.body.error.message], [400, 'this is your last active credential']);
      equal((await get(only, '/permissions')).status, 200);
    });

    test('single sign-on cannot be demanded while there is none', async () => {
      const path = `/auth/users/${admin.userId}`;
      equal((await signedCall(w, admin, 'PUT', path, { isSSORequired: true })).body.error.details.code, 'E_SSO_CLIENT');
      equal((await signedCall(w, admin, 'PUT', path, { isSSORequired: false })).body.isSSORequired, false);
    });
  });
}
