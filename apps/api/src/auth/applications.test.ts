/** Applications through the api, on both engines: where passkeys are used, and requests that a server signs. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { randomBytes, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { apiSignatureBytes } from '@holdfast/authority/api-signature';
import { fido2Assertion, fido2Attestation, keyAssertion, testKey } from '@holdfast/authority/testing';
import { toBase64Url, utf8 } from '@holdfast/contract/wire';
import { engineNames } from '@holdfast/storage/conformance';
import { type Answer, call, factorOf, found, type Member, signedCall, type World, world } from './test/world.ts';

const mobile = {
  name: 'Mobile',
  kind: 'ClientSideApplication',
  relyingPartyId: 'app.acme.example',
  origin: 'https://app.acme.example',
};
const serverKey = testKey('P-256');
const server = {
  name: 'Backend',
  kind: 'ServerSideApplication',
  relyingPartyId: 'back.acme.example',
  origin: 'https://back.acme.example',
  publicKey: serverKey.publicKey,
};
const code = (answer: Answer): string => answer.body?.error?.details?.code;

for (const engine of engineNames) {
  describe(`applications on ${engine}`, () => {
    let w: World;
    let admin: Member;
    let mobileId: string;
    let backend: { readonly appId: string; readonly secret: string };

    before(async () => {
      w = await world(engine);
      admin = await found(w);
      mobileId = (await signedCall(w, admin, 'POST', '/auth/apps', { ...mobile, externalId: 'm-1' })).body.appId;
      const made = await signedCall(w, admin, 'POST', '/auth/apps', server);
      equal(made.status, 200, JSON.stringify(made.body));
      backend = { appId: made.body.appId, secret: made.body.accessTokens[0].accessToken };
    });
    after(() => w.close());

    /** The headers of a request that the server-signed application signs. */
    function signedBy(
      request: { method: string; target: string; payload?: string; token?: string },
      o: { nonce?: object; key?: typeof serverKey; secret?: string; signed?: object } = {},
    ): Record<string, string> {
      const nonce = toBase64Url(
        utf8(
          JSON.stringify({
            uuid: randomBytes(16).toString('hex'),
            date: new Date(w.ctx.env.now()).toISOString(),
            ...o.nonce,
          }),
        ),
      );
      const message = apiSignatureBytes({
        method: request.method,
        target: request.target,
        body: utf8(request.payload ?? ''),
        authorization: request.token === undefined ? '' : `Bearer ${request.token}`,
        appId: backend.appId,
        nonce,
        ...o.signed,
      });
      return {
        'x-dfns-appid': backend.appId,
        'x-dfns-appsecret': o.secret ?? backend.secret,
        'x-dfns-nonce': nonce,
        'x-dfns-apisignature': sign('sha256', message, (o.key ?? serverKey).privateKey).toString('base64url'),
      };
    }
    const read = (headers: Record<string, string>, token = admin.token) =>
      call(w, 'GET', '/auth/credentials', { token, headers });
    const signedRead = (o: Parameters<typeof signedBy>[1] = {}) =>
      read(signedBy({ method: 'GET', target: '/auth/credentials', token: admin.token }, o));

    test('the first application comes with the organisation, and the others are listed with it', async () => {
      const { body } = await call(w, 'GET', '/auth/apps', { token: admin.token });

      deepEqual(
        body.items.map((one: { name: string; kind: string; expectedOrigin: string }) => [
          one.name,
          one.kind,
          one.expectedOrigin,
        ]),
        [
          ['Acme', 'ClientSideApplication', 'http://localhost:8787'],
          ['Backend', 'ServerSideApplication', server.origin],
          ['Mobile', 'ClientSideApplication', mobile.origin],
        ],
      );
      const [token] = body.items[1].accessTokens;
      deepEqual([token.kind, token.linkedAppId, token.accessToken], ['Application', backend.appId, undefined]);
      match(token.publicKey, /^SHA256:/);
      const first = await call(w, 'GET', `/auth/apps/${body.items[0].appId}`, { token: admin.token });
      deepEqual(first.body, body.items[0]);
      equal(
        code(await call(w, 'GET', '/auth/apps/ap-00000-00000-0000000000000000', { token: admin.token })),
        'E_NOT_FOUND',
      );
    });

    test('B 39: an application is renamed by both verbs, switched off and on, and ended; each change says who holds it', async () => {
      const made = await signedCall(w, admin, 'POST', '/auth/apps', { ...mobile, name: 'Passing' });
      const path = `/auth/apps/${made.body.appId}`;

      deepEqual(made.body.acknowledgedBy, [1, 2, 3, 4, 5]);
      equal((await signedCall(w, admin, 'PUT', path, { name: 'Passing by' })).body.name, 'Passing by');
      equal((await signedCall(w, admin, 'POST', path, { name: 'Passed' })).body.name, 'Passed');
      equal((await signedCall(w, admin, 'PUT', `${path}/deactivate`)).body.isActive, false);
      const named = { 'x-dfns-appid': made.body.appId };
      deepEqual([(await read(named)).status, code(await read(named))], [403, 'E_APPLICATION_INACTIVE']);
      equal((await signedCall(w, admin, 'PUT', `${path}/activate`)).body.isActive, true);
      equal((await read(named)).status, 200);
      equal((await signedCall(w, admin, 'DELETE', path)).body.isActive, false);
      equal(code(await signedCall(w, admin, 'PUT', `${path}/activate`)), 'E_CONFLICT');
      const { body } = await call(w, 'GET', '/auth/apps', { token: admin.token });
      equal(JSON.stringify(body).includes('Passed'), false);
    });

    test('B 38: an unknown application, and that of another organisation, are answered alike', async () => {
      const other = await found(w, 'Bolt');
      for (const appId of ['ap-00000-00000-0000000000000000', backend.appId]) {
        const answer = await call(w, 'GET', '/auth/credentials', {
          token: other.token,
          headers: { 'x-dfns-appid': appId },
        });
        deepEqual([answer.status, answer.body.error.message], [401, 'application not found']);
      }
    });

    test('a challenge names the relying party of the application that asks', async () => {
      const rpOf = async (headers: Record<string, string>) =>
        (await call(w, 'POST', '/auth/login/init', { body: { orgId: admin.orgId }, headers })).body.rp?.id;

      equal(await rpOf({}), 'localhost');
      equal(await rpOf({ 'x-dfns-appid': mobileId }), mobile.relyingPartyId);
    });

    test('FAQ: two passkeys in two applications, the second enrolled under the signature of the first', async () => {
      const [keyA, keyB] = [testKey('P-256'), testKey('P-256')];
      const ids = [keyA, keyB].map(() => Uint8Array.from(randomBytes(16)));
      const here = { origin: 'http://localhost:8787', rpId: 'localhost' };
      const there = { origin: mobile.origin, rpId: mobile.relyingPartyId };
      const challengeFor = async (headers: Record<string, string>) =>
        (await call(w, 'POST', '/auth/credentials/init', { token: admin.token, headers, body: { kind: 'Fido2' } }))
          .body;
      const enrol = async (
        challenge: { challenge: string; challengeIdentifier: string; rp: { id: string } },
        credentialInfo: object,
        signer: (text: string) => object,
        headers: Record<string, string> = {},
      ) => {
        const { challengeIdentifier } = challenge;
        const payload = JSON.stringify({
          credentialKind: 'Fido2',
          credentialInfo,
          credentialName: 'passkey',
          challengeIdentifier,
        });
        const init = await call(w, 'POST', '/auth/action/init', {
          token: admin.token,
          headers,
          body: { userActionPayload: payload, userActionHttpMethod: 'POST', userActionHttpPath: '/auth/credentials' },
        });
        const signed = await call(w, 'POST', '/auth/action', {
          token: admin.token,
          headers,
          body: { challengeIdentifier: init.body.challengeIdentifier, firstFactor: signer(init.body.challenge) },
        });
        const userAction = signed.body.userAction;
        return call(w, 'POST', '/auth/credentials', {
          token: admin.token,
          payload,
          headers: { ...headers, 'x-dfns-useraction': userAction ?? '' },
        });
      };
      const byKey = (challenge: string) => factorOf(keyAssertion({ credId: admin.credId, key: admin.key, challenge }));
      const first = await challengeFor({});
      const [idA, idB] = ids as [Uint8Array, Uint8Array];
      const a = fido2Attestation({ credentialId: idA, key: keyA, challenge: first.challenge, ...here });
      equal((await enrol(first, a, byKey)).status, 200);

      const second = await challengeFor({ 'x-dfns-appid': mobileId });
      equal(second.rp.id, mobile.relyingPartyId);
      const b = fido2Attestation({ credentialId: idB, key: keyB, challenge: second.challenge, ...there });
      const byPasskey = (challenge: string) => {
        const { kind, ...credentialAssertion } = fido2Assertion({
          credId: toBase64Url(idA),
          key: keyA,
          challenge,
          ...here,
        });
        return { kind, credentialAssertion };
      };
      const made = await enrol(second, b, byPasskey);

      equal(made.status, 200, JSON.stringify(made.body));
      deepEqual([made.body.origin, made.body.relyingPartyId], [mobile.origin, mobile.relyingPartyId]);
      const elsewhere = await challengeFor({ 'x-dfns-appid': mobileId });
      const wrong = fido2Attestation({
        credentialId: Uint8Array.from(randomBytes(16)),
        key: testKey('P-256'),
        challenge: elsewhere.challenge,
        origin: 'https://evil.example',
        rpId: 'evil.example',
      });
      equal((await enrol(elsewhere, wrong, byKey)).status, 401);
    });

    test('a server-signed request is taken once, with its token, its signature and its nonce', async () => {
      equal((await signedRead()).status, 200);
      const headers = signedBy({ method: 'GET', target: '/auth/credentials', token: admin.token });
      equal((await read(headers)).status, 200);
      const again = await read(headers);
      deepEqual([again.status, again.body.error.message], [400, 'request nonce has already been used']);
    });

    for (const [what, o, status, expected] of [
      ['another key', { key: testKey('P-256') }, 403, 'E_API_SIGNATURE'],
      ['another token', { secret: 'a.b.c' }, 403, 'E_API_SIGNATURE'],
      ['another method', { signed: { method: 'POST' } }, 403, 'E_API_SIGNATURE'],
      ['another path', { signed: { target: '/auth/pats' } }, 403, 'E_API_SIGNATURE'],
      ['a query that was not signed', { signed: { target: '/auth/credentials?a=b' } }, 403, 'E_API_SIGNATURE'],
      ['another body', { signed: { body: utf8('{}') } }, 403, 'E_API_SIGNATURE'],
      ['another bearer', { signed: { authorization: 'Bearer x' } }, 403, 'E_API_SIGNATURE'],
      ['another application', { signed: { appId: 'ap-1' } }, 403, 'E_API_SIGNATURE'],
      ['a nonce ten minutes old', { nonce: { date: '2026-01-02T02:54:05.000Z' } }, 400, 'E_NONCE'],
      ['a nonce without a name', { nonce: { uuid: 'short' } }, 400, 'E_NONCE'],
    ] as const)
      test(`B 41, 42: refuses a server-signed request with ${what}`, async () => {
        const answer = await signedRead(o);
        deepEqual([answer.status, code(answer)], [status, expected]);
      });

    for (const header of ['x-dfns-appsecret', 'x-dfns-nonce', 'x-dfns-apisignature'])
      test(`B 41: refuses a server-signed request without ${header}`, async () => {
        const { [header]: _left, ...headers } = signedBy({
          method: 'GET',
          target: '/auth/credentials',
          token: admin.token,
        });
        equal(code(await read(headers)), header === 'x-dfns-nonce' ? 'E_NONCE' : 'E_API_SIGNATURE');
      });

    test('of a thousand copies of a signed request one is taken', async () => {
      const headers = signedBy({ method: 'GET', target: '/auth/credentials', token: admin.token });
      const answers = await Promise.all(Array.from({ length: 1000 }, () => read(headers)));

      equal(answers.filter(({ status }) => status === 200).length, 1);
      equal(answers.filter((answer) => code(answer) === 'E_NONCE_USED').length, 999);
    });

    test('FAQ: a login through a server-signed application serves that server, and no client beside it', async () => {
      const init = JSON.stringify({ orgId: admin.orgId, username: admin.username });
      const post = (target: string, payload: string) =>
        call(w, 'POST', target, { payload, headers: signedBy({ method: 'POST', target, payload }) });
      const challenge = await post('/auth/login/init', init);
      equal(challenge.body.rp.id, server.relyingPartyId);
      const firstFactor = factorOf(
        keyAssertion({ credId: admin.credId, key: admin.key, challenge: challenge.body.challenge }),
      );
      const login = await post(
        '/auth/login',
        JSON.stringify({ challengeIdentifier: challenge.body.challengeIdentifier, firstFactor }),
      );
      equal(login.status, 200, JSON.stringify(login.body));
      const token: string = login.body.token;

      equal(code(await read({}, token)), 'E_API_SIGNATURE');
      equal(code(await read({ 'x-dfns-appid': mobileId }, token)), 'E_API_SIGNATURE');
      const signed = signedBy({ method: 'GET', target: '/auth/credentials', token });
      equal((await read(signed, token)).status, 200);
      equal(
        code(
          await signedCall(w, { ...admin, token }, 'POST', '/auth/users', {
            email: 'x@acme.example',
            kind: 'CustomerEmployee',
          }),
        ),
        'E_API_SIGNATURE',
      );
    });

    test('FAQ: a passkey used on the page of a server-signed application counts with the server’s signature only', async () => {
      const key = testKey('P-256');
      const id = Uint8Array.from(randomBytes(16));
      const there = { origin: server.origin, rpId: server.relyingPartyId };
      const init = await call(w, 'POST', '/auth/credentials/init', { token: admin.token, body: { kind: 'Fido2' } });
      const credentialInfo = fido2Attestation({ credentialId: id, key, challenge: init.body.challenge, ...there });
      const enrolled = await signedCall(w, admin, 'POST', '/auth/credentials', {
        credentialKind: 'Fido2',
        credentialInfo,
        credentialName: 'there',
        challengeIdentifier: init.body.challengeIdentifier,
      });
      equal(enrolled.status, 200, JSON.stringify(enrolled.body));
      const answerTo = async () => {
        const challenge = await call(w, 'POST', '/auth/login/init', { body: { orgId: admin.orgId } });
        const { kind, ...credentialAssertion } = fido2Assertion({
          credId: toBase64Url(id),
          key,
          challenge: challenge.body.challenge,
          ...there,
        });
        return JSON.stringify({
          challengeIdentifier: challenge.body.challengeIdentifier,
          firstFactor: { kind, credentialAssertion },
        });
      };
      const target = '/auth/login';

      equal(code(await call(w, 'POST', target, { payload: await answerTo() })), 'E_API_SIGNATURE');
      const payload = await answerTo();
      const signed = await call(w, 'POST', target, { payload, headers: signedBy({ method: 'POST', target, payload }) });
      equal(signed.status, 200, JSON.stringify(signed.body));
    });

    test('D 79: a passkey that names another user logs nobody in', async () => {
      const key = testKey('P-256');
      const id = Uint8Array.from(randomBytes(16));
      const here = { origin: 'http://localhost:8787', rpId: 'localhost' };
      const init = await call(w, 'POST', '/auth/credentials/init', { token: admin.token, body: { kind: 'Fido2' } });
      const { challengeIdentifier } = init.body;
      const credentialInfo = fido2Attestation({ credentialId: id, key, challenge: init.body.challenge, ...here });
      const wish = { credentialKind: 'Fido2', credentialInfo, credentialName: 'here', challengeIdentifier };
      equal((await signedCall(w, admin, 'POST', '/auth/credentials', wish)).status, 200);
      const logInAs = async (userId: string) => {
        const challenge = await call(w, 'POST', '/auth/login/init', { body: { orgId: admin.orgId } });
        const { kind, ...signed } = fido2Assertion({
          credId: toBase64Url(id),
          key,
          challenge: challenge.body.challenge,
          ...here,
        });
        const credentialAssertion = { ...signed, userHandle: toBase64Url(utf8(userId)) };
        const body = {
          challengeIdentifier: challenge.body.challengeIdentifier,
          firstFactor: { kind, credentialAssertion },
        };
        return call(w, 'POST', '/auth/login', { body });
      };

      equal(code(await logInAs(admin.userId.replace(/.$/, 'x'))), 'E_NO_CREDENTIAL');
      equal((await logInAs(admin.userId)).status, 200);
    });

    test('what an application may not, nobody may through it', async () => {
      const readers = await signedCall(w, admin, 'POST', '/permissions', {
        name: 'Listing',
        operations: ['Auth:Users:Read'],
      });
      const made = await signedCall(w, admin, 'POST', '/auth/apps', {
        ...mobile,
        name: 'Listing',
        permissionId: readers.body.id,
      });
      const headers = { 'x-dfns-appid': made.body.appId };
      const get = (url: string) => call(w, 'GET', url, { token: admin.token, headers });

      deepEqual(
        made.body.permissionAssignments.map((one: { permissionName: string }) => one.permissionName),
        ['Listing'],
      );
      equal((await get('/auth/users')).status, 200);
      deepEqual([(await get('/permissions')).status, code(await get('/permissions'))], [403, 'E_FORBIDDEN']);
    });

    test('E 107: bodies that mean something else are refused by name, and leave nothing', async () => {
      const before = (await call(w, 'GET', '/auth/apps', { token: admin.token })).body;
      for (const [body, expected] of [
        [{ ...mobile }, 'E_CONFLICT'],
        [{ ...mobile, name: 'Two', orgId: 'or-1' }, 'E_USER_ACTION_PAYLOAD'],
        [{ ...mobile, name: 'Two', isActive: true }, 'E_USER_ACTION_PAYLOAD'],
        [{ ...mobile, name: 'Two', kind: 'Other' }, 'E_USER_ACTION_PAYLOAD'],
        [{ ...mobile, name: 'Two', origin: 'https://a.example/path' }, 'E_BODY'],
        [
          { ...server, name: 'Two', publicKey: serverKey.privateKey.export({ format: 'pem', type: 'pkcs8' }) },
          'E_PRIVATE_KEY_SENT',
        ],
      ] as const)
        equal(code(await signedCall(w, admin, 'POST', '/auth/apps', body)), expected, JSON.stringify(body));
      deepEqual((await call(w, 'GET', '/auth/apps', { token: admin.token })).body, before);
    });
  });
}
