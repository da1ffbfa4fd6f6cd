/** Recovery by a user's own recovery key through the api, on both engines. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { keyAttestation, newCredentials, recoveryProof, type TestKey, testKey } from '@holdfast/authority/testing';
import { engineNames } from '@holdfast/storage/conformance';
import { recoverGovernance } from '../governance/recover.ts';
import {
  type Answer,
  call,
  codeFor,
  found,
  logIn,
  type Member,
  registerByCode,
  signedCall,
  type World,
  world,
} from './test/world.ts';

const sealed = 'the private key, sealed by its owner';

for (const engine of engineNames) {
  describe(`recovery on ${engine}`, () => {
    let w: World;
    let admin: Member;
    let kit: { credId: string; key: TestKey };

    before(async () => {
      w = await world(engine);
      admin = await found(w);
      kit = await recoveryKeyFor(admin);
    });
    after(() => w.close());

    const get = async (by: Member, url: string) => call(w, 'GET', url, { token: by.token });
    const id = () => Buffer.from(w.ctx.env.random(16)).toString('base64url');

    async function recoveryKeyFor(of: Member) {
      const made = { credId: id(), key: testKey('P-256') };
      const init = await call(w, 'POST', '/auth/credentials/init', { token: of.token, body: { kind: 'RecoveryKey' } });
      const created = await signedCall(w, of, 'POST', '/auth/credentials', {
        credentialKind: 'RecoveryKey',
        credentialName: 'kit',
        challengeIdentifier: init.body.challengeIdentifier,
        credentialInfo: keyAttestation({ ...made, challenge: init.body.challenge }),
        encryptedPrivateKey: sealed,
      });
      equal(created.status, 200, JSON.stringify(created.body));
      equal(created.body.kind, 'RecoveryKey');
      return made;
    }

    const askCode = (username = admin.username) =>
      call(w, 'POST', '/auth/recover/user/code', { body: { username, orgId: admin.orgId } });
    const init = (o: { username?: string; code?: string; credentialId?: string } = {}) =>
      call(w, 'POST', '/auth/recover/user/init', {
        body: {
          username: o.username ?? admin.username,
          verificationCode: o.code ?? recoveryCode(),
          orgId: admin.orgId,
          credentialId: o.credentialId ?? kit.credId,
        },
      });
    const recoveryCode = () => codeFor(w, admin.username);

    function recover(
      challenge: Answer,
      fresh: { credId: string; key: TestKey }[],
      by = kit,
      token?: string,
      set = newCredentials(fresh, challenge.body.challenge),
    ) {
      return call(w, 'POST', '/auth/recover/user', {
        token: token ?? challenge.body.temporaryAuthenticationToken,
        body: {
          recovery: { kind: 'RecoveryKey', credentialAssertion: recoveryProof({ ...by, set }) },
          newCredentials: set,
        },
      });
    }

    test('an unknown user, a user without a recovery key and a member get the same answer', async () => {
      const answers = [await askCode('nobody@acme.example'), await askCode()];

      for (const { status, body } of answers) deepEqual([status, body], [200, { message: 'success' }]);
      const refused = [
        await init({ username: 'nobody@acme.example' }),
        await init({ credentialId: admin.credId }),
        await init({ code: '0000-0000-0000-0000' }),
      ];
      for (const { status, body } of refused)
        deepEqual([status, body.error.message], [401, 'Recovery code is not valid']);
    });

    test('a code is tried five times, lasts a quarter of an hour, and opens one challenge', async () => {
      await askCode();
      for (let k = 0; k < 5; k += 1) equal((await init({ code: '1111-1111-1111-1111' })).status, 401);
      equal((await init()).status, 429);
      await askCode();
      w.advance(16 * 60_000);
      equal((await init()).status, 401);
      admin.token = await logIn(w, admin);
      await askCode();
      equal((await init()).status, 200);
      equal((await init()).status, 401);
    });

    test('the owner gets the sealed key back with the challenge', async () => {
      await askCode();
      const { body } = await init();

      deepEqual(body.allowedRecoveryCredentials, [{ id: kit.credId, encryptedRecoveryKey: sealed }]);
      deepEqual(body.user.name, admin.username);
    });

    test('a challenge of recovery registers nobody, and one of registration recovers nobody', async () => {
      await askCode();
      const challenge = await init();
      const credentialInfo = keyAttestation({
        credId: id(),
        key: testKey('Ed25519'),
        challenge: challenge.body.challenge,
      });
      const registered = await call(w, 'POST', '/auth/registration', {
        token: challenge.body.temporaryAuthenticationToken,
        body: { firstFactorCredential: { credentialKind: 'Key', credentialInfo } },
      });

      equal(registered.status, 401);
      equal((await recover(challenge, [{ credId: id(), key: testKey('Ed25519') }], kit, admin.token)).status, 401);
    });

    test('D 94: a set that another key signed changes nothing', async () => {
      await askCode();
      const challenge = await init();
      const thief = { credId: kit.credId, key: testKey('P-256') };

      const answer = await recover(challenge, [{ credId: id(), key: testKey('Ed25519') }], thief);

      equal(answer.body.error.details.code, 'E_ASSERTION');
      equal((await get(admin, '/auth/credentials')).status, 200);
      equal(
        (await recover(challenge, [{ credId: id(), key: testKey('Ed25519') }])).body.error.details.code,
        'E_UNAUTHENTICATED',
      );
    });

    test('D 94: a recovery key is no login and signs no action', async () => {
      const posing = { ...admin, credId: kit.credId, key: kit.key };

      const refused = await signedCall(w, posing, 'POST', '/permissions', { name: 'x', operations: ['Wallets:Read'] });
      equal(refused.status >= 400, true);
      equal(await logIn(w, posing), undefined);
    });

    test('D 96: recovery replaces everything: old keys, tokens and logins end, the new set works at once', async () => {
      const pat = await signedCall(w, admin, 'POST', '/auth/pats', {
        name: 'script',
        publicKey: testKey('Ed25519').publicKey,
      });
      await askCode();
      const [laptop, newKit] = [
        { credId: id(), key: testKey('Ed25519') },
        { credId: id(), key: testKey('P-256') },
      ];
      const challenge = await init();

      const set = [laptop, { credId: id(), key: testKey('P-256') }, newKit];
      const done = await recover(challenge, set);

      equal(done.status, 200, JSON.stringify(done.body));
      deepEqual([done.body.credential.kind, done.body.user.username], ['Key', admin.username]);
      match(done.body.credential.uuid, /^cr-/);
      equal((await get(admin, '/auth/credentials')).status, 401);
      equal((await call(w, 'GET', '/auth/credentials', { token: pat.body.accessToken })).status, 401);
      equal(await logIn(w, admin), undefined);
      const again = { ...admin, ...laptop };
      again.token = await logIn(w, again);
      equal(
        (await signedCall(w, again, 'POST', '/permissions', { name: 'after', operations: ['Wallets:Read'] })).status,
        200,
      );
      const listed = (await get(again, '/auth/credentials')).body.items as {
        credentialId: string;
        isActive: boolean;
      }[];
      deepEqual(
        listed
          .filter((one) => one.isActive)
          .map((one) => one.credentialId)
          .sort(),
        set.map((one) => one.credId).sort(),
      );
      equal((await recover(challenge, [{ credId: id(), key: testKey('Ed25519') }])).status, 401);
      for (const { committed } of w.cluster.signers) equal(committed?.credentials.get(laptop.credId)?.active, true);
      Object.assign(admin, again);
      kit = newKit;
    });

    test('recovery takes over no credential of somebody else, confirmed or not', async () => {
      const email = `eve@${engine}.example`;
      await signedCall(w, admin, 'POST', '/auth/users', { email, kind: 'CustomerEmployee' });
      const eve = await registerByCode(w, admin.orgId, email);
      await askCode();

      const refused = await recover(await init(), [{ credId: eve.credId, key: testKey('Ed25519') }]);

      equal(refused.body.error.details.code, 'E_CREDENTIAL_EXISTS');
      match(await logIn(w, eve), /^ey/);
    });

    test('recovery that the api was stopped in ends logins all the same, and keeps the new sealed key', async () => {
      const [laptop, newKit] = [
        { credId: id(), key: testKey('Ed25519') },
        { credId: id(), key: testKey('P-256') },
      ];
      await askCode();
      const challenge = await init();
      const set = newCredentials([laptop, { credId: id(), key: testKey('P-256') }, newKit], challenge.body.challenge);
      Object.assign(set['recoveryCredential'] as object, { encryptedPrivateKey: 'sealed anew' });
      equal((await get(admin, '/auth/credentials')).status, 200);

      w.crashAt('governance.acknowledged');
      equal((await recover(challenge, [], kit, undefined, set)).status, 500);
      await recoverGovernance(w.ctx);

      equal((await get(admin, '/auth/credentials')).status, 401);
      Object.assign(admin, laptop);
      admin.token = await logIn(w, admin);
      kit = newKit;
      await askCode();
      deepEqual((await init()).body.allowedRecoveryCredentials, [
        { id: newKit.credId, encryptedRecoveryKey: 'sealed anew' },
      ]);
    });

    test('a service account stands for the code and not for the key', async () => {
      const key = testKey('Ed25519');
      const full = (await get(admin, '/permissions')).body.items.find(
        (one: { name: string }) => one.name === 'ManagedFullAdminAccess',
      );
      const made = await signedCall(w, admin, 'POST', '/auth/service-accounts', {
        name: 'robot',
        publicKey: key.publicKey,
        permissionId: full.id,
      });
      const [token] = made.body.accessTokens;
      const robot: Member = {
        ...admin,
        userId: made.body.userInfo.userId,
        credId: token.credId,
        key,
        token: token.accessToken,
      };
      const wish = { username: admin.username, credentialId: kit.credId };

      equal((await signedCall(w, admin, 'POST', '/auth/recover/user/delegated', wish)).status, 403);
      const challenge = await signedCall(w, robot, 'POST', '/auth/recover/user/delegated', wish);
      equal(challenge.status, 200, JSON.stringify(challenge.body));
      const fresh = { credId: id(), key: testKey('Ed25519') };
      equal((await recover(challenge, [fresh], { credId: kit.credId, key })).body.error.details.code, 'E_ASSERTION');
      const second = await signedCall(w, robot, 'POST', '/auth/recover/user/delegated', wish);
      equal((await recover(second, [fresh])).status, 200);
    });
  });
}
