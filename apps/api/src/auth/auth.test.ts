/** Tokens, logins, user actions and registration over HTTP, on every engine: bad-inputs.md B, C and D by row. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fido2Assertion, fido2Attestation, keyAssertion, keyAttestation, testKey } from '@holdfast/authority/testing';
import { toBase64Url } from '@holdfast/contract/wire';
import { engineNames } from '@holdfast/storage/conformance';
import { endAccessTokens } from '@holdfast/storage/records';
import { outboxFolder } from './outbox.ts';
import {
  type Answer,
  actionFor,
  call,
  codeFor,
  factorOf,
  found,
  logIn,
  type Member,
  registerByCode,
  signedCall,
  type World,
  world,
} from './test/world.ts';
import { deriveSecret, issueToken, readToken } from './tokens.ts';

const wallets = { method: 'POST', path: '/wallets', payload: '{"network":"EthereumSepolia"}' };
const unauthorized = (answer: Answer) => {
  equal(answer.status, 401);
  equal(answer.body.error.message, 'Not Authorized.');
};
const refused = (answer: Answer | undefined, status: number, message: string | RegExp) => {
  if (typeof message === 'string') equal(answer?.body.error.message, message);
  else match(answer?.body.error.message, message);
  equal(answer?.status, status);
};

for (const engine of engineNames) {
  describe(`authentication on ${engine}`, () => {
    let w: World;
    let admin: Member;

    before(async () => {
      w = await world(engine);
      admin = await found(w);
    });
    after(() => w.close());

    const whoAmI = (token: string | undefined) => call(w, 'GET', '/auth/credentials', { token });
    const send = (userAction: string | undefined, o: Partial<typeof wallets & { token: string }> = {}) =>
      call(w, (o.method ?? wallets.method) as 'POST', o.path ?? wallets.path, {
        token: o.token ?? admin.token,
        payload: o.payload ?? wallets.payload,
        headers: userAction === undefined ? {} : { 'x-dfns-useraction': userAction },
      });
    const completed = async (o: Partial<typeof wallets> = {}) => {
      const { userAction, init, complete } = await actionFor(w, admin, { ...wallets, ...o });
      return userAction ?? JSON.stringify([init.body, complete?.body]);
    };

    describe('bearer tokens', () => {
      test('lets a login in, and shows it to the public client in three parts with the organisation', async () => {
        const { status, body } = await whoAmI(admin.token);
        const claims = JSON.parse(Buffer.from(admin.token.split('.')[1] ?? '', 'base64url').toString());

        equal(status, 200);
        equal(body.items[0].credentialId, admin.credId);
        equal(claims['https://custom/app_metadata'].orgId, admin.orgId);
        deepEqual(Object.keys(claims).sort(), [
          'aud',
          'exp',
          'https://custom/app_metadata',
          'iat',
          'iss',
          'jti',
          'sub',
        ]);
      });

      test('B 27: refuses no token, another scheme, a bare token', async () => {
        unauthorized(await whoAmI(undefined));
        for (const authorization of [
          admin.token,
          `Basic ${admin.token}`,
          'Bearer',
          'Bearer ',
          `Bearer ${admin.token} x`,
        ])
          unauthorized(await call(w, 'GET', '/auth/credentials', { headers: { authorization } }));
      });

      test('B 28, 29, 36: refuses alg none, an empty signature, another secret, an edited payload', async () => {
        const [, payload = '', signature = ''] = admin.token.split('.');
        const head = (alg: string) => Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url');
        const other = createHmac('sha256', admin.key.publicKey)
          .update(`${head('HS256')}.${payload}`)
          .digest('base64url');
        const edited = JSON.parse(Buffer.from(payload, 'base64url').toString());
        edited.exp += 1;

        for (const alg of ['none', 'None', 'NONE', 'HS512', 'RS256'])
          for (const tail of ['', signature]) unauthorized(await whoAmI(`${head(alg)}.${payload}.${tail}`));
        unauthorized(await whoAmI(`${head('HS256')}.${payload}.`));
        unauthorized(await whoAmI(`${head('HS256')}.${payload}.${other}`));
        unauthorized(
          await whoAmI(`${head('HS256')}.${Buffer.from(JSON.stringify(edited)).toString('base64url')}.${signature}`),
        );
      });

      test('B 31, 32: refuses wrong or missing claims under the right secret', async () => {
        const [, payload = ''] = admin.token.split('.');
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
        const forged = (change: object, header: object = { alg: 'HS256', typ: 'JWT' }) => {
          const text = [header, { ...claims, ...change }]
            .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
            .join('.');
          const mac = createHmac('sha256', deriveSecret(w.ctx, 'token/bearer')).update(text).digest('base64url');
          return `${text}.${mac}`;
        };
        const now = Math.floor(w.ctx.env.now() / 1000);

        // A token that says what ours says, but was not stored, is none of ours either.
        unauthorized(await whoAmI(forged({ exp: claims.exp + 1 })));
        equal((await readToken(w.ctx, 'bearer', forged({})))?.id, claims.jti);
        for (const change of [
          { exp: now - 1 },
          { exp: String(claims.exp) },
          { exp: undefined },
          { iat: now + 31 },
          { iat: undefined },
          { nbf: now + 31 },
          { iss: 'somebody' },
          { iss: undefined },
          { aud: 'holdfast/user-action' },
          { aud: undefined },
          { sub: 'us-other' },
          { jti: 'to-other' },
          { 'https://custom/app_metadata': undefined },
        ])
          equal(await readToken(w.ctx, 'bearer', forged(change)), undefined, JSON.stringify(change));
        equal(await readToken(w.ctx, 'bearer', forged({}, { alg: 'HS256' })), undefined, 'no typ');
        equal(await readToken(w.ctx, 'bearer', forged({}, { alg: 'HS256', typ: 'at+jwt' })), undefined, 'other typ');
      });

      test('B 33: takes no token for another use', async () => {
        const { init, userAction = '' } = await actionFor(w, admin, wallets);
        const identifier: string = init.body.challengeIdentifier;

        for (const token of [identifier, userAction]) unauthorized(await whoAmI(token));
        for (const token of [identifier, admin.token]) {
          refused(await send(token), 403, 'user action signature is missing or invalid');
        }
        for (const token of [userAction, admin.token]) {
          const firstFactor = factorOf(keyAssertion({ credId: admin.credId, key: admin.key, challenge: 'x' }));
          const answer = await call(w, 'POST', '/auth/action', {
            token: admin.token,
            body: { challengeIdentifier: token, firstFactor },
          });
          refused(answer, 400, 'Challenge token is not valid.');
        }
        const { orgId, userId } = admin;
        unauthorized(
          await whoAmI(
            await issueToken(w.ctx, 'bearer', { id: 'ch-x', orgId, userId, kind: 'Temp' }, w.ctx.env.now() + 1e6),
          ),
        );
      });

      test('B 37: refuses padding, junk and other spellings of the same bytes', async () => {
        const [head = '', payload = '', signature = ''] = admin.token.split('.');
        const last = signature.at(-1) ?? '';
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
        const twin = alphabet[alphabet.indexOf(last) ^ 1] ?? '';
        const same = signature.slice(0, -1) + twin;

        deepEqual(Buffer.from(same, 'base64url'), Buffer.from(signature, 'base64url'));
        for (const token of [`${head}.${payload}.${same}`, `${admin.token}=`, `${head}.${payload}.${signature}.`])
          unauthorized(await call(w, 'GET', '/auth/credentials', { headers: { authorization: `Bearer ${token}` } }));
      });

      test('B 34: ends a login at logout, all of them on request, and after eight hours', async () => {
        const [one, two, three] = [await logIn(w, admin), await logIn(w, admin), await logIn(w, admin)];

        deepEqual((await call(w, 'PUT', '/auth/logout', { token: one })).body, { message: 'success' });
        unauthorized(await whoAmI(one));
        equal((await whoAmI(two)).status, 200);
        await call(w, 'PUT', '/auth/logout', { token: two, body: { allSessions: true } });
        unauthorized(await whoAmI(three));

        admin.token = await logIn(w, admin);
        w.advance(8 * 3_600_000 + 1000);
        unauthorized(await whoAmI(admin.token));
        admin.token = await logIn(w, admin);
      });
    });

    describe('logins', () => {
      const start = (body: object) => call(w, 'POST', '/auth/login/init', { body });
      const finish = (challengeIdentifier: string, firstFactor: unknown) =>
        call(w, 'POST', '/auth/login', { body: { challengeIdentifier, firstFactor } });
      const sign = (challenge: string, change: Partial<Parameters<typeof keyAssertion>[0]> = {}) =>
        factorOf(keyAssertion({ credId: admin.credId, key: admin.key, challenge, ...change }));

      test('answers a challenge as the public client wants it', async () => {
        const { body } = await start({ orgId: admin.orgId, username: admin.username });

        deepEqual(body.allowCredentials, { key: [{ type: 'public-key', id: admin.credId }], webauthn: [] });
        deepEqual(body.rp, { id: 'localhost', name: 'Acme' });
        match(body.challenge, /^[A-Za-z0-9_-]+$/);
        equal(body.externalAuthenticationUrl, '');
        equal(body.challengeIdentifier.split('.').length, 3);
      });

      test('D 67: refuses unknown organisations, and credentials that are not of the user', async () => {
        refused(
          await start({ orgId: 'or-00000-00000-0000000000000000', username: admin.username }),
          401,
          'User not found',
        );
        const { body } = await start({ orgId: admin.orgId, username: admin.username });
        const answer = await finish(body.challengeIdentifier, sign(body.challenge, { credId: 'AAAA' }));
        refused(answer, 401, 'User does not have a credential that can be used for the application.');
      });

      test('D 69, 77: refuses another type, another challenge, another key', async () => {
        const { body } = await start({ orgId: admin.orgId, username: admin.username });
        const { challengeIdentifier, challenge } = body;

        refused(
          await finish(challengeIdentifier, sign(challenge, { clientData: { type: 'key.create' } })),
          401,
          /clientData.type must be key.get/,
        );
        refused(await finish(challengeIdentifier, sign('b3RoZXI')), 401, 'the signature is for another challenge');
        refused(
          await finish(challengeIdentifier, sign(challenge, { key: testKey('Ed25519') })),
          401,
          'signature is not valid',
        );
        equal((await finish(challengeIdentifier, sign(challenge))).status, 200);
        refused(await finish(challengeIdentifier, sign(challenge)), 400, 'challenge has already been used');
      });

      test('refuses a challenge after five minutes', async () => {
        const { body } = await start({ orgId: admin.orgId, username: admin.username });
        w.advance(300_000);

        refused(await finish(body.challengeIdentifier, sign(body.challenge)), 400, 'Challenge token is not valid.');
      });
    });

    describe('user actions', () => {
      test('hands the handler exactly what was signed', async () => {
        const userAction = await completed();

        equal((await send(userAction)).status >= 200, true);

        const grant = w.grants.at(-1);
        deepEqual(grant?.request, wallets);
        equal(grant?.tokens.length, 5);
        equal(grant?.nullifier.length, 32);
        equal(grant?.assertion.credId, admin.credId);
      });

      test('C 43, 44, 46: checks path and payload before anybody signs', async () => {
        const init = async (o: Partial<typeof wallets>) => (await actionFor(w, admin, { ...wallets, ...o })).init;

        for (const path of ['/nothing', '/auth/login', '/wallets/', '/wallets/%2e%2e', '//wallets', '/wällets'])
          refused(await init({ path }), 400, 'userActionHttpPath does not name a signable endpoint');
        refused(await init({ method: 'GET' }), 400, 'userActionHttpPath does not name a signable endpoint');
        refused(await init({ payload: '{}' }), 400, 'userActionPayload: body.network is required');
        refused(await init({ payload: '{"a":1,"a":2}' }), 400, /^userActionPayload: .*appears twice/);
        refused(await init({ payload: '' }), 400, /^userActionPayload: body is required/);
        refused(await init({ payload: '[]' }), 400, /^userActionPayload: body must be a JSON object/);
        // The delegated client signs the query too.
        const path = '/permissions/pm-00000-00000-0000000000000000/assignments/as-00000-00000-0000000000000000';
        equal((await init({ method: 'DELETE', path: `${path}?force=true`, payload: '{}' })).status, 200);
        refused(
          await init({ method: 'DELETE', path: `${path}?x=1`, payload: '{}' }),
          400,
          'query.x is not a known field',
        );
        refused(await init({ path: '/wallets?force=true' }), 400, 'userActionHttpPath must not contain a query');
      });

      test('C 47, 49: refuses identifiers that are unknown, edited, expired or of somebody else', async () => {
        const other = await found(w, `Other${engine}`);
        const { init } = await actionFor(w, admin, wallets);
        const { init: theirs } = await actionFor(w, other, wallets);
        const complete = (challengeIdentifier: string, challenge: string) =>
          call(w, 'POST', '/auth/action', {
            token: admin.token,
            body: {
              challengeIdentifier,
              firstFactor: factorOf(keyAssertion({ credId: admin.credId, key: admin.key, challenge })),
            },
          });

        const message = 'Challenge token is not valid.';
        refused(await complete('x', init.body.challenge), 400, message);
        refused(await complete(theirs.body.challengeIdentifier, theirs.body.challenge), 400, message);
        const edited = init.body.challengeIdentifier.replace(/.$/, (c: string) => (c === 'A' ? 'Q' : 'A'));
        refused(await complete(edited, init.body.challenge), 400, message);
        const fresh = await actionFor(w, admin, wallets);
        refused(
          await complete(fresh.init.body.challengeIdentifier, fresh.init.body.challenge),
          400,
          'challenge has already been used',
        );
        const token = admin.token;
        admin.token = await logIn(w, admin);
        const { init: second } = await actionFor(w, admin, wallets);
        equal(second.status, 200);
        // Steps 1 and 3 must carry the same token.
        const third = await call(w, 'POST', '/auth/action/init', {
          token,
          body: {
            userActionPayload: wallets.payload,
            userActionHttpMethod: wallets.method,
            userActionHttpPath: wallets.path,
          },
        });
        refused(await complete(third.body.challengeIdentifier, third.body.challenge), 400, message);
        w.advance(301_000);
        refused(await complete(third.body.challengeIdentifier, third.body.challenge), 400, message);
      });

      test('C 51: refuses a signed call without its token', async () => {
        refused(await send(undefined), 403, 'user action signature is missing or invalid');
        refused(await send('x.y.z'), 403, 'user action signature is missing or invalid');
      });

      test('C 52: takes another spelling of the same JSON, and no other body', async () => {
        const payload = '{"network":"EthereumSepolia","name":"a"}';

        const spelled = await send(await completed({ payload }), {
          payload: '{ "name":"a", "network":"EthereumSepolia" }',
        });
        notEqual(spelled.status, 403);

        const userAction = await completed({ payload });
        for (const other of ['{"network":"EthereumSepolia"}', '{"network":"EthereumSepolia","name":"b"}'])
          refused(
            await send(userAction, { payload: other }),
            403,
            /^body does not match the signed payload \(sha256 [0-9a-f]{16}… expected, [0-9a-f]{16}… received\)$/,
          );
        // What did not match has spent nothing.
        notEqual((await send(userAction, { payload })).status, 403);
      });

      test('C 53: refuses another path and another method', async () => {
        const userAction = await completed();

        refused(
          await send(userAction, { path: '/keys', payload: '{"scheme":"ECDSA","curve":"secp256k1"}' }),
          403,
          'user action was signed for POST /wallets',
        );
      });

      test('C 54: gives one of a thousand parallel calls the effect, and tells the others', async () => {
        const userAction = await completed();
        const before = w.grants.length;

        const answers = await Promise.all(Array.from({ length: 1000 }, () => send(userAction)));

        equal(w.grants.length - before, 1);
        const losers = answers.filter(({ body }) => body?.error?.message === 'user action has already been used');
        equal(losers.length, 999);
        ok(losers.every(({ status }) => status === 400));
      });

      test('C 54: completes one of many parallel signatures of one challenge', async () => {
        const { init } = await actionFor(w, { ...admin, credId: 'none' }, wallets);
        const firstFactor = factorOf(
          keyAssertion({ credId: admin.credId, key: admin.key, challenge: init.body.challenge }),
        );

        const answers = await Promise.all(
          Array.from({ length: 50 }, () =>
            call(w, 'POST', '/auth/action', {
              token: admin.token,
              body: { challengeIdentifier: init.body.challengeIdentifier, firstFactor },
            }),
          ),
        );

        equal(answers.filter(({ status }) => status === 200).length, 1);
      });

      test('C 56: refuses the token of one user under the bearer of another', async () => {
        const other = await found(w, `Third${engine}`);
        const userAction = await completed();

        refused(await send(userAction, { token: other.token }), 403, 'user action signature is missing or invalid');
      });

      test('C 57: takes no login challenge for an action', async () => {
        const { body } = await call(w, 'POST', '/auth/login/init', {
          body: { orgId: admin.orgId, username: admin.username },
        });
        const firstFactor = factorOf(keyAssertion({ credId: admin.credId, key: admin.key, challenge: body.challenge }));

        const answer = await call(w, 'POST', '/auth/action', {
          token: admin.token,
          body: { challengeIdentifier: body.challengeIdentifier, firstFactor },
        });

        refused(answer, 400, 'Challenge token is not valid.');
      });

      test('C 66: refuses factors that signers would not count', async () => {
        const { init } = await actionFor(w, { ...admin, credId: 'none' }, wallets);

        const answer = await call(w, 'POST', '/auth/action', {
          token: admin.token,
          body: {
            challengeIdentifier: init.body.challengeIdentifier,
            firstFactor: { kind: 'Password', password: 'hunter2' },
          },
        });

        refused(answer, 401, 'this action needs a Key or Fido2 credential');
      });

      test('expires with its challenge', async () => {
        const userAction = await completed();
        w.advance(301_000);

        refused(await send(userAction), 403, 'user action signature is missing or invalid');
      });
    });

    describe('registration by code', () => {
      const username = 'ann@acme.example';
      const start = (registrationCode: string, name = username) =>
        call(w, 'POST', '/auth/registration/init', { body: { orgId: admin.orgId, username: name, registrationCode } });

      test('mails the code to a file that only the owner reads, and to nobody else', async () => {
        const { status, body } = await signedCall(w, admin, 'POST', '/auth/users', {
          email: username,
          kind: 'CustomerEmployee',
        });

        equal(status, 200);
        deepEqual(
          [body.username, body.isRegistered, body.isActive, body.kind],
          [username, false, true, 'CustomerEmployee'],
        );
        deepEqual(body.acknowledgedBy, [1, 2, 3, 4, 5]);
        const folder = outboxFolder(w.ctx);
        ok(readdirSync(folder).every((name) => (statSync(join(folder, name)).mode & 0o777) === 0o600));
        const code = codeFor(w, username);
        match(code, /^\d{4}-\d{4}-\d{4}-\d{4}$/);
        equal(JSON.stringify(w.logged).includes(code), false);
        equal(JSON.stringify(body).includes(code), false);
      });

      test('D 89: refuses wrong codes, and everything after the fifth try', async () => {
        for (let k = 0; k < 5; k += 1) refused(await start('0000-0000-0000-0000'), 401, 'Registration code expired');
        equal((await start(codeFor(w, username))).status, 429);
        refused(await start('0000-0000-0000-0000', 'nobody@acme.example'), 401, 'Registration code expired');
      });

      test('D 89: sends a new code on request, and says the same for whoever does not exist', async () => {
        const old = codeFor(w, username);
        const { resendRegistrationCode } = await import('./registration.ts');

        const known = await resendRegistrationCode(w.ctx, { orgId: admin.orgId, username });
        const unknown = await resendRegistrationCode(w.ctx, { orgId: admin.orgId, username: 'nobody@acme.example' });

        deepEqual(known, unknown);
        notEqual(codeFor(w, username), old);
        refused(await start(old), 401, 'Registration code expired');
      });

      test('D 88, 86: refuses an attestation over another key or another challenge', async () => {
        const init = await start(codeFor(w, username));
        const key = testKey('P-256');
        const complete = (credentialInfo: object) =>
          call(w, 'POST', '/auth/registration', {
            token: init.body.temporaryAuthenticationToken,
            body: { firstFactorCredential: { credentialKind: 'Key', credentialInfo } },
          });

        const stolen = keyAttestation({
          credId: 'new',
          key,
          challenge: init.body.challenge,
          attestation: { publicKey: testKey('P-256').publicKey },
        });
        refused(await complete(stolen), 400, 'attestation signature does not match publicKey');
        const other = keyAttestation({ credId: 'new', key, challenge: 'b3RoZXI' });
        refused(await complete(other), 400, /^attestation is not valid/);
        unauthorized(await whoAmI(init.body.temporaryAuthenticationToken));
      });

      test('D 97: lets the new user log in and read what he may, and sign nothing until he is confirmed', async () => {
        const ann = await registerByCode(w, admin.orgId, username);

        equal((await whoAmI(ann.token)).body.items[0].isConfirmed, false);
        const forbidden = await call(w, 'GET', '/auth/users', { token: ann.token });
        refused(
          forbidden,
          403,
          `CustomerEmployee ${ann.userId} is not authorized to perform operation (Auth:Users:Read)`,
        );
        const { init } = await actionFor(w, ann, wallets);
        refused(
          init,
          403,
          new RegExp(`^user ${ann.userId} is not confirmed; ask an admin to confirm key [0-9A-F]{16}$`),
        );
        refused(await start(codeFor(w, username)), 401, 'Registration code expired');

        const { items } = (await whoAmI(ann.token)).body;
        const { credentialId, kind, publicKey, name } = items[0];
        const vouch = { userId: ann.userId, credentialId, kind, publicKey, name };
        refused(
          await signedCall(w, admin, 'POST', '/holdfast/credentials/confirm', { ...vouch, credentialId: 'other' }),
          404,
          'credential not found',
        );
        const { status, body } = await signedCall(w, admin, 'POST', '/holdfast/credentials/confirm', vouch);
        equal(status, 200);
        equal(body.isConfirmed, true);

        const own = await signedCall(w, ann, 'POST', '/auth/credentials/code', {
          expiration: new Date(w.ctx.env.now() + 30_000).toISOString(),
        });
        equal(own.status, 200);
        match(own.body.code, /^[A-Z0-9]{3}-[A-Z0-9]{3}-[A-Z0-9]{3}$/);
      });

      test('D 89: a code registers nobody but whom it was sent to, and nobody after four hours', async () => {
        const [bea, cy] = ['bea@acme.example', 'cy@acme.example'];
        for (const email of [bea, cy])
          equal((await signedCall(w, admin, 'POST', '/auth/users', { email, kind: 'CustomerEmployee' })).status, 200);

        refused(await start(codeFor(w, bea), cy), 401, 'Registration code expired');
        equal((await start(codeFor(w, cy), cy)).status, 200);
        w.advance(4 * 3_600_000);
        refused(await start(codeFor(w, bea), bea), 401, 'Registration code expired');
        admin.token = await logIn(w, admin);
      });

      test('D 91: gives a credential code a minute at most, and one use', async () => {
        const code = (expiration: unknown) => signedCall(w, admin, 'POST', '/auth/credentials/code', { expiration });
        const now = w.ctx.env.now();

        for (const bad of [now + 61_000, now - 1, 'never', new Date(now + 61_000).toISOString()])
          refused(await code(bad), 400, 'expiration must be within 1 minute');
        const made = await code(Math.floor(now / 1000) + 30);
        const use = () =>
          call(w, 'POST', '/auth/credentials/code/init', { body: { credentialKind: 'Key', code: made.body.code } });
        const init = await use();
        equal(init.status, 200);
        refused(await use(), 403, 'Invalid code');

        const key = testKey('Ed25519');
        const body = {
          credentialKind: 'Key',
          credentialName: 'second device',
          challengeIdentifier: init.body.challengeIdentifier,
          credentialInfo: keyAttestation({ credId: `second-${engine}`, key, challenge: init.body.challenge }),
        };
        refused(await signedCall(w, admin, 'POST', '/auth/credentials', body), 400, 'Challenge token is not valid.');
        const created = await call(w, 'POST', '/auth/credentials/code/verify', { body });
        equal(created.body.isConfirmed, false);
        refused(
          await call(w, 'POST', '/auth/credentials/code/verify', { body }),
          400,
          'challenge has already been used',
        );

        const { credentialUuid } = created.body;
        const confirm = () =>
          signedCall(w, admin, 'POST', '/holdfast/credentials/confirm', {
            userId: admin.userId,
            credentialId: `second-${engine}`,
            kind: 'Key',
            publicKey: key.publicKey,
            name: 'second device',
          });
        const off = await signedCall(w, admin, 'PUT', '/auth/credentials/deactivate', { credentialUuid });
        deepEqual(off.body, { message: 'success' });
        refused(await confirm(), 404, 'credential not found');
        await signedCall(w, admin, 'PUT', '/auth/credentials/activate', { credentialUuid });
        equal((await confirm()).body.isConfirmed, true);
      });
    });

    describe('further credentials', () => {
      const add = async (kind: 'Key' | 'Fido2', info: (challenge: string) => object) => {
        const init = await call(w, 'POST', '/auth/credentials/init', { token: admin.token, body: { kind } });
        return signedCall(w, admin, 'POST', '/auth/credentials', {
          credentialKind: kind,
          credentialInfo: info(init.body.challenge),
          credentialName: `my ${kind}`,
          challengeIdentifier: init.body.challengeIdentifier,
        });
      };

      test('enrols a second key under the signature of the first, known to the signers at once', async () => {
        const key = testKey('secp256k1');
        const second = { ...admin, key, credId: `key-two-${engine}` };

        const { status, body } = await add('Key', (challenge) =>
          keyAttestation({ credId: second.credId, key, challenge }),
        );

        equal(status, 200);
        deepEqual([body.kind, body.isActive, body.isConfirmed, body.name], ['Key', true, true, 'my Key']);
        equal((await actionFor(w, second, wallets)).complete?.status, 200);
        const { credentialUuid } = body;
        const off = await signedCall(w, admin, 'PUT', '/auth/credentials/deactivate', { credentialUuid });
        deepEqual(off.body, { message: 'success', acknowledgedBy: [1, 2, 3, 4, 5] });
        refused(
          (await actionFor(w, second, wallets)).complete,
          401,
          'User does not have a credential that can be used for the application.',
        );
        await signedCall(w, admin, 'PUT', '/auth/credentials/activate', { credentialUuid });
        equal((await actionFor(w, second, wallets)).complete?.status, 200);
      });

      test('D 74: works with a passkey whose counter rises, and refuses one that does not', async () => {
        const key = testKey('P-256');
        const credentialId = w.ctx.env.random(16);
        const [origin, rpId] = ['http://localhost:8787', 'localhost'];
        const { status, body } = await add('Fido2', (challenge) =>
          fido2Attestation({ credentialId, key, challenge, origin, rpId }),
        );
        equal(status, 200, JSON.stringify(body));
        const act = async (signCount: number) => {
          const { init } = await actionFor(w, { ...admin, credId: 'none' }, wallets);
          const { kind, ...credentialAssertion } = fido2Assertion({
            credId: toBase64Url(credentialId),
            key,
            challenge: init.body.challenge,
            origin,
            rpId,
            signCount,
          });
          return call(w, 'POST', '/auth/action', {
            token: admin.token,
            body: {
              challengeIdentifier: init.body.challengeIdentifier,
              firstFactor: { kind, credentialAssertion: { ...credentialAssertion, userHandle: '' } },
            },
          });
        };

        equal((await act(7)).status, 200);
        refused(await act(7), 401, 'authenticator counter did not increase; credential may be cloned');
        refused(await act(0), 401, 'authenticator counter did not increase; credential may be cloned');
        equal((await act(8)).status, 200);
        ok(w.logged.some(({ event }) => event === 'auth.counter-not-raised'));
      });

      test('D 87: refuses a credential id that is enrolled already', async () => {
        const key = testKey('Ed25519');
        refused(
          await add('Key', (challenge) => keyAttestation({ credId: admin.credId, key, challenge })),
          409,
          'credential is already registered',
        );
      });
    });

    test('B 38, 41, 42: takes the optional headers of older clients when they are right', async () => {
      const read = (headers: Record<string, string>) =>
        call(w, 'GET', '/auth/credentials', { token: admin.token, headers });
      const nonce = (uuid: string, date = new Date(w.ctx.env.now()).toISOString()) =>
        Buffer.from(JSON.stringify({ uuid, date })).toString('base64url');
      const { stateOf } = await import('../governance/state.ts');
      const { app } = await stateOf(w.ctx, admin.orgId);

      equal((await read({ 'x-dfns-appid': app.appId })).status, 200);
      refused(await read({ 'x-dfns-appid': 'ap-00000-00000-0000000000000000' }), 401, 'application not found');
      const once = nonce(`${engine}-0123456789abc`);
      equal((await read({ 'x-dfns-nonce': once })).status, 200);
      refused(await read({ 'x-dfns-nonce': once }), 400, 'request nonce has already been used');
      for (const bad of ['x', nonce('short'), nonce('0123456789abcdef', '2020-01-01T00:00:00.000Z')])
        refused(await read({ 'x-dfns-nonce': bad }), 400, 'request nonce is missing or invalid');
    });

    test('B 34: keeps a token whose row was ended out, whatever the token says', async () => {
      const token = await logIn(w, admin);
      await endAccessTokens(w.ctx.db.kysely, admin.userId);

      unauthorized(await whoAmI(token));
      admin.token = await logIn(w, admin);
    });

    test('logs no token, code or signature', () => {
      const text = JSON.stringify(w.logged);

      for (const secret of [admin.token, 'hunter2', 'privateKey']) equal(text.includes(secret), false);
    });
  });
}
