/**
 * bad-inputs B and C against real processes: tokens, optional headers and user actions that are forged, misused,
 * mixed up between people, or sent a thousand times at once.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createHmac, generateKeyPairSync, hkdfSync, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DfnsApiClient } from '@dfns/sdk';
import { type Account, type AccountFile, Cluster, sdk } from '../harness/index.ts';
import { type Answer, Door, good, refused } from './door.ts';

let cluster: Cluster;
let account: AccountFile;
let door: Door;
let admin: Door;
/** Another service account of the same organisation, and one of another organisation. */
let second: Door;
let foreign: Door;
let walletId: string;

const NOT_AUTHORIZED = { status: 401, code: 'E_UNAUTHENTICATED', message: 'Not Authorized.' };
const NO_ACTION = {
  status: 403,
  code: 'E_USER_ACTION',
  message: 'user action signature is missing or invalid',
};
const NO_CHALLENGE = { status: 400, code: 'E_CHALLENGE_TOKEN', message: 'Challenge token is not valid.' };

before(async () => {
  cluster = await Cluster.start({ env: { HOLDFAST_RATE_LIMIT: '0' } });
  account = cluster.createOrg('Acts');
  door = new Door(account);
  admin = new Door(account, account.admin);
  foreign = new Door(cluster.createOrg('Strangers'));
  second = (await serviceAccount('second')).door;
  walletId = good(await door.act('POST', '/wallets', { network: 'KeyEdDSA' })).body.id;
});
after(async () => {
  await cluster.stop();
  cluster.remove();
});

async function serviceAccount(name: string): Promise<{ door: Door; who: Account }> {
  const keys = generateKeyPairSync('ed25519');
  const permissions = good(await admin.read('/permissions')).body.items as { id: string; name: string }[];
  const made = good(
    await admin.act('POST', '/auth/service-accounts', {
      name,
      publicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }),
      permissionId: permissions.find((each) => each.name === 'ManagedKeyUser')?.id,
    }),
  ).body;
  const who = {
    userId: made.userInfo.userId as string,
    credentialId: made.accessTokens[0].credId as string,
    authToken: made.accessTokens[0].accessToken as string,
    privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  return { door: new Door(account, who), who };
}

const signing = JSON.stringify({ kind: 'Message', message: '0x0102' });
const signatures = () => `/wallets/${walletId}/signatures`;
const reads = (token: string) => door.json('GET', '/wallets', undefined, { authorization: `Bearer ${token}` });
const signs = (userAction: string | undefined, body = signing, by = door) =>
  by.json('POST', signatures(), body, userAction === undefined ? {} : { 'x-dfns-useraction': userAction });
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;

/** A token made with the api's own secret, or with any other. */
function forged(use: string, header: object, claims: object, secret?: string | Uint8Array): string {
  const api = Buffer.from(readFileSync(join(cluster.dir, 'data/api/secret'), 'utf8').trim(), 'hex');
  const key = secret ?? new Uint8Array(hkdfSync('sha256', api, new Uint8Array(0), `holdfast/api/token/${use}/v1`, 32));
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}
const header = { alg: 'HS256', typ: 'JWT' };

// ── B: tokens and headers ───────────────────────────────────────────────────────────────────────────────────────

test('[bad-input 27] no token, another scheme, a bare token, junk', async () => {
  const token = account.serviceAccount.authToken;
  refused(await door.send({ method: 'GET', path: '/wallets' }), NOT_AUTHORIZED);
  for (const authorization of [
    token,
    `Basic ${token}`,
    'Bearer',
    'Bearer ',
    'Bearer x',
    `Bearer ${token} ${token}`,
    `Bearer ${'a'.repeat(5000)}`,
  ])
    refused(await door.json('GET', '/wallets', undefined, { authorization }), NOT_AUTHORIZED);
  equal((await reads(token)).status, 200);
});

test('[bad-input 28] [bad-input 29] [bad-input 36] alg none, an empty signature, a public value as the secret, an edited payload', async () => {
  const token = account.serviceAccount.authToken;
  const [head = '', payload = '', mac = ''] = token.split('.');
  const claims = claimsOf(token);
  for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
    const none = Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url');
    for (const last of ['', mac]) refused(await reads(`${none}.${payload}.${last}`), NOT_AUTHORIZED);
  }
  refused(await reads(`${head}.${payload}.`), NOT_AUTHORIZED);
  refused(await reads(`${head}.${payload}`), NOT_AUTHORIZED);
  const { clusters } = good(await door.read('/signers')).body;
  for (const secret of ['', 'secret', account.clusterFingerprint, account.orgId, clusters[0].signers[0].identityKey])
    refused(await reads(forged('bearer', header, claims, secret)), NOT_AUTHORIZED);
  for (const alg of ['RS256', 'ES256', 'HS512', 'EdDSA'])
    refused(await reads(forged('bearer', { alg, typ: 'JWT' }, claims)), NOT_AUTHORIZED);
  const metadata = { ...(claims['https://custom/app_metadata'] as object), userId: account.admin.userId };
  const edited = { ...claims, sub: account.admin.userId, 'https://custom/app_metadata': metadata };
  refused(await reads(`${head}.${Buffer.from(JSON.stringify(edited)).toString('base64url')}.${mac}`), NOT_AUTHORIZED);
});

test('[bad-input 31] [bad-input 32] wrong claims under the right secret', async () => {
  const claims = claimsOf(account.serviceAccount.authToken);
  const now = Math.floor(Date.now() / 1000);
  const { exp: _exp, ...withoutExp } = claims;
  for (const wrong of [
    { ...claims, exp: now - 1 },
    { ...claims, exp: String(claims['exp']) },
    withoutExp,
    { ...claims, nbf: now + 300 },
    { ...claims, iat: now + 300 },
    { ...claims, iss: 'https://elsewhere' },
    { ...claims, aud: 'holdfast/challenge' },
    { ...claims, aud: undefined },
    { ...claims, sub: account.admin.userId },
    { ...claims, jti: 'to-00000-00000-0000000000000000' },
  ])
    refused(await reads(forged('bearer', header, wrong)), NOT_AUTHORIZED);
  for (const wrong of [{ alg: 'HS256' }, { alg: 'HS256', typ: 'at+jwt' }, { ...header, crit: ['x'], x: 1 }])
    refused(await reads(forged('bearer', wrong, claims)), NOT_AUTHORIZED);
  refused(await reads(forged('challenge', header, claims)), NOT_AUTHORIZED);
});

test('[bad-input 33] a token for another use than its own', async () => {
  const challenge = good(await door.init('POST', signatures(), signing));
  const identifier: string = challenge.body.challengeIdentifier;
  const userAction = await door.approve('POST', signatures(), signing);
  const registration = await registrationToken();
  for (const token of [identifier, userAction, registration]) refused(await reads(token), NOT_AUTHORIZED);
  for (const token of [identifier, registration, account.serviceAccount.authToken, 'x', 'x.y.z', ''])
    refused(await signs(token), NO_ACTION);
  const firstFactor = await door.sign(challenge);
  for (const challengeIdentifier of [userAction, registration, account.serviceAccount.authToken])
    refused(
      await door.json('POST', '/auth/action', JSON.stringify({ challengeIdentifier, firstFactor })),
      NO_CHALLENGE,
    );
});

/** The temporary token of somebody who is about to register. */
async function registrationToken(): Promise<string> {
  const email = 'new@acts.example';
  good(await admin.act('POST', '/auth/users', { email, kind: 'CustomerEmployee' }));
  const outbox = join(cluster.dir, 'data/api/outbox');
  const mails = readdirSync(outbox).map((name) => readFileSync(join(outbox, name), 'utf8'));
  const [registrationCode = ''] =
    /\d{4}-\d{4}-\d{4}-\d{4}/.exec(mails.find((text) => text.includes(email)) ?? '') ?? [];
  const body = JSON.stringify({ orgId: account.orgId, username: email, registrationCode });
  return good(await door.json('POST', '/auth/registration/init', body)).body.temporaryAuthenticationToken as string;
}

test('[bad-input 34] the token of a deactivated account, and of a login that ended', async () => {
  const { door: third, who } = await serviceAccount('third');
  equal((await third.read('/wallets')).status, 200);
  const before = await third.approve('POST', signatures(), signing);
  good(await admin.act('PUT', `/auth/service-accounts/${who.userId}/deactivate`));
  refused(await third.read('/wallets'), NOT_AUTHORIZED);
  await door.unchanged(async () => refused(await signs(before, signing, third), NOT_AUTHORIZED));

  const login = new Door(account, { ...account.admin, authToken: await logIn() });
  equal((await login.read('/wallets')).status, 200);
  good(await login.json('PUT', '/auth/logout'));
  refused(await login.read('/wallets'), NOT_AUTHORIZED);
});

async function loginChallenge(): Promise<Answer> {
  const body = JSON.stringify({ orgId: account.orgId, username: 'admin@acts.example' });
  return good(
    await admin.send({
      method: 'POST',
      path: '/auth/login/init',
      headers: { 'content-type': 'application/json' },
      body,
    }),
  );
}

async function logIn(): Promise<string> {
  const challenge = await loginChallenge();
  const body = { challengeIdentifier: challenge.body.challengeIdentifier, firstFactor: await admin.sign(challenge) };
  return good(await admin.json('POST', '/auth/login', JSON.stringify(body))).body.token as string;
}

test('[bad-input 37] other spellings of the same bytes', async () => {
  const token = account.serviceAccount.authToken;
  const [head = '', payload = '', mac = ''] = token.split('.');
  // 32 bytes leave two bits of the last letter unused: the next letter decodes to the same bytes.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const loose = mac.slice(0, -1) + (alphabet[alphabet.indexOf(mac.slice(-1)) ^ 1] ?? '');
  deepEqual(Buffer.from(loose, 'base64url'), Buffer.from(mac, 'base64url'));
  for (const other of [
    `${token}=`,
    `${head}.${payload}.${loose}`,
    `${head}.${payload}.${mac.slice(0, 5)}!${mac.slice(5)}`,
    `${head}=.${payload}.${mac}`,
    `${token}.`,
    `.${token}`,
  ])
    refused(await reads(other), NOT_AUTHORIZED);
});

test('[bad-input 38] an application that is unknown or another organisation’s; none is as well', async () => {
  const read = (appId: string) => door.json('GET', '/wallets', undefined, { 'x-dfns-appid': appId });
  equal((await read(account.appId)).status, 200);
  equal((await door.read('/wallets')).status, 200);
  for (const appId of ['ap-00000-00000-0000000000000000', foreign.account.appId, 'x'])
    refused(await read(appId), { status: 401, code: 'E_APPLICATION', message: 'application not found' });
});

test('[bad-input 41] [bad-input 42] request nonces: used twice, dated minutes off, malformed; none is as well', async () => {
  const nonce = (uuid: string, date = new Date().toISOString()) =>
    Buffer.from(JSON.stringify({ uuid, date })).toString('base64url');
  const read = (text: string) => door.json('GET', '/wallets', undefined, { 'x-dfns-nonce': text });
  const invalid = { status: 400, code: 'E_NONCE', message: 'request nonce is missing or invalid' };
  const once = nonce(randomUUID());
  equal((await read(once)).status, 200);
  refused(await read(once), { status: 400, code: 'E_NONCE_USED', message: 'request nonce has already been used' });
  for (const minutes of [-10, 10, 60 * 24 * 365])
    refused(await read(nonce(randomUUID(), new Date(Date.now() + minutes * 60_000).toISOString())), invalid);
  for (const text of ['x', nonce('short'), nonce(randomUUID(), 'yesterday'), Buffer.from('[]').toString('base64url')])
    refused(await read(text), invalid);
});

// ── C: user actions ─────────────────────────────────────────────────────────────────────────────────────────────

test('[bad-input 43] a challenge for what is no signable endpoint', async () => {
  const expected = {
    status: 400,
    code: 'E_USER_ACTION_PATH',
    message: 'userActionHttpPath does not name a signable endpoint',
  };
  for (const path of [
    '/nothing',
    '/auth/login',
    '/wallets/',
    '//wallets',
    '/wallets/%2e%2e/keys',
    '/wallets#x',
    'wallets',
    '/wallétś',
    `/${'a'.repeat(900)}`,
  ])
    refused(await door.init('POST', path, '{}'), expected);
  refused(await door.init('GET', '/wallets', '{}'), expected);
  refused(
    await door.json('POST', '/auth/action/init', '{"userActionHttpMethod":"PATCH","userActionHttpPath":"/wallets"}'),
    {
      status: 400,
      code: 'E_BODY',
      message: 'body.userActionHttpMethod must be one of POST, PUT, DELETE, GET',
    },
  );
});

test('[bad-input 44] a challenge for a path with a query, the documented force excepted', async () => {
  for (const path of ['/wallets?force=true', '/wallets?x=1', '/wallets?'])
    refused(await door.init('POST', path, '{"network":"KeyEdDSA"}'), {
      status: 400,
      code: 'E_USER_ACTION_PATH',
      message: 'userActionHttpPath must not contain a query',
    });
  const path = '/permissions/pm-00000-00000-0000000000000000/assignments/as-00000-00000-0000000000000000';
  refused(await door.init('DELETE', `${path}?x=1`, '{}'), {
    status: 400,
    code: 'E_QUERY',
    message: 'query.x is not a known field',
  });
  equal((await door.init('DELETE', `${path}?force=true`, '{}')).status, 200);
});

test('[bad-input 46] a payload that is no text, no JSON, or not what the endpoint takes', async () => {
  for (const [payload, message] of [
    ['{', /^userActionPayload: body is not valid JSON: unexpected end at byte 1$/],
    ['', /^userActionPayload: body is required/],
    ['[]', /^userActionPayload: body must be a JSON object$/],
    ['{}', /^userActionPayload: body\.network is required$/],
    ['{"network":"Ether"}', /^userActionPayload: body\.network must be one of /],
    ['{"network":"Solana","network":"Solana"}', /^userActionPayload: body\.network appears twice$/],
    ['{"network":"Solana","to":"x"}', /^userActionPayload: body\.to is not a known field$/],
  ] as const)
    refused(await door.init('POST', '/wallets', payload), { status: 400, code: 'E_USER_ACTION_PAYLOAD', message });
  const wish = {
    userActionHttpMethod: 'POST',
    userActionHttpPath: '/wallets',
    userActionPayload: { network: 'Solana' },
  };
  refused(await door.json('POST', '/auth/action/init', JSON.stringify(wish)), {
    status: 400,
    code: 'E_BODY',
    message: 'body.userActionPayload must be a text',
  });
});

test('[bad-input 47] [bad-input 49] an identifier that is unknown, edited, expired, or somebody else’s', async () => {
  const mine = good(await door.init('POST', signatures(), signing));
  const identifier: string = mine.body.challengeIdentifier;
  const complete = async (challengeIdentifier: string, by = door) =>
    by.json('POST', '/auth/action', JSON.stringify({ challengeIdentifier, firstFactor: await door.sign(mine) }));
  const claims = claimsOf(identifier);
  const unknown = { ...(claims['https://custom/app_metadata'] as object), tokenId: 'ch-00000-00000-0000000000000000' };
  for (const wrong of [
    'x',
    `${identifier}A`,
    identifier.replace(/.(?=\.[^.]*$)/, (letter) => (letter === 'A' ? 'B' : 'A')),
    forged('challenge', header, { ...claims, exp: Math.floor(Date.now() / 1000) - 1 }),
    forged('challenge', header, { ...claims, jti: unknown.tokenId, 'https://custom/app_metadata': unknown }),
  ])
    refused(await complete(wrong), NO_CHALLENGE);
  for (const by of [second, foreign, admin]) refused(await complete(identifier, by), NO_CHALLENGE);
  const theirs = good(await foreign.init('POST', '/wallets', '{"network":"KeyEdDSA"}')).body.challengeIdentifier;
  refused(await complete(theirs), NO_CHALLENGE);
  equal((await complete(identifier)).status, 200, 'none of this spent the challenge');
});

test('[bad-input 48] a challenge completed twice, and fifty times at once', async () => {
  const expected = { status: 400, code: 'E_CHALLENGE_USED', message: 'challenge has already been used' };
  const once = good(await door.init('POST', signatures(), signing));
  good(await door.complete(once));
  refused(await door.complete(once), expected);

  const raced = good(await door.init('POST', signatures(), signing));
  const answers = await Promise.all(Array.from({ length: 50 }, () => door.complete(raced)));
  equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const answer of answers) if (answer.status !== 200) refused(answer, expected);
});

test('[bad-input 51] a call that needs a user action, without one', async () => {
  await door.unchanged(async () => {
    refused(await signs(undefined), NO_ACTION);
    refused(await door.json('POST', '/wallets', '{"network":"KeyEdDSA"}'), NO_ACTION);
    refused(await door.json('DELETE', `/wallets/${walletId}`, '{}'), NO_ACTION);
    refused(await admin.json('PUT', `/orgs/${account.orgId}/settings`, '{"keyImport":false}'), NO_ACTION);
  });
});

test('[bad-input 52] a body that is not the signed one; another spelling of the same JSON is taken', async () => {
  const userAction = await door.approve('POST', signatures(), signing);
  await door.unchanged(async () => {
    for (const body of [
      '{"kind":"Message","message":"0x0103"}',
      '{"kind":"Message","message":"0x0102","externalId":"a"}',
    ])
      refused(await signs(userAction, body), {
        status: 403,
        code: 'E_USER_ACTION_BODY',
        message: /^body does not match the signed payload \(sha256 [0-9a-f]{16}… expected, [0-9a-f]{16}… received\)$/,
      });
  });
  equal(good(await signs(userAction, '{ "message":"0x0102", "kind":"Message" }')).body.status, 'Signed');
});

test('[bad-input 53] the signed body under another path or method', async () => {
  const userAction = await door.approve('POST', signatures(), signing);
  const { signingKey } = good(await door.read(`/wallets/${walletId}`)).body;
  await door.unchanged(async () => {
    for (const [method, path, body] of [
      ['POST', `/keys/${signingKey.id}/signatures`, signing],
      ['POST', '/wallets', '{"network":"KeyEdDSA"}'],
      ['PUT', `/wallets/${walletId}`, '{"name":"a"}'],
    ] as const)
      refused(await door.json(method, path, body, { 'x-dfns-useraction': userAction }), {
        status: 403,
        code: 'E_USER_ACTION_TARGET',
        message: `user action was signed for POST ${signatures()}`,
      });
  });
  equal(good(await signs(userAction)).body.status, 'Signed');
});

test('[bad-input 54] one user action, a thousand times at once: one effect, 999 refusals', async () => {
  const body = JSON.stringify({ kind: 'Message', message: '0x5454' });
  const count = async () => {
    const { items } = good(await door.read(`${signatures()}?limit=100`)).body;
    return (items as { requestBody: { message: string } }[]).filter((each) => each.requestBody.message === '0x5454')
      .length;
  };
  const userAction = await door.approve('POST', signatures(), body);

  const answers = await Promise.all(Array.from({ length: 1000 }, () => signs(userAction, body)));

  equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const answer of answers)
    if (answer.status !== 200)
      refused(answer, { status: 400, code: 'E_USER_ACTION_USED', message: 'user action has already been used' });
  equal(await count(), 1);
});

test('[bad-input 56] the user action of one under the login of another', async () => {
  const userAction = await door.approve('POST', signatures(), signing);
  await door.unchanged(async () => {
    for (const other of [second, admin, foreign]) {
      const answer = await signs(userAction, signing, other);
      ok(answer.status === 403, answer.text);
      ok(['E_USER_ACTION', 'E_FORBIDDEN'].includes(answer.body.error.details.code));
    }
    refused(await signs(userAction, signing, second), NO_ACTION);
  });
  equal(good(await signs(userAction)).body.status, 'Signed');
});

test('[bad-input 57] a login challenge signed for an action', async () => {
  const login = await loginChallenge();
  const firstFactor = await admin.sign(login);
  const action = good(await admin.init('PUT', `/orgs/${account.orgId}/settings`, '{"keyImport":true}'));
  const complete = (challengeIdentifier: string) =>
    admin.json('POST', '/auth/action', JSON.stringify({ challengeIdentifier, firstFactor }));
  refused(await complete(login.body.challengeIdentifier), NO_CHALLENGE);
  // The signature over the login under the identifier of the action.
  refused(await complete(action.body.challengeIdentifier), {
    status: 401,
    code: ['E_ASSERTION', 'E_CHALLENGE_REQUEST', 'E_CLIENT_DATA'],
    message: /./,
  });
});

test('[bad-input 66] a password or a one-time code as the first factor of an action', async () => {
  const challenge = good(await door.init('POST', signatures(), signing));
  const complete = (firstFactor: object) =>
    door.json(
      'POST',
      '/auth/action',
      JSON.stringify({ challengeIdentifier: challenge.body.challengeIdentifier, firstFactor }),
    );
  const expected = {
    status: 401,
    code: 'E_CREDENTIAL_KIND',
    message: 'this action needs a Key or Fido2 credential',
  };
  refused(await complete({ kind: 'Password', password: 'hunter2-hunter2' }), expected);
  refused(await complete({ kind: 'Totp', otpCode: '123456' }), expected);
});

test('[bad-input 62] a challenge made before a signer restarted: sign again; what is signed anew works', async () => {
  let asked = () => {};
  const challenged = new Promise<void>((done) => {
    asked = done;
  });
  let restarted = () => {};
  const restart = new Promise<void>((done) => {
    restarted = done;
  });
  // The stock client, its signature withheld until the signer is another process.
  const held = new DfnsApiClient({
    orgId: account.orgId,
    authToken: account.serviceAccount.authToken,
    baseUrl: account.apiUrl,
    signer: {
      sign: async (challenge: object) => {
        asked();
        await restart;
        return door.sign({ body: challenge } as Answer);
      },
    },
  } as ConstructorParameters<typeof DfnsApiClient>[0]);
  const before = await door.everything();
  const making = held.wallets.createWallet({ body: { network: 'KeyEdDSA', name: 'held' } }).then(
    () => undefined,
    (error: Error & { httpStatus?: number; context?: { error?: object } }) => error,
  );
  await challenged;
  await cluster.kill('signer-2');
  cluster.startSigner(2);
  await cluster.untilOnline(5);
  restarted();
  const error = await making;

  ok(error !== undefined, 'a withheld challenge made a wallet');
  match(error.message, /sign again/);
  equal(error.httpStatus, 403);
  deepEqual(await door.everything(), before);
  equal((await sdk(account).wallets.createWallet({ body: { network: 'KeyEdDSA' } })).status, 'Active');
});
