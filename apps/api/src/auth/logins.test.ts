/** What a login, a code and a recovery tell to whoever has proven nothing, and how often they may be asked: on both engines. */
import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fido2Assertion, keyAssertion, keyAttestation, testKey } from '@holdfast/authority/testing';
import { engineNames } from '@holdfast/storage/conformance';
import { createLimits } from './limits.ts';
import {
  type Answer,
  call,
  codeFor,
  factorOf,
  found,
  logIn,
  type Member,
  signedCall,
  type World,
  world,
} from './test/world.ts';

const sealed = 'the private key, encrypted by its owner';
const refused = (answer: Answer, status: number, code: string) =>
  deepEqual([answer.status, answer.body?.error?.details?.code], [status, code], JSON.stringify(answer.body));

/** Members and kinds of values; not what is drawn anew for every reply. */
function skeleton(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(skeleton);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, skeleton(each)]));
  return typeof value;
}

for (const engine of engineNames) {
  describe(`logins on ${engine}`, () => {
    let w: World;
    let admin: Member;
    let own: Pick<Member, 'credId' | 'key'>;
    const nobody = 'nobody@acme.example';

    before(async () => {
      w = await world(engine);
      admin = await found(w);
      own = { credId: Buffer.from(w.ctx.env.random(16)).toString('base64url'), key: testKey('P-256') };
      const init = await call(w, 'POST', '/auth/credentials/init', {
        token: admin.token,
        body: { kind: 'PasswordProtectedKey' },
      });
      const made = await signedCall(w, admin, 'POST', '/auth/credentials', {
        credentialKind: 'PasswordProtectedKey',
        credentialName: 'mine',
        challengeIdentifier: init.body.challengeIdentifier,
        credentialInfo: keyAttestation({ ...own, challenge: init.body.challenge }),
        encryptedPrivateKey: sealed,
      });
      equal(made.status, 200, JSON.stringify(made.body));
    });
    after(() => w.close());

    const start = (username?: string, loginCode?: string) =>
      call(w, 'POST', '/auth/login/init', {
        body: {
          orgId: admin.orgId,
          ...(username === undefined ? {} : { username }),
          ...(loginCode === undefined ? {} : { loginCode }),
        },
      });
    const finish = (challengeIdentifier: string, body: object) =>
      call(w, 'POST', '/auth/login', { body: { challengeIdentifier, ...body } });
    const sendCode = (username: string) =>
      call(w, 'POST', '/auth/login/code', { body: { orgId: admin.orgId, username } });

    test('somebody who is not there is answered like somebody who is, the same every time', async () => {
      const [there, not, again] = [await start(admin.username), await start(nobody), await start(nobody)];

      equal(not.status, 200);
      const { allowCredentials: real, ...restOfReal } = there.body;
      const { allowCredentials: made, ...restOfMade } = not.body;
      deepEqual(skeleton(restOfMade), skeleton(restOfReal));
      deepEqual(restOfMade.supportedCredentialKinds, restOfReal.supportedCredentialKinds);
      deepEqual(Object.keys(made).sort(), Object.keys(real).sort());
      match(made.webauthn[0].id, /^[\w-]{22}$/);
      deepEqual(made, again.body.allowCredentials);
      notEqual(made.webauthn[0].id, (await start('somebody@else.example')).body.allowCredentials.webauthn[0].id);
      const text = (answer: Answer) => JSON.parse(Buffer.from(answer.body.challenge, 'base64url').toString());
      match(text(not).u, /^us-[0-9a-v]{5}-[0-9a-v]{5}-[0-9a-v]{16}$/);
      equal(text(not).u, text(again).u);
    });

    test('and whatever is answered to the challenge is refused in the same words', async () => {
      const [there, not] = [await start(admin.username), await start(nobody)];
      const place = { origin: 'http://localhost:8787', rpId: 'localhost' };
      const forged = (answer: Answer, credId: string, kind: 'Key' | 'Fido2') => {
        const common = { credId, key: testKey('P-256'), challenge: answer.body.challenge };
        const { kind: _, ...credentialAssertion } =
          kind === 'Key' ? keyAssertion(common) : fido2Assertion({ ...common, ...place });
        return finish(answer.body.challengeIdentifier, { firstFactor: { kind, credentialAssertion } });
      };
      const secrets = {
        firstFactor: { kind: 'Password', password: 'correct horse battery staple' },
        secondFactor: { kind: 'Totp', otpCode: '123456' },
      };

      refused(await forged(not, not.body.allowCredentials.webauthn[0].id, 'Fido2'), 401, 'E_ASSERTION');
      refused(await forged(there, there.body.allowCredentials.key[0].id, 'Key'), 401, 'E_ASSERTION');
      for (const answer of [there, not]) {
        refused(await forged(answer, 'AAAA', 'Key'), 401, 'E_NO_CREDENTIAL');
        refused(await finish(answer.body.challengeIdentifier, secrets), 401, 'E_FACTOR');
      }
    });

    test('that a user was deactivated is told after the proof, not before', async () => {
      const username = `gone@${engine}.example`;
      const made = await signedCall(w, admin, 'POST', '/auth/users', { email: username, kind: 'CustomerEmployee' });
      await signedCall(w, admin, 'PUT', `/auth/users/${made.body.userId}/deactivate`, {});

      equal((await start(username)).status, 200);
    });

    test('a mailed code hands out protected keys, once, and its absence does not', async () => {
      deepEqual((await start(admin.username)).body.allowCredentials.passwordProtectedKey, undefined);
      deepEqual((await sendCode(admin.username)).body, { message: 'success' });
      const code = codeFor(w, admin.username);
      match(code, /^\d{4}-\d{4}-\d{4}-\d{4}$/);

      refused(await start(nobody, code), 401, 'E_LOGIN_CODE');
      const { status, body } = await start(admin.username, code);

      deepEqual(
        [status, body.allowCredentials.passwordProtectedKey],
        [200, [{ type: 'public-key', id: own.credId, encryptedPrivateKey: sealed }]],
      );
      const { credentialAssertion } = factorOf(keyAssertion({ ...own, challenge: body.challenge }));
      const done = await finish(body.challengeIdentifier, {
        firstFactor: { kind: 'PasswordProtectedKey', credentialAssertion },
      });
      equal((await call(w, 'GET', '/auth/credentials', { token: done.body.token })).status, 200);
      refused(await start(admin.username, code), 401, 'E_LOGIN_CODE');
      equal(JSON.stringify(w.logged).includes(code), false);
    });

    test('a code of a login recovers nothing, and lasts a quarter of an hour', async () => {
      await sendCode(admin.username);
      const code = codeFor(w, admin.username);
      const recovery = await call(w, 'POST', '/auth/recover/user/init', {
        body: { orgId: admin.orgId, username: admin.username, verificationCode: code, credentialId: 'AAAA' },
      });
      refused(recovery, 401, 'E_RECOVERY_CODE');
      w.advance(15 * 60_000);
      refused(await start(admin.username, code), 401, 'E_LOGIN_CODE');
      admin.token = await logIn(w, admin);
    });

    for (const [what, ask, attempt] of [
      ['login', (username: string) => sendCode(username), (username: string) => start(username, '0000-0000-0000-0000')],
      [
        'recovery',
        (username: string) => call(w, 'POST', '/auth/recover/user/code', { body: { orgId: admin.orgId, username } }),
        (username: string) =>
          call(w, 'POST', '/auth/recover/user/init', {
            body: { orgId: admin.orgId, username, verificationCode: '0000-0000-0000-0000', credentialId: 'AAAA' },
          }),
      ],
      [
        'registration',
        (username: string) => call(w, 'PUT', '/auth/registration/code', { body: { orgId: admin.orgId, username } }),
        (username: string) =>
          call(w, 'POST', '/auth/registration/init', {
            body: { orgId: admin.orgId, username, registrationCode: '0000-0000-0000-0000' },
          }),
      ],
    ] as const)
      test(`codes of ${what} are asked for and tried as often by nobody as by a member, with the same answers`, async () => {
        w.advance(3_600_000);
        const username = `${what}@${engine}.example`;
        await signedCall(w, { ...admin, token: await logIn(w, admin) }, 'POST', '/auth/users', {
          email: username,
          kind: 'CustomerEmployee',
        });
        const seen = [];
        for (const name of [admin.username, username, `not-${username}`]) {
          const answers: Answer[] = [];
          for (let k = 0; k < 10; k += 1) answers.push(await ask(name));
          for (let k = 0; k < 7; k += 1) answers.push(await attempt(name));
          answers.push(await ask(name));
          seen.push(answers.map(({ status, body }) => `${status} ${body.error?.message ?? body.message}`));
        }

        deepEqual(seen[1], seen[2]);
        deepEqual(seen[0], seen[2]);
        match(seen[0]?.[15] ?? '', /^429 too many tries; ask for a new/);
        match(seen[0]?.[17] ?? '', /^429/);
        w.advance(3_600_000);
        equal((await ask(admin.username)).status, 200);
      });

    test('one address may ask for so many logins a minute, and for all else besides', async () => {
      const { addresses } = createLimits(w.ctx.env, { requestsPerMinuteMax: 100 });
      Object.assign(w.ctx.limits, { addresses });

      for (let k = 0; k < 5; k += 1) equal((await start(nobody)).status, 200);
      const late = await start(nobody);
      refused(late, 429, 'E_RATE_LIMIT');
      equal(late.body.error.details.retryAfterS > 0, true);
      equal((await call(w, 'GET', '/auth/credentials', { token: 'x' })).status, 401);
      w.advance(60_000);
      equal((await start(nobody)).status, 200);
    });
  });
}
