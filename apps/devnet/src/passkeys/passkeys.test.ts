/**
 * Passkeys from end to end: a real browser, the public client, the api, five signers. A person registers with a code,
 * waits for a confirmation, then makes wallets, signs, and enrols a second device. Then the same with one thing wrong.
 */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DfnsApiClient, DfnsAuthenticator, DfnsDelegatedApiClient } from '@dfns/sdk';
import { permissionIdOf } from '@holdfast/authority/ids';
import { HoldfastApi } from '@holdfast/client/api';
import { KeySigner } from '@holdfast/client/key-signer';
import { fromBase64Url, toBase64Url, utf8, utf8Decode } from '@holdfast/contract/wire';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { type AccountFile, Cluster, sdk, until } from '../harness/index.ts';
import { Browser, browserIsOff, type Page } from './browser.ts';
import {
  type CreationChallenge,
  createPasskey,
  type PasskeyAssertion,
  type RequestChallenge,
  signWithPasskey,
} from './in-page.ts';
import { bundledSdk, makeWallet, registerAndLogIn } from './sdk-in-page.ts';

const skip = browserIsOff ? 'HOLDFAST_TEST_BROWSER=off: nothing here was shown in a browser' : false;
const username = 'ann@acme.example';
const hash = `0x${'07'.repeat(32)}`;

let cluster: Cluster;
let account: AccountFile;
let admin: HoldfastApi;
let browser: Browser;
/** Ann's computer, and her phone: each page has an authenticator of its own. */
let computer: Page;
let phone: Page;
let userId: string;
let token: string;
let walletId: string;

describe('passkeys', { skip }, () => {
  before(async () => {
    // First: without a browser nothing else needs to be started.
    browser = await Browser.launch();
    cluster = await Cluster.start();
    account = cluster.createOrg('Acme', { enable: false });
    const { credentialId, privateKey, authToken, userId: adminId } = account.admin;
    admin = new HoldfastApi({
      baseUrl: account.apiUrl,
      authToken,
      signer: new KeySigner({ credId: credentialId, privateKey }),
      pins: { clusterFingerprint: account.clusterFingerprint, orgId: account.orgId, userId: adminId },
    });
    [computer, phone] = [await browser.page(), await browser.page()];
    await computer.goto(`${account.apiUrl}/`);
    await phone.goto(`${account.apiUrl}/`);
  });
  after(async () => {
    await browser?.close();
    await cluster?.stop();
    cluster?.remove();
  });

  test('a person registers with the code of a mail, logs in and reads; acting waits for a confirmation', async () => {
    const made = await admin.signed<{ userId: string }>('POST', '/auth/users', {
      email: username,
      kind: 'CustomerEmployee',
    });
    userId = made.result.userId;

    const registered = await authenticator(computer).register({
      orgId: account.orgId,
      username,
      registrationCode: mailedCode(),
    });
    equal(registered.user.id, userId);
    equal(registered.credential.kind, 'Fido2');

    ({ token } = await authenticator(computer).login({ orgId: account.orgId, username }));
    const { items } = await as(computer).auth.listCredentials();
    deepEqual(
      items.map((item) => [item.kind, item.isActive, (item as { isConfirmed?: boolean }).isConfirmed]),
      [['Fido2', true, false]],
    );
    await rejects(as(computer).wallets.createWallet({ body: { network: 'KeyEdDSA' } }), /is not confirmed/);
  });

  test('once confirmed and permitted, the passkey makes a wallet and signs with it', async () => {
    const [item] = (await as(computer).auth.listCredentials()).items;
    await admin.signed('POST', '/holdfast/credentials/confirm', {
      userId,
      credentialId: item?.credentialId,
      kind: item?.kind,
      publicKey: item?.publicKey,
      name: 'computer of Ann',
    });
    await rejects(as(computer).wallets.createWallet({ body: { network: 'EthereumSepolia' } }), /not authorized/);
    await admin.signed('POST', `/permissions/${managedKeyUser()}/assignments`, {
      identityId: userId,
    });

    const wallet = await as(computer).wallets.createWallet({ body: { network: 'EthereumSepolia', name: 'Ann' } });
    walletId = wallet.id;
    const { signature } = await as(computer).wallets.generateSignature({ walletId, body: { kind: 'Hash', hash } });

    const { r = '', s = '' } = signature ?? {};
    const compact = Buffer.from(r.slice(2) + s.slice(2), 'hex');
    const publicKey = Buffer.from(wallet.signingKey.publicKey, 'hex');
    ok(secp256k1.verify(compact, Buffer.from(hash.slice(2), 'hex'), publicKey, { prehash: false }));
  });

  test('says who logs in without being asked: a discoverable login', async () => {
    const dfns = as(computer);
    const challenge = await dfns.auth.createLoginChallenge({ body: { orgId: account.orgId } });
    deepEqual(challenge.allowCredentials.webauthn, []);

    const credentialAssertion = await signWithPasskey(computer, challenge);
    equal(utf8Decode(fromBase64Url(credentialAssertion.userHandle ?? '')), userId);
    const reply = await dfns.auth.login({
      body: {
        challengeIdentifier: challenge.challengeIdentifier,
        firstFactor: { kind: 'Fido2', credentialAssertion },
      } as never,
    });
    ok((reply as { token?: string }).token);
  });

  test('a second device is enrolled under the signature of the first, and signs at once', async () => {
    const challenge = await as(computer).auth.createCredentialChallenge({ body: { kind: 'Fido2' } });
    // A device that holds one of the user's passkeys is told so by the list of excluded ones.
    await rejects(createPasskey(computer, challenge as unknown as CreationChallenge), /InvalidStateError/);
    const { credentialInfo } = await createPasskey(phone, challenge as unknown as CreationChallenge);

    const added = await as(computer).auth.createCredential({
      body: {
        credentialKind: 'Fido2',
        credentialInfo,
        credentialName: 'phone of Ann',
        challengeIdentifier: challenge.challengeIdentifier,
      } as never,
    });
    equal((added as { isConfirmed?: boolean }).isConfirmed, true);

    const { status } = await as(phone).wallets.generateSignature({ walletId, body: { kind: 'Hash', hash } });
    equal(status, 'Signed');
  });

  test('challenges of this length go through the browser unchanged', async (t) => {
    const { challenge } = await challengeOf(JSON.stringify({ kind: 'Hash', hash }), `/wallets/${walletId}/signatures`);
    const { clientData } = await signWithPasskey(computer, challenge);

    const data = JSON.parse(utf8Decode(fromBase64Url(clientData))) as { challenge: string };
    equal(data.challenge, toBase64Url(utf8(challenge.challenge)));
    const bytes = fromBase64Url(clientData).length;
    t.diagnostic(`challenge ${challenge.challenge.length} characters, client data ${bytes} bytes`);
    ok(challenge.challenge.length > 500 && bytes <= 4096);

    // The longest that the format allows (docs/specs/challenge-record.md §1), too.
    const longest = { ...challenge, challenge: 'e'.repeat(1024) };
    const again = await signWithPasskey(computer, longest);
    const longData = JSON.parse(utf8Decode(fromBase64Url(again.clientData))) as { challenge: string };
    equal(longData.challenge, toBase64Url(utf8(longest.challenge)));
    ok(fromBase64Url(again.clientData).length <= 4096);
  });

  test('one user, two devices, two applications: the eleven steps, through a server that signs for nobody', async () => {
    // 1. Two applications, a user whose passkey A is on device A, and the user's token, which a server keeps.
    const [appA, appB] = [await application('A'), await application('B')];
    const [deviceA, deviceB] = [await browser.page(), await browser.page()];
    const server = sdk(account);
    const own = account.serviceAccount;
    const serverSigner = new HoldfastApi({
      baseUrl: account.apiUrl,
      authToken: own.authToken,
      signer: new KeySigner({ credId: own.credentialId, privateKey: own.privateKey }),
      pins: { clusterFingerprint: account.clusterFingerprint, orgId: account.orgId, userId: own.userId },
    });
    try {
      const role = await admin.signed<{ id: string }>('POST', '/permissions', {
        name: 'registers end users',
        operations: ['Auth:Register:Delegated', 'Auth:Login:Delegated'],
      });
      await admin.signed('POST', `/permissions/${role.result.id}/assignments`, { identityId: own.userId });
      for (const app of [appA, appB])
        await admin.signed('POST', '/auth/apps', {
          name: `app ${app.name}`,
          kind: 'ClientSideApplication',
          relyingPartyId: 'localhost',
          origin: app.origin,
        });
      const username = 'eve@people.example';
      const registration = await server.auth.createDelegatedRegistrationChallenge({
        body: { email: username, kind: 'EndUser' },
      });
      await deviceA.goto(`${appA.origin}/`);
      const first = await createPasskey(deviceA, registration as unknown as CreationChallenge);
      const temporary = { authorization: `Bearer ${registration.temporaryAuthenticationToken}` };
      const registered = await send(
        'POST',
        '/auth/registration/enduser',
        JSON.stringify({
          firstFactorCredential: { credentialKind: 'Fido2', credentialInfo: first.credentialInfo },
          wallets: [],
        }),
        temporary,
      );
      equal(registered.status, 200, registered.code);
      await serverSigner.signed('POST', '/holdfast/registrations/confirm', {
        userId: registration.user.id,
        credentials: [
          {
            credentialId: first.credentialInfo.credId,
            kind: 'Fido2',
            publicKey: pem(first.publicKey),
            name: 'device A',
          },
        ],
      });
      const { token: authToken } = await server.auth.delegatedLogin({ body: { username } });
      const carrier = new DfnsDelegatedApiClient({ baseUrl: account.apiUrl, orgId: account.orgId, authToken });

      // 2 to 5. From app B on device B the user asks for a passkey; the server fetches challenge 1 and hands it to app B.
      await deviceB.goto(`${appB.origin}/`);
      const challenge1 = await carrier.auth.createCredentialChallenge({ body: { kind: 'Fido2' } });
      // 6. App B makes passkey B, which signs challenge 1.
      const second = await createPasskey(deviceB, challenge1 as unknown as CreationChallenge);
      const body = {
        credentialKind: 'Fido2' as const,
        credentialInfo: second.credentialInfo,
        credentialName: 'device B',
        challengeIdentifier: challenge1.challengeIdentifier,
      };
      // 7 and 8. The server begins the user action that adds it, and hands challenge 2 to app A.
      const challenge2 = await carrier.auth.createCredentialInit({ body });
      // The server alone, and passkey B, which nobody has vouched for, get nowhere.
      const byB = await signWithPasskey(deviceB, {
        ...(challenge2 as unknown as RequestChallenge),
        allowCredentials: { webauthn: [{ type: 'public-key', id: second.credentialInfo.credId }] },
      });
      await rejects(carrier.auth.createCredentialComplete({ body }, signed(challenge2, byB)));
      // 9. On device A the user signs challenge 2 with passkey A.
      const byA = await signWithPasskey(deviceA, challenge2 as unknown as RequestChallenge);
      // 10. The server carries the signature; every signer checks it.
      const added = await carrier.auth.createCredentialComplete({ body }, signed(challenge2, byA));
      equal((added as { isConfirmed?: boolean }).isConfirmed, true);

      // 11. One user, two devices, one passkey on each: B signs in its own application, even A's end.
      const { items } = await carrier.auth.listCredentials();
      deepEqual(
        items.flatMap(({ kind, isActive }) => [kind, isActive]),
        ['Fido2', true, 'Fido2', true],
      );
      const ofA = items.find(({ credentialId }) => credentialId === first.credentialInfo.credId);
      const off = { body: { credentialUuid: ofA?.credentialUuid ?? '' } };
      const challenge3 = await carrier.auth.deactivateCredentialInit(off);
      const byBAgain = await signWithPasskey(deviceB, challenge3 as unknown as RequestChallenge);
      await carrier.auth.deactivateCredentialComplete(off, signed(challenge3, byBAgain));
      const left = (await carrier.auth.listCredentials()).items.filter(({ isActive }) => isActive);
      deepEqual(
        left.map(({ credentialId }) => credentialId),
        [second.credentialInfo.credId],
      );
    } finally {
      for (const app of [appA, appB]) app.server.close();
    }
  });

  test('the public client’s own signer for browsers registers, signs in and acts, in the browser itself', async () => {
    const page = await browser.page();
    // The policy of this page lets scripts talk to the api; that of the front page lets nothing.
    await page.goto(`${account.apiUrl}/app/login`);
    await page.send('Runtime.evaluate', { expression: await bundledSdk() });
    const username = 'bob@acme.example';
    const made = await admin.signed<{ userId: string }>('POST', '/auth/users', {
      email: username,
      kind: 'CustomerEmployee',
    });
    const place = { baseUrl: account.apiUrl, orgId: account.orgId };

    const bobs = await page.run(registerAndLogIn, [place, { username, registrationCode: mailedCode(username) }]);
    const [item] = bobs.items;
    await admin.signed('POST', '/holdfast/credentials/confirm', {
      userId: made.result.userId,
      credentialId: item?.credentialId,
      kind: item?.kind,
      publicKey: item?.publicKey,
      name: 'browser of Bob',
    });
    await admin.signed('POST', `/permissions/${managedKeyUser()}/assignments`, { identityId: made.result.userId });
    const wallet = await page.run(makeWallet, [place, bobs.token]);

    match(wallet.id, /^wa-/);
    match(wallet.address ?? '', /^0x[0-9a-fA-F]{40}$/);
  });

  describe('refuses, with everything else valid,', () => {
    let elsewhere: Server;
    let elsewhereUrl: string;
    /** A page of another origin, with a copy of the computer's passkey. */
    let stranger: Page;

    before(async () => {
      elsewhere = createServer((request, reply) => {
        const frame = `<iframe src="${account.apiUrl}${request.url === '/' ? '/health' : '/'}" allow="publickey-credentials-get *"></iframe>`;
        reply.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>elsewhere</title>${frame}`);
      });
      await new Promise<void>((done) => elsewhere.listen(0, '127.0.0.1', done));
      const address = elsewhere.address();
      elsewhereUrl = `http://localhost:${typeof address === 'object' ? address?.port : ''}`;
      stranger = await browser.page();
      await stranger.goto(`${elsewhereUrl}/`);
    });
    after(() => elsewhere.close());

    /** A copy of the passkey as it is now: its counter goes on from here. */
    const copied = async (signCount?: number) =>
      stranger.restore(
        (await computer.storedCredentials()).map((stored) => ({ ...stored, signCount: signCount ?? stored.signCount })),
      );
    const flipped = (text: string, at: number) => {
      const bytes = Uint8Array.from(fromBase64Url(text));
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return toBase64Url(bytes);
    };

    const wrong: readonly {
      readonly what: string;
      readonly code: string;
      sign(challenge: RequestChallenge): Promise<PasskeyAssertion>;
    }[] = [
      {
        what: 'an assertion made on a page of another port',
        code: 'E_CLIENT_DATA_ORIGIN',
        async sign(challenge) {
          await copied();
          return signWithPasskey(stranger, challenge);
        },
      },
      {
        what: 'an assertion made in a frame of a page of another origin',
        code: 'E_CROSS_ORIGIN',
        async sign(challenge) {
          await copied();
          await until('the frame is there', async () => stranger.hasFrameOf(account.apiUrl), 10_000);
          const assertion = await signWithPasskey(stranger, challenge, account.apiUrl);
          match(utf8Decode(fromBase64Url(assertion.clientData)), /"crossOrigin":true/);
          return assertion;
        },
      },
      {
        what: 'an assertion whose flag UV is clear',
        code: 'E_USER_VERIFICATION',
        async sign(challenge) {
          await computer.leaveUserVerificationOut(true);
          const assertion = await signWithPasskey(computer, { ...challenge, userVerification: 'discouraged' }).finally(
            () => computer.leaveUserVerificationOut(false),
          );
          equal((fromBase64Url(assertion.authenticatorData)[32] ?? 0) & 5, 1, 'UP set, UV clear');
          return assertion;
        },
      },
      {
        what: 'authenticator data of which one bit of the counter was altered',
        code: 'E_ASSERTION',
        async sign(challenge) {
          const assertion = await signWithPasskey(computer, challenge);
          return { ...assertion, authenticatorData: flipped(assertion.authenticatorData, 36) };
        },
      },
      {
        what: 'authenticator data of another moment',
        code: 'E_ASSERTION',
        async sign(challenge) {
          const { authenticatorData } = await signWithPasskey(computer, challenge);
          return { ...(await signWithPasskey(computer, challenge)), authenticatorData };
        },
      },
      {
        what: 'an assertion over another challenge of the same user',
        code: 'E_ASSERTION',
        sign: async () => signWithPasskey(computer, (await challengeOf()).challenge),
      },
      {
        what: 'an assertion over the challenge with one character more',
        code: 'E_ASSERTION',
        sign: (challenge) => signWithPasskey(computer, { ...challenge, challenge: `${challenge.challenge}A` }),
      },
      {
        what: 'the user handle of another user',
        code: 'E_NO_CREDENTIAL',
        async sign(challenge) {
          const assertion = await signWithPasskey(computer, challenge);
          return { ...assertion, userHandle: toBase64Url(utf8(account.admin.userId)) };
        },
      },
      {
        what: 'a passkey of a device restored from an old copy, its counter gone back',
        code: 'E_COUNTER',
        async sign(challenge) {
          const before = await computer.storedCredentials();
          await computer.restore(before.map((stored) => ({ ...stored, signCount: 1 })));
          return signWithPasskey(computer, challenge).finally(() => computer.restore(before));
        },
      },
    ];
    for (const { what, code, sign } of wrong)
      test(`${what} (${code})`, async () => {
        const { challenge, identifier } = await challengeOf();

        const refused = await complete(identifier, await sign(challenge));
        deepEqual([refused.status, refused.code], [401, code]);

        // It was that one thing: the same challenge, signed as it should be, is good.
        equal((await complete(identifier, await signWithPasskey(computer, challenge))).status, 200);
      });

    test('a replay: of the assertion, of its token, and of the assertion for another challenge', async () => {
      const { challenge, identifier } = await challengeOf();
      const assertion = await signWithPasskey(computer, challenge);
      const first = await complete(identifier, assertion);
      equal(first.status, 200);

      equal((await complete(identifier, assertion)).code, 'E_CHALLENGE_USED');
      equal((await complete((await challengeOf()).identifier, assertion)).code, 'E_ASSERTION');
      const use = () => send('POST', '/wallets', wished, { 'x-dfns-useraction': first.userAction ?? '' });
      equal((await use()).status, 200);
      equal((await use()).code, 'E_USER_ACTION_USED');
    });

    test('to be framed: the page itself opens in no frame', async () => {
      await stranger.goto(`${elsewhereUrl}/framing-the-page`);

      equal(stranger.hasFrameOf(account.apiUrl), false);
    });
  });
});

const wished = JSON.stringify({ network: 'KeyEdDSA' });

async function challengeOf(
  userActionPayload = wished,
  userActionHttpPath = '/wallets',
): Promise<{ challenge: RequestChallenge; identifier: string }> {
  const challenge = await as(computer).auth.createUserActionChallenge({
    body: { userActionPayload, userActionHttpMethod: 'POST', userActionHttpPath },
  });
  return { challenge: challenge as RequestChallenge, identifier: challenge.challengeIdentifier };
}

function complete(challengeIdentifier: string, credentialAssertion: PasskeyAssertion) {
  const firstFactor = { kind: 'Fido2', credentialAssertion };
  return send('POST', '/auth/action', JSON.stringify({ challengeIdentifier, firstFactor }));
}

/** Past the public client, which has no words for what is wrong here. */
async function send(
  method: string,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; code?: string; userAction?: string }> {
  const reply = await fetch(`${account.apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body,
  });
  const answered = (await reply.json()) as { error?: { details: { code: string } }; userAction?: string };
  return {
    status: reply.status,
    ...(answered.error === undefined ? {} : { code: answered.error.details.code }),
    ...(answered.userAction === undefined ? {} : { userAction: answered.userAction }),
  };
}

/** What the public client takes for a signer, with the browser behind it. */
function signerOf(page: Page) {
  return {
    sign: async (challenge: unknown) => ({
      kind: 'Fido2' as const,
      credentialAssertion: await signWithPasskey(page, challenge as RequestChallenge),
    }),
    create: async (challenge: unknown) => ({
      credentialKind: 'Fido2' as const,
      credentialInfo: (await createPasskey(page, challenge as CreationChallenge)).credentialInfo,
    }),
  };
}

function authenticator(page: Page): DfnsAuthenticator {
  return new DfnsAuthenticator({ baseUrl: account.apiUrl, orgId: account.orgId, signer: signerOf(page) } as never);
}

function as(page: Page): DfnsApiClient {
  return new DfnsApiClient({
    baseUrl: account.apiUrl,
    orgId: account.orgId,
    authToken: token,
    signer: signerOf(page),
  } as never);
}

function managedKeyUser(): string {
  const pin = readFileSync(join(cluster.dir, 'data/signer-1/pins', account.orgId), 'utf8');
  return permissionIdOf(Buffer.from(pin, 'hex'), 'ManagedKeyUser');
}

/** A page of somebody's application, at an origin of its own. */
async function application(name: string): Promise<{ name: string; origin: string; server: Server }> {
  const server = createServer((_, reply) =>
    reply.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>app ${name}</title>`),
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return { name, origin: `http://localhost:${typeof address === 'object' ? address?.port : ''}`, server };
}

const signed = ({ challengeIdentifier }: { readonly challengeIdentifier: string }, assertion: PasskeyAssertion) => ({
  challengeIdentifier,
  firstFactor: { kind: 'Fido2' as const, credentialAssertion: assertion },
});

/** RFC 7468, of the DER that a browser gives. */
const pem = (der: string): string =>
  `-----BEGIN PUBLIC KEY-----\n${der.replace(/(.{64})(?=.)/g, '$1\n')}\n-----END PUBLIC KEY-----\n`;

function mailedCode(to = username): string {
  const outbox = join(cluster.dir, 'data/api/outbox');
  const mails = readdirSync(outbox)
    .map((name) => readFileSync(join(outbox, name), 'utf8'))
    .filter((mail) => mail.includes(`To: ${to}`));
  const [, code] = mails.map((mail) => /Registration code: (\S+)/.exec(mail)).find((found) => found !== null) ?? [];
  if (code === undefined) throw new Error('no code in the outbox');
  return code;
}
