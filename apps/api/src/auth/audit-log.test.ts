/** The audit log: every spent user action, verifiable again by whoever reads it; on both engines. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { verify } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { engineNames } from '@holdfast/storage/conformance';
import { deleteExpiredChallenges } from '@holdfast/storage/records';
import { auditTable } from '../domain/audit-log.ts';
import { actionFor, call, found, type Member, signedCall, type World, world } from './test/world.ts';

for (const engine of engineNames) {
  describe(`audit log on ${engine}`, () => {
    let w: World;
    let admin: Member;
    let first: string[];

    const wide = 'startTime=2026-01-01&endTime=2027-01-01';
    const list = (by: Member, query = wide, headers: Record<string, string> = {}) =>
      call(w, 'GET', `/auth/action/logs?${query}`, { token: by.token, headers });
    const linesOf = (table: string) =>
      table
        .split('\r\n')
        .slice(1, -1)
        .map((line) => line.split(','));

    before(async () => {
      w = await world(engine);
      admin = await found(w);
      const made = await signedCall(w, admin, 'POST', '/permissions', {
        name: 'Readers',
        operations: ['Wallets:Read'],
      });
      equal(made.status, 200);
      first = linesOf((await list(admin)).body)[0] ?? [];
    });
    after(() => w.close());

    test('a spent action is a line that says what, when and who', async () => {
      const [id, date, action, method, path, userId, username, kind, credId] = first;

      match(id ?? '', /^ch-/);
      equal(date, new Date(w.ctx.env.now()).toISOString());
      deepEqual([action, method, path], ['permissions.createPermission', 'POST', '/permissions']);
      deepEqual([userId, username, kind, credId], [admin.userId, admin.username, 'Key', admin.credId]);
    });

    test('its entry verifies by the public key that stands in it', async () => {
      const { body, status } = await call(w, 'GET', `/auth/action/logs/${first[0]}`, { token: admin.token });
      const { publicKey, assertion } = body.firstFactorCredential;
      const clientData = Buffer.from(assertion.clientData, 'base64url');

      equal(status, 200);
      ok(verify(null, clientData, publicKey, Buffer.from(assertion.signature, 'base64url')));
      const record = JSON.parse(Buffer.from(JSON.parse(clientData.toString()).challenge, 'base64url').toString());
      deepEqual([record.m, record.p, record.u], ['POST', '/permissions', admin.userId]);
    });

    test('what was signed and never sent, or refused, leaves what it was', async () => {
      const before = linesOf((await list(admin)).body).length;
      await actionFor(w, admin, {
        method: 'POST',
        path: '/permissions',
        payload: '{"name":"x","operations":["Wallets:Read"]}',
      });

      equal(linesOf((await list(admin)).body).length, before);
    });

    test('the table is a JSON string unless its own type is asked for', async () => {
      const plain = await w.app.inject({
        method: 'GET',
        url: `/auth/action/logs?${wide}`,
        headers: { authorization: `Bearer ${admin.token}`, accept: 'text/csv' },
      });

      equal(typeof (await list(admin)).body, 'string');
      match(String(plain.headers['content-type']), /^text\/csv/);
      equal(plain.body, (await list(admin)).body);
    });

    test('by time, by user, and cut with a line that says so', async () => {
      const { orgId, userId } = admin;
      const span = { orgId, from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' };
      await signedCall(w, admin, 'POST', '/permissions', { name: 'More', operations: ['Wallets:Read'] });

      deepEqual(linesOf((await list(admin, 'startTime=2020-01-01&endTime=2020-01-02')).body), []);
      equal(linesOf((await list(admin, `${wide}&userId=${userId}`)).body).length > 1, true);
      deepEqual(linesOf((await list(admin, `${wide}&userId=us-00000-11111-2222222222222222`)).body), []);
      match(await auditTable(w.ctx, span, 1), /\r\n# TRUNCATED\r\n$/);
      for (const bad of [
        '',
        'startTime=2026-01-01',
        'startTime=x&endTime=2027-01-01',
        'startTime=2027-01-01&endTime=2026-01-01',
      ])
        equal((await list(admin, bad)).status, 400, bad);
    });

    test('another organisation reads nothing of it, and nobody without the permission', async () => {
      const other = await found(w, 'Other');
      const stranger = await call(w, 'GET', `/auth/action/logs/${first[0]}`, { token: other.token });

      deepEqual([stranger.status, linesOf((await list(other)).body)], [404, []]);
      const permission = await signedCall(w, admin, 'POST', '/permissions', {
        name: 'None',
        operations: ['Wallets:Read'],
      });
      const { testKey } = await import('@holdfast/authority/testing');
      const pat = await signedCall(w, admin, 'POST', '/auth/pats', {
        name: 'x',
        publicKey: testKey('Ed25519').publicKey,
        permissionId: permission.body.id,
      });
      equal((await list({ ...admin, token: pat.body.accessToken })).status, 403);
    });

    test('it stays when challenges are swept', async () => {
      await deleteExpiredChallenges(w.ctx.db.kysely, '2030-01-01T00:00:00.000Z');

      equal(
        linesOf((await list(admin)).body).some(([id]) => id === first[0]),
        true,
      );
    });
  });
}
