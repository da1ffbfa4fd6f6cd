/** End users through the api, on both engines: registered, logged in and confirmed by a service account that can sign for none. */
import { deepEqual, equal } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { keyAttestation, type TestKey, testKey } from '@holdfast/authority/testing';
import { toBase64Url } from '@holdfast/contract/wire';
import { engineNames } from '@holdfast/storage/conformance';
import { findCredential, updateCredential } from '@holdfast/storage/records';
import { type Answer, call, found, type Member, registerByCode, signedCall, type World, world } from './test/world.ts';

const code = (answer: Answer): string => answer.body?.error?.details?.code;

for (const engine of engineNames) {
  describe(`end users on ${engine}`, () => {
    let w: World;
    let admin: Member;
    let robot: Member;
    let plain: Member;

    before(async () => {
      w = await world(engine);
      admin = await found(w);
      robot = await account('registrar', ['Auth:Register:Delegated', 'Auth:Login:Delegated', 'Auth:Recover:Delegated']);
      plain = await account('reader', ['Auth:Users:Read']);
    });
    after(() => w.close());

    async function account(name: string, operations: readonly string[]): Promise<Member> {
      const permission = await signedCall(w, admin, 'POST', '/permissions', { name: `of ${name}`, operations });
      const key = testKey('Ed25519');
      const made = await signedCall(w, admin, 'POST', '/auth/service-accounts', {
        name,
        publicKey: key.publicKey,
        permissionId: permission.body.id,
      });
      const [token] = made.body.accessTokens;
      const { userInfo } = made.body;
      return {
        orgId: admin.orgId,
        userId: userInfo.userId,
        username: name,
        credId: token.credId,
        key,
        token: token.accessToken,
      };
    }
    const register = (email: string, by: Member = robot, kind = 'EndUser') =>
      signedCall(w, by, 'POST', '/auth/registration/delegated', { email, kind });
    const restart = (email: string, by: Member = robot, kind = 'EndUser') =>
      signedCall(w, by, 'POST', '/auth/registration/delegated/restart', { email, kind });
    const wish = (challenge: string, key: TestKey, credId: string, kind = 'Key') => ({
      credentialKind: kind,
      credentialInfo: keyAttestation({ credId, key, challenge }),
      credentialName: kind,
    });
    const newId = () => toBase64Url(w.ctx.env.random(16));
    const complete = (challenge: Answer['body'], body: object) =>
      call(w, 'POST', '/auth/registration/enduser', {
        token: challenge.temporaryAuthenticationToken,
        body: { wallets: [], ...body },
      });

    /** Registered on its own device, and confirmed unless told. */
    async function endUser(email: string, isConfirmed = true): Promise<Member & { readonly recovery: TestKey }> {
      const { body: challenge } = await register(email);
      const [key, recovery] = [testKey('P-256'), testKey('Ed25519')];
      const [credId, recoveryId] = [newId(), newId()];
      const registered = await complete(challenge, {
        firstFactorCredential: wish(challenge.challenge, key, credId),
        recoveryCredential: wish(challenge.challenge, recovery, recoveryId, 'RecoveryKey'),
      });
      equal(registered.status, 200, JSON.stringify(registered.body));
      const member = {
        orgId: admin.orgId,
        userId: challenge.user.id,
        username: email,
        credId,
        key,
        recovery,
        token: registered.body.authentication.token,
      };
      const credentials = [
        { credentialId: credId, kind: 'Key', publicKey: key.publicKey, name: 'phone' },
        { credentialId: recoveryId, kind: 'RecoveryKey', publicKey: recovery.publicKey, name: 'kit' },
      ];
      if (isConfirmed) {
        const confirmed = await confirm({ userId: member.userId, credentials });
        deepEqual(
          confirmed.body.items?.map((one: { isConfirmed: boolean }) => one.isConfirmed),
          [true, true],
        );
      }
      return member;
    }
    const confirm = (body: object, by: Member = robot) =>
      signedCall(w, by, 'POST', '/holdfast/registrations/confirm', body);
    const selfSigned = (who: Member) =>
      signedCall(w, who, 'POST', '/auth/credentials/code', { expiration: Math.floor(w.ctx.env.now() / 1000) + 30 });

    test('an end user registers on its own device, reads at once, and signs when the service account has confirmed', async () => {
      const erin = await endUser('erin@users.example', false);

      const own = await call(w, 'GET', '/auth/credentials', { token: erin.token });
      deepEqual(
        own.body.items.map((one: { isConfirmed: boolean }) => one.isConfirmed),
        [false, false],
      );
      equal(code(await selfSigned(erin)), 'E_UNCONFIRMED');
      const frank = await endUser('frank@users.example');
      equal((await selfSigned(frank)).status, 200);
      const users = await call(w, 'GET', '/auth/users?kind=EndUser', { token: admin.token });
      deepEqual(
        users.body.items.map(
          (one: { username: string; kind: string; permissionAssignments: { permissionName: string }[] }) => [
            one.username,
            one.kind,
            one.permissionAssignments.map(({ permissionName }) => permissionName),
          ],
        ),
        [
          ['frank@users.example', 'EndUser', ['ManagedDefaultEndUserAccess']],
          ['erin@users.example', 'EndUser', ['ManagedDefaultEndUserAccess']],
        ],
      );
    });

    test('what waits to be confirmed is shown with what its user reads aloud, to whoever may see users', async () => {
      const gail = await endUser('gail@users.example', false);
      const { body } = await call(w, 'GET', '/holdfast/credentials/pending', { token: admin.token });
      const [first] = body.items.filter((one: { userId: string }) => one.userId === gail.userId);
      const refusal = await selfSigned(gail);

      deepEqual(
        [first.username, first.userKind, first.kind, first.publicKey],
        [gail.username, 'EndUser', 'Key', gail.key.publicKey],
      );
      equal(refusal.body.error.message.includes(first.key), true);
      equal(/^SHA256:[A-Za-z0-9+/]{43}$/.test(first.fingerprint), true);
      equal((await call(w, 'GET', '/holdfast/credentials/pending', { token: plain.token })).status, 200);
      equal(code(await call(w, 'GET', '/holdfast/credentials/pending', { token: robot.token })), 'E_FORBIDDEN');
      equal(code(await call(w, 'GET', '/holdfast/credentials/pending', { token: gail.token })), 'E_FORBIDDEN');
      // A person who belongs compares the fingerprint and confirms; then it waits no more.
      const { userId, credentialId, kind, publicKey } = first;
      const confirmed = await signedCall(w, admin, 'POST', '/holdfast/credentials/confirm', {
        userId,
        credentialId,
        kind,
        publicKey,
        name: 'phone',
      });
      equal(confirmed.status, 200, JSON.stringify(confirmed.body));
      const after = await call(w, 'GET', '/holdfast/credentials/pending', { token: admin.token });
      equal(
        after.body.items.some((one: { credentialId: string }) => one.credentialId === credentialId),
        false,
      );
      equal((await selfSigned(gail)).status, 200);
    });

    test('only a service account with the permission registers, restarts, logs in and confirms', async () => {
      for (const by of [admin, plain]) {
        const expected = 'E_FORBIDDEN';
        equal(code(await register('nobody@users.example', by)), expected);
        equal(code(await restart('nobody@users.example', by)), expected);
        equal(
          code(await signedCall(w, by, 'POST', '/auth/login/delegated', { username: 'erin@users.example' })),
          expected,
        );
        equal(
          code(
            await confirm(
              {
                userId: admin.userId,
                credentials: [{ credentialId: 'AAAA', kind: 'Key', publicKey: admin.key.publicKey, name: 'x' }],
              },
              by,
            ),
          ),
          expected,
        );
      }
      equal(code(await register('clerk@users.example', robot, 'CustomerEmployee')), 'E_UNSUPPORTED');
    });

    test('a registration is restarted until it is complete; the challenge before it is void', async () => {
      const first = await register('hank@users.example');
      const taken = await register('hank@users.example');
      deepEqual([taken.status, taken.body.error.message], [401, 'User already exists.']);

      const second = await restart('hank@users.example');

      const body = { firstFactorCredential: wish(first.body.challenge, testKey('P-256'), newId()) };
      deepEqual(
        [(await complete(first.body, body)).status, code(await complete(first.body, body))],
        [401, 'E_UNAUTHENTICATED'],
      );
      const key = testKey('P-256');
      const right = { firstFactorCredential: wish(second.body.challenge, key, newId()) };
      equal((await complete(second.body, right)).status, 200);
      equal((await complete(second.body, right)).status, 401);
      equal(code(await restart('hank@users.example')), 'E_USER_EXISTS');
      equal(code(await restart('nobody@users.example')), 'E_NOT_FOUND');
      await signedCall(w, admin, 'POST', '/auth/users', { email: 'pat@acme.example', kind: 'CustomerEmployee' });
      equal(code(await restart('pat@acme.example', robot, 'CustomerEmployee')), 'E_UNSUPPORTED');
      equal(code(await restart('pat@acme.example')), 'E_NOT_FOUND');
    });

    test('wallets come of no unsigned request, and an employee’s registration is no end user’s', async () => {
      const { body: challenge } = await register('ivy@users.example');
      const firstFactorCredential = wish(challenge.challenge, testKey('P-256'), newId());
      const withWallet = await complete(challenge, { firstFactorCredential, wallets: [{ network: 'Ethereum' }] });
      equal(code(withWallet), 'E_REGISTRATION_WALLETS');
      // Nothing was spent by it.
      equal((await complete(challenge, { firstFactorCredential })).status, 200);
      equal(
        code(await complete(challenge, { firstFactorCredential, wallets: [{ network: 'Nowhere' }] })),
        'E_UNAUTHENTICATED',
      );
    });

    test('a delegated login reads as the end user and changes nothing', async () => {
      const june = await endUser('june@users.example');
      const login = await signedCall(w, robot, 'POST', '/auth/login/delegated', { username: june.username });
      const token: string = login.body.token;

      equal((await call(w, 'GET', '/auth/credentials', { token })).body.items.length, 2);
      equal(code(await call(w, 'GET', '/auth/users', { token })), 'E_FORBIDDEN');
      // The server has the token, and a key of its own: not the end user's.
      equal(code(await selfSigned({ ...robot, token })), 'E_NO_CREDENTIAL');
      equal((await selfSigned({ ...june, token })).status, 200);
      for (const username of [admin.username, 'nobody@users.example'])
        equal(code(await signedCall(w, robot, 'POST', '/auth/login/delegated', { username })), 'E_USER_NOT_FOUND');
    });

    test('B 34: a delegated login ends with its user', async () => {
      const kim = await endUser('kim@users.example');
      const login = await signedCall(w, robot, 'POST', '/auth/login/delegated', { username: kim.username });
      await signedCall(w, admin, 'PUT', `/auth/users/${kim.userId}/deactivate`);

      equal((await call(w, 'GET', '/auth/credentials', { token: login.body.token })).status, 401);
      equal(
        code(await signedCall(w, robot, 'POST', '/auth/login/delegated', { username: kim.username })),
        'E_USER_INACTIVE',
      );
    });

    test('a confirmation names exactly what was registered, and comes once', async () => {
      const lee = await endUser('lee@users.example', false);
      const one = { credentialId: lee.credId, kind: 'Key', publicKey: lee.key.publicKey, name: 'phone' };
      const refused = async (change: object) =>
        code(await confirm({ userId: lee.userId, credentials: [{ ...one, ...change }] }));

      equal(await refused({ publicKey: robot.key.publicKey }), 'E_NOT_FOUND');
      equal(await refused({ credentialId: 'AAAA' }), 'E_NOT_FOUND');
      equal(await refused({ kind: 'Fido2' }), 'E_NOT_FOUND');
      equal(code(await confirm({ userId: admin.userId, credentials: [one] })), 'E_NOT_FOUND');
      const row = await findCredential(w.ctx.db.kysely, admin.orgId, lee.credId);
      const setActive = (isActive: boolean) =>
        updateCredential(w.ctx.db.kysely, admin.orgId, row?.uuid ?? '', { isActive });
      await setActive(false);
      equal(await refused({}), 'E_NOT_FOUND');
      await setActive(true);
      equal((await confirm({ userId: lee.userId, credentials: [one] })).status, 200);
      equal(code(await confirm({ userId: lee.userId, credentials: [one] })), 'E_CREDENTIAL_EXISTS');
    });

    test('FAQ: the platform and the organisation recover nobody: only the end user’s recovery key does', async () => {
      const max = await endUser('max@users.example');
      const mine = testKey('P-256');
      const byCode = await signedCall(w, max, 'POST', '/auth/credentials/code', {
        expiration: Math.floor(w.ctx.env.now() / 1000) + 30,
      });
      const init = await call(w, 'POST', '/auth/credentials/code/init', {
        body: { credentialKind: 'Key', code: byCode.body.code },
      });
      const credId = newId();
      await call(w, 'POST', '/auth/credentials/code/verify', {
        body: { ...wish(init.body.challenge, mine, credId), challengeIdentifier: init.body.challengeIdentifier },
      });
      const confirmation = {
        userId: max.userId,
        credentialId: credId,
        kind: 'Key',
        publicKey: mine.publicKey,
        name: 'mine',
      };

      // Even a key that stands there waiting, which whoever runs the api could put there.
      equal(code(await signedCall(w, admin, 'POST', '/holdfast/credentials/confirm', confirmation)), 'E_FORBIDDEN');
      equal(
        code(
          await confirm({
            userId: max.userId,
            credentials: [{ credentialId: credId, kind: 'Key', publicKey: mine.publicKey, name: 'mine' }],
          }),
        ),
        'E_FORBIDDEN',
      );
      equal((await signedCall(w, max, 'POST', '/holdfast/credentials/confirm', confirmation)).status, 200);
    });

    test('E 102: an end user calling an employee’s operation is refused in the same words', async () => {
      const nora = await endUser('nora@users.example');
      for (const [method, path, body] of [
        ['POST', '/auth/users', { email: 'x@acme.example', kind: 'CustomerEmployee' }],
        ['POST', '/permissions', { name: 'mine', operations: ['Keys:Create'] }],
        ['POST', '/auth/pats', { name: 'mine', publicKey: nora.key.publicKey }],
        [
          'POST',
          '/auth/apps',
          { name: 'mine', kind: 'ClientSideApplication', relyingPartyId: 'a.example', origin: 'https://a.example' },
        ],
      ] as const) {
        const answer = await signedCall(w, nora, method, path, body);
        equal(answer.status, 403, path);
        equal(/^EndUser us-.* is not authorized to perform operation \(/.test(answer.body.error.message), true, path);
      }
    });

    test('an employee is confirmed as before, by whoever may change users', async () => {
      await signedCall(w, admin, 'POST', '/auth/users', { email: 'olga@acme.example', kind: 'CustomerEmployee' });
      const olga = await registerByCode(w, admin.orgId, 'olga@acme.example');
      const confirmation = {
        userId: olga.userId,
        credentialId: olga.credId,
        kind: 'Key',
        publicKey: olga.key.publicKey,
        name: 'laptop',
      };

      equal(code(await signedCall(w, robot, 'POST', '/holdfast/credentials/confirm', confirmation)), 'E_FORBIDDEN');
      equal((await signedCall(w, admin, 'POST', '/holdfast/credentials/confirm', confirmation)).status, 200);
    });
  });
}
