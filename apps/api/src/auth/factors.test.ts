/** Credentials of all kinds and second factors through the api, on both engines. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { keyAssertion, keyAttestation, type TestKey, testKey } from '@holdfast/authority/testing';
import { engineNames } from '@holdfast/storage/conformance';
import { findCredentialByUuid, listCredentials, updateUser } from '@holdfast/storage/records';
import { hashPassword } from './password.ts';
import {
  type Answer,
  actionFor,
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
import { totpCode } from './totp.ts';

const password = 'correct horse battery staple';
const sealed = 'the private key, encrypted by its owner';
const refused = (answer: Answer | undefined, status: number, code: string) =>
  deepEqual([answer?.status, answer?.body?.error?.details?.code], [status, code], JSON.stringify(answer?.body));

for (const engine of engineNames) {
  describe(`factors on ${engine}`, () => {
    let w: World;
    let admin: Member;

    before(async () => {
      w = await world(engine);
      admin = await found(w);
    });
    after(() => w.close());

    const id = () => Buffer.from(w.ctx.env.random(16)).toString('base64url');
    const challenge = (kind: string, by = admin) =>
      call(w, 'POST', '/auth/credentials/init', { token: by.token, body: { kind } });
    const secretOf = (url: string): Uint8Array => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
      const text = new URL(url).searchParams.get('secret') ?? '';
      const bits = [...text].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('');
      return Uint8Array.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
    };
    const codeNow = (secret: Uint8Array, drift = 0) => totpCode(secret, Math.floor(w.ctx.env.now() / 30_000) + drift);
    const nextStep = () => w.advance(30_000);
    const wallets = { method: 'POST', path: '/wallets', payload: '{"network":"EthereumSepolia"}' };

    async function create(kind: string, credentialInfo: object, o: { by?: Member; more?: object; init?: Answer } = {}) {
      const init = o.init ?? (await challenge(kind, o.by));
      return signedCall(w, o.by ?? admin, 'POST', '/auth/credentials', {
        credentialKind: kind,
        credentialName: `my ${kind}`,
        challengeIdentifier: init.body.challengeIdentifier,
        credentialInfo,
        ...o.more,
      });
    }

    async function createProtected(by = admin): Promise<Member> {
      const made = { credId: id(), key: testKey('P-256') };
      const init = await challenge('PasswordProtectedKey', by);
      const info = keyAttestation({ ...made, challenge: init.body.challenge });
      const answer = await create('PasswordProtectedKey', info, { by, init, more: { encryptedPrivateKey: sealed } });
      equal(answer.status, 200, JSON.stringify(answer.body));
      return { ...by, ...made };
    }

    async function createTotp(by = admin): Promise<{ secret: Uint8Array; uuid: string }> {
      const init = await challenge('Totp', by);
      const secret = secretOf(init.body.otpUrl);
      const answer = await create('Totp', { otpCode: codeNow(secret) }, { by, init });
      equal(answer.status, 200, JSON.stringify(answer.body));
      nextStep();
      return { secret, uuid: answer.body.credentialUuid };
    }

    const setActive = (active: boolean, credentialUuid: string) =>
      signedCall(w, admin, 'PUT', `/auth/credentials/${active ? 'activate' : 'deactivate'}`, { credentialUuid });

    const protectedFactor = (by: Pick<Member, 'credId' | 'key'>, text: string) => {
      const { credentialAssertion } = factorOf(keyAssertion({ ...by, challenge: text }));
      return { kind: 'PasswordProtectedKey', credentialAssertion };
    };
    const keyFactor = (by: Pick<Member, 'credId' | 'key'>, text: string) =>
      factorOf(keyAssertion({ ...by, challenge: text }));

    /** An action with the factors that the test makes of its challenge. */
    async function act(factors: (text: string) => object): Promise<Answer & { sent?: Answer }> {
      const { init } = await actionFor(w, { ...admin, credId: 'none' }, wallets);
      const { challengeIdentifier, challenge: text } = init.body;
      const answer = await call(w, 'POST', '/auth/action', {
        token: admin.token,
        body: { challengeIdentifier, ...factors(text) },
      });
      if (answer.status !== 200) return answer;
      const headers = { 'x-dfns-useraction': answer.body.userAction };
      return {
        ...answer,
        sent: await call(w, 'POST', '/wallets', { token: admin.token, payload: wallets.payload, headers }),
      };
    }

    async function login(factors: (text: string) => object, more: object = {}): Promise<Answer> {
      const { orgId, username } = admin;
      const init = await call(w, 'POST', '/auth/login/init', { body: { orgId, username, ...more } });
      const { challengeIdentifier, challenge: text } = init.body;
      return call(w, 'POST', '/auth/login', { body: { challengeIdentifier, ...factors(text) } });
    }

    describe('a password protected key', () => {
      let own: Member;

      test('is enrolled with its encrypted half, which signers verify the key of and have no use for', async () => {
        own = await createProtected();

        const { body } = await call(w, 'GET', '/auth/credentials', { token: admin.token });
        const [shown] = body.items;
        deepEqual([shown.kind, shown.credentialId, shown.isConfirmed], ['PasswordProtectedKey', own.credId, true]);
        equal(JSON.stringify(body).includes(sealed), false);
        for (const { committed } of w.cluster.signers) {
          equal(committed?.credentials.get(own.credId)?.kind, 'PasswordProtectedKey');
          equal(JSON.stringify([...(committed?.credentials.values() ?? [])]).includes(sealed), false);
        }
      });

      test('signs actions, with the encrypted half handed out in the challenge', async () => {
        const { init } = await actionFor(w, admin, wallets);
        deepEqual(init.body.allowCredentials.passwordProtectedKey, [
          { type: 'public-key', id: own.credId, encryptedPrivateKey: sealed },
        ]);

        const done = await act((text) => ({ firstFactor: protectedFactor(own, text) }));
        equal(done.status, 200);
        equal(w.grants.at(-1)?.assertion.kind, 'PasswordProtectedKey');
      });

      test('is no Key, and a Key is none', async () => {
        refused(await act((text) => ({ firstFactor: keyFactor(own, text) })), 401, 'E_CREDENTIAL_KIND');
        refused(await act((text) => ({ firstFactor: protectedFactor(admin, text) })), 401, 'E_CREDENTIAL_KIND');
      });

      test('is not enrolled without its encrypted half, nor is a Key with one', async () => {
        const made = { credId: id(), key: testKey('P-256') };
        for (const [kind, more] of [
          ['PasswordProtectedKey', {}],
          ['Key', { encryptedPrivateKey: sealed }],
        ] as const) {
          const init = await challenge(kind);
          const info = keyAttestation({ ...made, challenge: init.body.challenge });
          equal((await create(kind, info, { init, more })).status, 400);
        }
      });
    });

    describe('one-time codes', () => {
      test('are enrolled by one of them, once; the secret is nowhere in the clear', async () => {
        const init = await challenge('Totp');
        const secret = secretOf(init.body.otpUrl);
        match(init.body.otpUrl, /^otpauth:\/\/totp\/Acme:admin%40acme\.example\?secret=[A-Z2-7]{32}&issuer=Acme&/);
        equal(init.body.challenge, undefined);

        refused(await create('Totp', { otpCode: codeNow(secret, 3) }, { init }), 401, 'E_FACTOR');
        const { status, body } = await create('Totp', { otpCode: codeNow(secret) }, { init });

        deepEqual([status, body.kind, body.publicKey, body.isConfirmed], [200, 'Totp', '', undefined]);
        refused(await challenge('Totp'), 409, 'E_CONFLICT');
        const row = await findCredentialByUuid(w.ctx.db.kysely, admin.orgId, body.credentialUuid);
        const text = new URL(init.body.otpUrl).searchParams.get('secret') ?? '';
        equal(
          [row?.secret, JSON.stringify(row)].some((one) => one?.includes(text)),
          false,
        );
        equal(row?.secret?.includes(Buffer.from(secret).toString('base64url')), false);
        for (const { committed } of w.cluster.signers)
          equal(JSON.stringify([...(committed?.credentials.values() ?? [])]).includes('Totp'), false);
        equal((await setActive(false, body.credentialUuid)).status, 200);
      });

      test('are needed beside a password protected key, count once, and not for long', async () => {
        const own = await createProtected();
        const { secret, uuid } = await createTotp();
        const withCode = (otpCode: string) =>
          act((text) => ({
            firstFactor: protectedFactor(own, text),
            secondFactor: { kind: 'Totp', otpCode },
          }));

        const { init } = await actionFor(w, admin, wallets);
        const kinds = init.body.supportedCredentialKinds as { kind: string; requiresSecondFactor: boolean }[];
        equal(kinds.find(({ kind }) => kind === 'PasswordProtectedKey')?.requiresSecondFactor, true);
        refused(await act((text) => ({ firstFactor: protectedFactor(own, text) })), 401, 'E_SECOND_FACTOR');
        refused(await withCode('000000'), 401, 'E_FACTOR');
        refused(await withCode(codeNow(secret, -2)), 401, 'E_FACTOR');
        refused(await withCode(codeNow(secret, 2)), 401, 'E_FACTOR');

        const done = await withCode(codeNow(secret));
        equal(done.status, 200, JSON.stringify(done.body));
        equal(w.grants.at(-1)?.assertion.kind, 'PasswordProtectedKey');
        refused(await withCode(codeNow(secret)), 401, 'E_FACTOR');
        refused(await withCode(codeNow(secret, -1)), 401, 'E_FACTOR');
        equal((await withCode(codeNow(secret, 1))).status, 200);
        // A key by itself is enough: what it proves is on the device already.
        equal((await act((text) => ({ firstFactor: keyFactor(admin, text) }))).status, 200);
        await setActive(false, uuid);
      });

      test('are spent by one of many uses at once', async () => {
        const { secret, uuid } = await createTotp();
        const otpCode = codeNow(secret);

        const answers = await Promise.all(
          Array.from({ length: 8 }, () =>
            act((text) => ({ firstFactor: keyFactor(admin, text), secondFactor: { kind: 'Totp', otpCode } })),
          ),
        );

        equal(answers.filter(({ status }) => status === 200).length, 1);
        await setActive(false, uuid);
      });

      test('stand nowhere first', async () => {
        const totp = { kind: 'Totp', otpCode: '123456' };

        refused(await act(() => ({ firstFactor: totp })), 401, 'E_CREDENTIAL_KIND');
        refused(await login(() => ({ firstFactor: totp })), 401, 'E_CREDENTIAL_KIND');
      });
    });

    describe('a second key', () => {
      test('signs the same challenge, and signers get both proofs', async () => {
        const second = await createProtected();

        const done = await act((text) => ({
          firstFactor: keyFactor(admin, text),
          secondFactor: protectedFactor(second, text),
        }));

        equal(done.status, 200, JSON.stringify(done.body));
        const { assertion } = w.grants.at(-1) ?? {};
        equal(assertion?.kind === 'Key' && assertion.second?.credId, second.credId);
      });

      test('D 67, 77: of another user, another challenge, another key or the first one once more is refused', async () => {
        const second = await createProtected();
        const stranger = await found(w, `Stranger${engine}`);
        const forged = { ...second, key: testKey('P-256') };
        const act2 = (secondFactor: (text: string) => object) =>
          act((text) => ({ firstFactor: keyFactor(admin, text), secondFactor: secondFactor(text) }));

        refused(await act2((text) => keyFactor(stranger, text)), 401, 'E_NO_CREDENTIAL');
        refused(await act2(() => protectedFactor(second, 'b3RoZXI')), 401, 'E_ASSERTION');
        refused(await act2((text) => protectedFactor(forged, text)), 401, 'E_ASSERTION');
        refused(await act2((text) => keyFactor(admin, text)), 401, 'E_SECOND_FACTOR');
      });

      test('goes through the signers when it is a change of authority', async () => {
        const second = await createProtected();
        const payload = JSON.stringify({ name: `seconded ${engine}`, operations: ['Wallets:Read'] });
        const { init } = await actionFor(
          w,
          { ...admin, credId: 'none' },
          { method: 'POST', path: '/permissions', payload },
        );
        const text = init.body.challenge;
        const { body } = await call(w, 'POST', '/auth/action', {
          token: admin.token,
          body: {
            challengeIdentifier: init.body.challengeIdentifier,
            firstFactor: keyFactor(admin, text),
            secondFactor: protectedFactor(second, text),
          },
        });
        const headers = { 'x-dfns-useraction': body.userAction };
        const made = await call(w, 'POST', '/permissions', { token: admin.token, payload, headers });

        equal(made.status, 200, JSON.stringify(made.body));
        for (const { committed } of w.cluster.signers) ok(committed?.permissions.has(made.body.id));
      });
    });

    describe('a password', () => {
      let totp: { secret: Uint8Array; uuid: string };
      const both = (otpCode: string, given = password) => ({
        firstFactor: { kind: 'Password', password: given },
        secondFactor: { kind: 'Totp', otpCode },
      });

      test('is enrolled under a signature that no table keeps the body of', async () => {
        const init = await challenge('Password');
        deepEqual(Object.keys(init.body).sort(), [
          'challengeIdentifier',
          'kind',
          'rp',
          'temporaryAuthenticationToken',
          'user',
        ]);
        refused(await create('Password', { password: 'short' }, { init }), 400, 'E_PASSWORD');
        const { status, body } = await create('Password', { password }, { init });

        deepEqual([status, body.kind, body.publicKey], [200, 'Password', '']);
        const rows = await w.ctx.db.kysely.selectFrom('challenges').selectAll().execute();
        equal(JSON.stringify(rows).includes('correct horse'), false);
        const hidden = rows.filter((row) => row.payloadMac !== null);
        ok(hidden.length > 2 && hidden.every((row) => row.payload === ''));
        const [row] = await listCredentials(w.ctx.db.kysely, admin.orgId, admin.userId);
        match(row?.secret ?? '', /^\$scrypt\$ln=10,/);
        equal(JSON.stringify(w.logged).includes('correct horse'), false);
      });

      test('cannot be changed in the body between signature and call', async () => {
        const [{ credentialUuid }] = (await call(w, 'GET', '/auth/credentials', { token: admin.token })).body.items;
        await setActive(false, credentialUuid);
        const init = await challenge('Password');
        const bodyWith = (given: string) =>
          JSON.stringify({
            credentialKind: 'Password',
            credentialName: 'mine',
            challengeIdentifier: init.body.challengeIdentifier,
            credentialInfo: { password: given },
          });
        const request = { method: 'POST', path: '/auth/credentials', payload: bodyWith(password) };
        const { userAction = '' } = await actionFor(w, admin, request);
        const send = (payload: string) =>
          call(w, 'POST', request.path, { token: admin.token, payload, headers: { 'x-dfns-useraction': userAction } });

        refused(await send(bodyWith(`${password}!`)), 403, 'E_USER_ACTION_BODY');
        // Another spelling of the same JSON is the same.
        const { credentialInfo, ...rest } = JSON.parse(bodyWith(password));
        equal((await send(JSON.stringify({ credentialInfo, ...rest }, null, 1))).status, 200);
      });

      test('logs in with a second factor, and never without', async () => {
        totp = await createTotp();

        refused(await login(() => ({ firstFactor: { kind: 'Password', password } })), 401, 'E_SECOND_FACTOR');
        refused(await login(() => both('000000')), 401, 'E_FACTOR');
        refused(await login(() => both(codeNow(totp.secret), 'another password')), 401, 'E_FACTOR');
        const done = await login(() => both(codeNow(totp.secret)));
        equal(done.status, 200, JSON.stringify(done.body));
        equal((await call(w, 'GET', '/auth/credentials', { token: done.body.token })).status, 200);
        refused(await login(() => both(codeNow(totp.secret))), 401, 'E_FACTOR');
      });

      test('logs in with a key as second factor', async () => {
        const withKey = (by: Pick<Member, 'credId' | 'key'>, given = password) =>
          login((text) => ({ firstFactor: { kind: 'Password', password: given }, secondFactor: keyFactor(by, text) }));

        equal((await withKey(admin)).status, 200);
        refused(await withKey(admin, 'another password'), 401, 'E_FACTOR');
        // Whoever has no key learns nothing about the password.
        const none = { credId: admin.credId, key: testKey('Ed25519') };
        refused(await withKey(none), 401, 'E_ASSERTION');
        refused(await withKey(none, 'another password'), 401, 'E_ASSERTION');
      });

      test('needs the name of its user', async () => {
        nextStep();
        const init = await call(w, 'POST', '/auth/login/init', { body: { orgId: admin.orgId } });
        const { challengeIdentifier } = init.body;

        const answer = await call(w, 'POST', '/auth/login', {
          body: { challengeIdentifier, ...both(codeNow(totp.secret)) },
        });
        refused(answer, 401, 'E_CREDENTIAL_KIND');
      });

      test('C 66: authorises no action, whatever stands beside it', async () => {
        nextStep();
        refused(await act(() => both(codeNow(totp.secret))), 401, 'E_CREDENTIAL_KIND');
        refused(
          await act((text) => ({ firstFactor: { kind: 'Password', password }, secondFactor: keyFactor(admin, text) })),
          401,
          'E_CREDENTIAL_KIND',
        );
      });

      test('is hashed anew when the parameters have been raised', async () => {
        nextStep();
        const own = async () =>
          (await listCredentials(w.ctx.db.kysely, admin.orgId, admin.userId)).find(
            (row) => row.kind === 'Password' && row.isActive,
          );
        const config = w.ctx.config as { passwordCost: number };
        config.passwordCost = 11;

        refused(await login(() => both(codeNow(totp.secret), 'another password')), 401, 'E_FACTOR');
        match((await own())?.secret ?? '', /ln=10,/);
        equal((await login(() => both(codeNow(totp.secret)))).status, 200);
        match((await own())?.secret ?? '', /ln=11,/);
        nextStep();
        equal((await login(() => both(codeNow(totp.secret)))).status, 200);
        config.passwordCost = 10;
      });

      test('and its code count once also where the login only leads to single sign-on', async () => {
        nextStep();
        const { orgId, userId } = admin;
        const demand = (isSsoRequired: boolean) => updateUser(w.ctx.db.kysely, orgId, userId, { isSsoRequired });
        w.providers.push({
          orgId,
          issuer: 'https://id.acme.example',
          clientId: 'acme',
          algorithms: ['RS256'],
          redirectUris: [],
          uses: ['sso'],
        });

        await demand(true);
        const { status, body } = await login(() => both(codeNow(totp.secret)));
        await demand(false);
        w.providers.pop();

        deepEqual([status, body], [200, { ssoClientId: 'acme' }]);
        refused(await login(() => both(codeNow(totp.secret))), 401, 'E_FACTOR');
      });

      test('is guessed ten times a day, whoever guesses, and a key is not held up by it', async () => {
        w.advance(86_400_000);
        admin.token = await logIn(w, admin);
        for (let k = 0; k < 10; k += 1)
          refused(await login(() => both('000000', `guess ${k} of many`)), 401, 'E_FACTOR');

        const late = await login(() => both(codeNow(totp.secret)));
        refused(late, 429, 'E_RATE_LIMIT');
        equal((await login((text) => ({ firstFactor: keyFactor(admin, text) }))).status, 200);
        ok(w.logged.some(({ event }) => event === 'auth.guesses-limited'));
        w.advance(86_400_000);
        equal((await login(() => both(codeNow(totp.secret)))).status, 200);
        admin.token = await logIn(w, admin);
      });
    });

    describe('a registration', () => {
      async function invited(username: string): Promise<Answer> {
        const made = await signedCall(w, admin, 'POST', '/auth/users', { email: username, kind: 'CustomerEmployee' });
        equal(made.status, 200, JSON.stringify(made.body));
        const registrationCode = codeFor(w, username);
        return call(w, 'POST', '/auth/registration/init', { body: { orgId: admin.orgId, username, registrationCode } });
      }
      const register = (init: Answer, body: object) =>
        call(w, 'POST', '/auth/registration', { token: init.body.temporaryAuthenticationToken, body });

      test('ends the other challenges that its code has opened', async () => {
        const username = `twice@${engine}.example`;
        const first = await invited(username);
        const registrationCode = codeFor(w, username);
        const body = { orgId: admin.orgId, username, registrationCode };
        const second = await call(w, 'POST', '/auth/registration/init', { body });
        const answerTo = ({ body: { challenge } }: Answer) => {
          const credId = Buffer.from(w.ctx.env.random(16)).toString('base64url');
          const credentialInfo = keyAttestation({ credId, key: testKey('P-256'), challenge });
          return { firstFactorCredential: { credentialKind: 'Key', credentialInfo } };
        };

        equal((await register(first, answerTo(first))).status, 200);
        refused(await register(second, answerTo(second)), 401, 'E_UNAUTHENTICATED');
      });

      test('takes a password and one-time codes together, and the user reads', async () => {
        const username = `pat@${engine}.example`;
        const init = await invited(username);
        deepEqual(init.body.supportedCredentialKinds, {
          firstFactor: ['Fido2', 'Key', 'PasswordProtectedKey', 'Password'],
          secondFactor: ['Fido2', 'Key', 'PasswordProtectedKey', 'Totp'],
        });
        const secret = secretOf(init.body.otpUrl);
        const firstFactorCredential = { credentialKind: 'Password', credentialInfo: { password } };
        const codes = { credentialKind: 'Totp', credentialInfo: { otpCode: codeNow(secret) } };

        refused(await register(init, { firstFactorCredential }), 401, 'E_SECOND_FACTOR');
        refused(
          await register(init, { firstFactorCredential: codes, secondFactorCredential: codes }),
          401,
          'E_CREDENTIAL_KIND',
        );
        refused(
          await register(init, { firstFactorCredential, secondFactorCredential: firstFactorCredential }),
          401,
          'E_CREDENTIAL_KIND',
        );
        const done = await register(init, { firstFactorCredential, secondFactorCredential: codes });
        deepEqual([done.status, done.body.credential.kind], [200, 'Password']);

        nextStep();
        const { orgId } = admin;
        const start = await call(w, 'POST', '/auth/login/init', { body: { orgId, username } });
        const { challengeIdentifier } = start.body;
        const { body } = await call(w, 'POST', '/auth/login', {
          body: {
            challengeIdentifier,
            firstFactor: { kind: 'Password', password },
            secondFactor: { kind: 'Totp', otpCode: codeNow(secret) },
          },
        });
        equal((await call(w, 'GET', '/auth/credentials', { token: body.token })).status, 200);
        const { init: action } = await actionFor(w, { ...admin, token: body.token }, wallets);
        refused(action, 401, 'E_NO_CREDENTIAL');
      });

      test('takes two keys, which one administrator confirms apart', async () => {
        const username = `two@${engine}.example`;
        const init = await invited(username);
        const text = init.body.challenge;
        const keys: { credId: string; key: TestKey }[] = [1, 2].map(() => ({ credId: id(), key: testKey('P-256') }));
        const [first, second] = keys.map((made) => keyAttestation({ ...made, challenge: text }));

        const done = await register(init, {
          firstFactorCredential: { credentialKind: 'Key', credentialInfo: first },
          secondFactorCredential: {
            credentialKind: 'PasswordProtectedKey',
            credentialInfo: second,
            encryptedPrivateKey: sealed,
          },
        });

        equal(done.status, 200, JSON.stringify(done.body));
        const rows = await listCredentials(w.ctx.db.kysely, admin.orgId, done.body.user.id);
        deepEqual(
          rows.map(({ kind, isConfirmed }) => [kind, isConfirmed]),
          [
            ['PasswordProtectedKey', false],
            ['Key', false],
          ],
        );
        const vouch = {
          userId: done.body.user.id,
          credentialId: keys[1]?.credId,
          kind: 'PasswordProtectedKey',
          publicKey: keys[1]?.key.publicKey,
          name: 'desk',
        };
        const confirmed = await signedCall(w, admin, 'POST', '/holdfast/credentials/confirm', vouch);
        deepEqual([confirmed.status, confirmed.body.isConfirmed], [200, true]);
        const again = await findCredentialByUuid(w.ctx.db.kysely, admin.orgId, confirmed.body.credentialUuid);
        equal(again?.encryptedPrivateKey, sealed);
      });
    });

    test('a code enrols every kind, and nothing but a login follows', async () => {
      const codeOf = async () => {
        const expiration = new Date(w.ctx.env.now() + 50_000).toISOString();
        return (await signedCall(w, admin, 'POST', '/auth/credentials/code', { expiration })).body.code;
      };
      const items = (await call(w, 'GET', '/auth/credentials', { token: admin.token })).body.items as {
        kind: string;
        isActive: boolean;
        credentialUuid: string;
      }[];
      for (const { kind, isActive, credentialUuid } of items)
        if (isActive && (kind === 'Password' || kind === 'Totp')) await setActive(false, credentialUuid);
      for (const kind of ['Password', 'Totp', 'PasswordProtectedKey', 'RecoveryKey', 'Key']) {
        const init = await call(w, 'POST', '/auth/credentials/code/init', {
          body: { credentialKind: kind, code: await codeOf() },
        });
        const info: Record<string, () => object> = {
          Password: () => ({ password }),
          Totp: () => ({ otpCode: codeNow(secretOf(init.body.otpUrl)) }),
        };
        const credentialInfo =
          info[kind]?.() ?? keyAttestation({ credId: id(), key: testKey('P-256'), challenge: init.body.challenge });
        const body = {
          credentialKind: kind,
          credentialName: kind,
          challengeIdentifier: init.body.challengeIdentifier,
          credentialInfo,
          ...(kind === 'PasswordProtectedKey' ? { encryptedPrivateKey: sealed } : {}),
        };
        const made = await call(w, 'POST', '/auth/credentials/code/verify', { body });
        deepEqual([made.status, made.body.kind], [200, kind], JSON.stringify(made.body));
        refused(await call(w, 'POST', '/auth/credentials/code/verify', { body }), 400, 'E_CHALLENGE_USED');
      }
    });

    test('one password at a time is active', async () => {
      const items = (await call(w, 'GET', '/auth/credentials', { token: admin.token })).body.items as {
        kind: string;
        isActive: boolean;
        credentialUuid: string;
      }[];
      const old = items.find(({ kind, isActive }) => kind === 'Password' && !isActive)?.credentialUuid ?? '';

      refused(await setActive(true, old), 409, 'E_CONFLICT');
      refused(await challenge('Password'), 409, 'E_CONFLICT');
      equal((await hashPassword(w.ctx, password)).startsWith('$scrypt$'), true);
    });
  });
}
