/** Social logins and single sign-on against an identity provider that listens on this machine, on both engines. */
import { deepEqual, equal, match, notEqual, ok, throws } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { keyAttestation, testKey } from '@holdfast/authority/testing';
import { engineNames } from '@holdfast/storage/conformance';
import { type Answer, actionFor, call, found, type Member, signedCall, type World, world } from '../auth/test/world.ts';
import { isSafeUrl, parseProviders } from './providers.ts';
import { type TestProvider, testProvider } from './test/index.ts';

const clientId = 'holdfast-test';
const clientSecret = 'a secret between two servers';
const redirectUri = 'https://app.acme.example/signed-on';
const refused = (answer: Answer, status: number, code: string) =>
  deepEqual([answer.status, answer.body?.error?.details?.code], [status, code], JSON.stringify(answer.body));

for (const engine of engineNames) {
  describe(`identity providers on ${engine}`, () => {
    let w: World;
    let admin: Member;
    let provider: TestProvider;
    let people = 0;

    before(async () => {
      w = await world(engine);
      admin = await found(w);
      provider = await testProvider({ clientId, secret: clientSecret, now: () => w.ctx.env.now() });
      w.providers.push({
        orgId: admin.orgId,
        issuer: provider.issuer,
        clientId,
        clientSecret,
        algorithms: ['RS256', 'ES256'],
        redirectUris: [redirectUri],
        uses: ['social', 'sso'],
      });
    });
    after(async () => {
      await w.close();
      await provider.close();
    });

    const social = (idToken: string, more: object = {}) =>
      call(w, 'POST', '/auth/login/social', { body: { idToken, socialLoginProviderKind: 'Oidc', ...more } });
    const begin = (idToken: string, more: object = {}) =>
      call(w, 'POST', '/auth/registration/social', { body: { idToken, socialLoginProviderKind: 'Oidc', ...more } });

    async function invited(): Promise<{ email: string; sub: string; userId: string }> {
      people += 1;
      const email = `person-${people}@${engine}.example`;
      const made = await signedCall(w, admin, 'POST', '/auth/users', { email, kind: 'CustomerEmployee' });
      equal(made.status, 200, JSON.stringify(made.body));
      return { email, sub: `subject of ${email}`, userId: made.body.userId };
    }
    const claimsOf = (person: { email: string; sub: string }) => ({
      sub: person.sub,
      email: person.email,
      email_verified: true,
    });
    async function registered() {
      const person = await invited();
      const init = await begin(await provider.token(claimsOf(person)));
      equal(init.status, 200, JSON.stringify(init.body));
      const key = testKey('P-256');
      const credId = Buffer.from(w.ctx.env.random(16)).toString('base64url');
      const credentialInfo = keyAttestation({ credId, key, challenge: init.body.challenge });
      const done = await call(w, 'POST', '/auth/registration', {
        token: init.body.temporaryAuthenticationToken,
        body: { firstFactorCredential: { credentialKind: 'Key', credentialInfo } },
      });
      equal(done.status, 200, JSON.stringify(done.body));
      return { ...person, credId, key };
    }

    test('an invited person registers by a token in place of the code, logs in by another, and reads', async () => {
      const person = await registered();
      w.advance(1000);

      const { status, body } = await social(await provider.token(claimsOf(person)));

      equal(status, 200, JSON.stringify(body));
      const own = await call(w, 'GET', '/auth/credentials', { token: body.token });
      deepEqual([own.status, own.body.items[0].isConfirmed], [200, false]);
      const request = { method: 'POST', path: '/wallets', payload: '{"network":"EthereumSepolia"}' };
      const { init } = await actionFor(w, { ...admin, ...person, token: body.token }, request);
      refused(init, 403, 'E_UNCONFIRMED');
      for (const { committed } of w.cluster.signers) equal(committed?.credentials.has(person.credId), false);
    });

    test('a token enters once, and is no token of another organisation', async () => {
      const person = await registered();
      w.advance(1000);
      const idToken = await provider.token(claimsOf(person));
      const other = await found(w, `Other${engine}`);

      refused(await social(idToken, { orgId: other.orgId }), 401, 'E_ID_TOKEN');
      equal((await social(idToken, { orgId: admin.orgId })).status, 200);
      refused(await social(idToken), 401, 'E_ID_TOKEN');
      const at = await provider.token({ ...claimsOf(person), jti: 'once' });
      const answers = await Promise.all(Array.from({ length: 8 }, () => social(at)));
      equal(answers.filter(({ status }) => status === 200).length, 1);
    });

    test('a provider makes nobody: strangers, unverified addresses and members already registered are unknown', async () => {
      const person = await invited();
      const done = await registered();

      for (const claims of [
        { sub: 'stranger', email: 'stranger@nowhere.example', email_verified: true },
        { ...claimsOf(person), email_verified: false },
        { ...claimsOf(person), email_verified: 'true' },
        { ...claimsOf(person), email: undefined },
        { ...claimsOf(done), sub: 'another subject' },
      ]) {
        refused(await begin(await provider.token(claims)), 401, 'E_USER_NOT_FOUND');
        refused(await social(await provider.token({ ...claims, sub: `x ${claims.sub}` })), 401, 'E_USER_NOT_FOUND');
      }
      // Whoever has begun and not finished is no user yet.
      w.advance(1000);
      equal((await begin(await provider.token(claimsOf(person)))).status, 200);
      w.advance(1000);
      refused(await social(await provider.token(claimsOf(person))), 401, 'E_USER_NOT_FOUND');
    });

    test('an address that passes to another subject opens nothing of its first owner', async () => {
      const person = await registered();
      w.advance(1000);

      refused(await social(await provider.token({ ...claimsOf(person), sub: 'new owner' })), 401, 'E_USER_NOT_FOUND');
    });

    test('an address that passes on while its owner registers is still its first owner’s', async () => {
      const person = await invited();
      equal((await begin(await provider.token(claimsOf(person)))).status, 200);

      const late = { ...claimsOf(person), sub: 'late owner' };
      refused(await begin(await provider.token(late)), 401, 'E_USER_NOT_FOUND');
      w.advance(1000);
      equal((await begin(await provider.token(claimsOf(person)))).status, 200);
    });

    test('refuses every token that is not right in all', async () => {
      const person = await registered();
      w.advance(1000);
      await provider.addKey('hidden', { isHidden: true });
      await provider.addKey('elliptic', { alg: 'ES256' });
      await provider.addKey('large', { alg: 'PS256' });
      // Keys that are new are looked for once a minute.
      w.advance(61_000);
      const claims = claimsOf(person);
      const now = Math.floor(w.ctx.env.now() / 1000);
      const good = await provider.token({ ...claims, jti: 'edited' });
      const [head = '', body = '', signature = ''] = good.split('.');
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const forgedBody = encode({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), sub: 'admin' });
      const [key] = provider.publicKeys;
      const hmacHead = encode({ alg: 'HS256', kid: 'first' });
      const hmac = createHmac('sha256', JSON.stringify(key)).update(`${hmacHead}.${body}`).digest('base64url');
      const without = (name: string) => provider.token({ ...claims, [name]: undefined });

      for (const [what, idToken] of [
        ['another issuer', await provider.token({ ...claims, iss: 'https://evil.example' })],
        ['another audience', await provider.token({ ...claims, aud: 'somebody-else' })],
        ['several audiences', await provider.token({ ...claims, aud: [clientId, 'somebody-else'] })],
        ['given to another party', await provider.token({ ...claims, azp: 'somebody-else' })],
        ['expired', await provider.token({ ...claims, iat: now - 400, exp: now - 31 })],
        ['not yet valid', await provider.token({ ...claims, nbf: now + 60 })],
        ['of the future', await provider.token({ ...claims, iat: now + 60 })],
        ['given out long ago', await provider.token({ ...claims, iat: now - 700 })],
        ['no end', await without('exp')],
        ['no beginning', await without('iat')],
        ['no subject', await without('sub')],
        ['an empty subject', await provider.token({ ...claims, sub: '' })],
        ['a subject too long', await provider.token({ ...claims, sub: 'x'.repeat(256) })],
        ['a key that is not published', await provider.token(claims, { key: 'hidden' })],
        ['an algorithm that is not allowed', await provider.token(claims, { key: 'large' })],
        ['the name of another key', await provider.token(claims, { key: 'hidden', header: { kid: 'first' } })],
        ['the key of another algorithm', await provider.token(claims, { key: 'first', header: { kid: 'elliptic' } })],
        ['an access token', await provider.token(claims, { header: { typ: 'at+jwt' } })],
        ['a logout token', await provider.token({ ...claims, events: {} })],
        ['no algorithm', `${encode({ alg: 'none', kid: 'first' })}.${body}.`],
        ['the public key as a secret', `${hmacHead}.${body}.${hmac}`],
        ['a forged body', `${head}.${forgedBody}.${signature}`],
        ['no signature', `${head}.${body}.`],
        ['a cut signature', `${head}.${body}.${signature.slice(0, -6)}`],
        ['no token at all', 'x'],
        ['two parts', `${head}.${body}`],
      ] as const) {
        const answer = await social(idToken);
        deepEqual([what, answer.status, answer.body?.error?.details?.code], [what, 401, 'E_ID_TOKEN']);
        equal((await begin(idToken)).status, 401, what);
      }
      equal((await social(good)).status, 200);
      w.advance(1000);
      equal((await social(await provider.token(claims, { key: 'elliptic' }))).status, 200);
      w.advance(1000);
      equal((await social(await provider.token({ ...claims, aud: [clientId, 'other'], azp: clientId }))).status, 200);
    });

    test('keys are fetched once, a new one within a minute, and tokens that name none do not make it ask', async () => {
      const person = await registered();
      const asked = () => provider.requests.filter((one) => one === 'GET /keys').length;
      await social(await provider.token({ ...claimsOf(person), jti: 'warm' }));
      const count = asked();

      for (let k = 0; k < 5; k += 1) {
        await provider.addKey(`unknown-${k}`, { isHidden: true });
        refused(await social(await provider.token(claimsOf(person), { key: `unknown-${k}` })), 401, 'E_ID_TOKEN');
      }
      ok(asked() - count <= 1, `asked ${asked() - count} times`);
      await provider.addKey('rotated');
      w.advance(61_000);
      equal((await social(await provider.token(claimsOf(person), { key: 'rotated' }))).status, 200);
      equal(asked() - count <= 2, true);
    });

    test('a provider that is away, lies about its name, redirects or answers without end is no provider', async () => {
      const person = await registered();
      const configuration = '/.well-known/openid-configuration';
      for (const [path, answer] of [
        [configuration, { status: 500, body: '{}' }],
        [configuration, { status: 302, body: '{}' }],
        [
          configuration,
          { body: JSON.stringify({ issuer: 'https://evil.example', jwks_uri: `${provider.issuer}/keys` }) },
        ],
        [configuration, { body: '[]' }],
        [configuration, { body: `{"issuer":"${'x'.repeat(70_000)}"}` }],
        ['/keys', { body: '{"keys":{}}' }],
        ['/keys', { body: JSON.stringify({ keys: Array.from({ length: 65 }, () => provider.publicKeys[0]) }) }],
      ] as const) {
        w.advance(21 * 60_000);
        provider.answers.set(path, answer);
        refused(await social(await provider.token(claimsOf(person))), 503, 'E_IDENTITY_PROVIDER');
        provider.answers.clear();
      }
      w.advance(1000);
      equal((await social(await provider.token(claimsOf(person)))).status, 200);
      // What was known stays in use for a while.
      w.advance(11 * 60_000);
      provider.answers.set(configuration, { status: 500, body: '{}' });
      equal((await social(await provider.token(claimsOf(person)))).status, 200);
      provider.answers.clear();
    });

    describe('single sign-on', () => {
      const init = (o: object = {}) =>
        call(w, 'POST', '/auth/login/sso/init', { body: { orgId: admin.orgId, clientId, redirectUri, ...o } });
      const finish = (code: string, state: string) => call(w, 'POST', '/auth/login/sso', { body: { code, state } });

      /** What the browser does: to the provider, and back with a code. */
      async function signOn(person: { email: string; sub: string }, change: object = {}) {
        const { status, body } = await init();
        equal(status, 200, JSON.stringify(body));
        const url = new URL(body.ssoRedirectUrl);
        const member = (name: string) => url.searchParams.get(name) ?? '';
        const idToken = await provider.token({ ...claimsOf(person), nonce: member('nonce'), ...change });
        const code = `code-${provider.codes.size}-${w.ctx.env.random(4).join('')}`;
        provider.codes.set(code, { idToken, challenge: member('code_challenge'), redirectUri: member('redirect_uri') });
        return { url, code, state: member('state'), nonce: member('nonce') };
      }

      test('leads to the provider with state, nonce and a challenge for the code', async () => {
        const { url } = await signOn(await registered());

        equal(`${url.origin}${url.pathname}`, `${provider.issuer}/authorize`);
        const members = Object.fromEntries(url.searchParams);
        deepEqual(
          [
            members['tenant'],
            members['response_type'],
            members['client_id'],
            members['redirect_uri'],
            members['code_challenge_method'],
          ],
          ['1', 'code', clientId, redirectUri, 'S256'],
        );
        match(members['state'] ?? '', /^[\w-]{43}$/);
        notEqual(members['state'], members['nonce']);
        equal(
          JSON.stringify(await w.ctx.db.kysely.selectFrom('ssoStates').selectAll().execute()).includes(
            members['state'] ?? '',
          ),
          false,
        );
      });

      test('comes back with a code, once, in time', async () => {
        const person = await registered();
        const { code, state } = await signOn(person);

        refused(await finish(code, 'another state'), 400, 'E_SSO_STATE');
        const { status, body } = await finish(code, state);
        equal(status, 200, JSON.stringify(body));
        equal((await call(w, 'GET', '/auth/credentials', { token: body.token })).status, 200);
        refused(await finish(code, state), 400, 'E_SSO_STATE');

        const late = await signOn(person);
        w.advance(10 * 60_000);
        refused(await finish(late.code, late.state), 400, 'E_SSO_STATE');
        admin.token = await (await import('../auth/test/world.ts')).logIn(w, admin);
      });

      test('takes no token that was made for another sign-on, and no code of another', async () => {
        const person = await registered();
        for (const change of [{ nonce: 'another' }, { nonce: undefined }, { aud: 'somebody-else' }]) {
          const { code, state } = await signOn(person, change);
          refused(await finish(code, state), 401, 'E_ID_TOKEN');
        }
        const [one, two] = [await signOn(person), await signOn(person)];
        refused(await finish(two.code, one.state), 401, 'E_ID_TOKEN');
      });

      test('makes no other subject the user whose address it has now', async () => {
        const person = await registered();
        equal((await signOnAs(person)).status, 200);

        refused(await signOnAs({ ...person, sub: `heir of ${person.sub}` }), 401, 'E_USER_NOT_FOUND');
        equal((await signOnAs(person)).status, 200);
      });

      test('begins for a client and a page that an operator named, and for no other', async () => {
        const other = await found(w, `Third${engine}`);

        refused(await init({ clientId: 'another' }), 400, 'E_SSO_CLIENT');
        refused(await init({ orgId: other.orgId }), 400, 'E_SSO_CLIENT');
        refused(await init({ redirectUri: 'https://evil.example/' }), 400, 'E_SSO_CLIENT');
        refused(await init({ redirectUri: `${redirectUri}/x` }), 400, 'E_SSO_CLIENT');
      });

      test('is demanded of a user where an administrator says so', async () => {
        const person = await registered();
        const path = `/auth/users/${person.userId}`;
        const set = await signedCall(w, admin, 'PUT', path, { isSSORequired: true });
        deepEqual([set.status, set.body.isSSORequired], [200, true], JSON.stringify(set.body));

        const { logIn } = await import('../auth/test/world.ts');
        const member = { ...admin, ...person, username: person.email };
        equal(await logIn(w, member), undefined);
        equal((await signOnAs(person)).status, 200);
        const [first] = w.providers;
        Object.assign(first ?? {}, { uses: ['social'] });
        w.providers.push({ ...(first as (typeof w.providers)[number]), clientId: 'another', uses: ['sso'] });
        refused(await social(await provider.token({ ...claimsOf(person), jti: 'no' })), 403, 'E_FORBIDDEN');
        w.providers.pop();
        Object.assign(first ?? {}, { uses: ['social', 'sso'] });
        await signedCall(w, admin, 'PUT', path, { isSSORequired: false });
        match(await logIn(w, member), /^ey/);

        const elsewhere = await found(w, `Fourth${engine}`);
        const made = await signedCall(w, elsewhere, 'POST', '/auth/users', {
          email: 'x@fourth.example',
          kind: 'CustomerEmployee',
          isSSORequired: true,
        });
        refused(made, 400, 'E_SSO_CLIENT');
      });

      async function signOnAs(person: { email: string; sub: string }) {
        const { code, state } = await signOn(person);
        return finish(code, state);
      }
    });

    test('logs no token, code or secret', () => {
      const text = JSON.stringify(w.logged);

      for (const secret of ['eyJ', clientSecret, 'code-']) equal(text.includes(secret), false, secret);
    });
  });
}

test('reads what an operator wrote, and refuses what could be meant otherwise', () => {
  const one = { orgId: 'or-x', issuer: 'https://id.example', clientId: 'c' };
  const [read] = parseProviders(JSON.stringify({ providers: [one] }));
  deepEqual(read, { ...one, algorithms: ['RS256', 'ES256'], redirectUris: [], uses: ['social', 'sso'] });

  for (const bad of [
    '{',
    '{"providers":{}}',
    JSON.stringify({ providers: [one, one] }),
    ...[
      { issuer: 'http://id.example' },
      { issuer: '' },
      { algorithms: ['HS256'] },
      { algorithms: ['none'] },
      { algorithms: [] },
      { redirectUris: ['javascript:alert(1)'] },
      { uses: ['admin'] },
      { extra: 1 },
    ].map((change) => JSON.stringify({ providers: [{ ...one, ...change }] })),
  ])
    throws(() => parseProviders(bad), { name: 'ProvidersError' }, bad);
  equal(isSafeUrl('https://user@id.example'), false);
});
