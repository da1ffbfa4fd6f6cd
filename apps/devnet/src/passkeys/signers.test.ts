/**
 * Passkeys past the api: a hostile one hands real assertions of a real browser to real signers, each of which verifies
 * them itself. The credential is known to them only after an administrator confirmed it.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { encodeChallenge } from '@holdfast/authority/challenge';
import { deriveId } from '@holdfast/authority/ids';
import type { ChallengeAssertion } from '@holdfast/authority/types';
import { fromBase64Url, toBase64Url, utf8 } from '@holdfast/contract/wire';
import { until } from '../harness/index.ts';
import { type ActParts, type Draft, everybody, HostileApi, type Org, refusalOf } from '../hostile/hostile-api.ts';
import { Browser, browserIsOff, type Page } from './browser.ts';
import { type CreatedPasskey, createPasskey, type PasskeyAssertion, signWithPasskey } from './in-page.ts';

const skip = browserIsOff ? 'HOLDFAST_TEST_BROWSER=off: nothing here was shown in a browser' : false;
const three = everybody.slice(0, 3);

let browser: Browser;
let page: Page;
/** The page of another origin: it frames the first. */
let stranger: Page;
let pages: readonly Server[];
let origin: string;
let api: HostileApi;
let org: Org;
let userId: string;
let passkey: CreatedPasskey;
let walletId: string;

describe('passkeys at the signers', { skip }, () => {
  before(async () => {
    browser = await Browser.launch();
    const [ours, ourUrl] = await serve(() => '<!doctype html><title>ours</title>');
    const [theirs, theirUrl] = await serve(
      () => `<!doctype html><title>theirs</title><iframe src="${ourUrl}" allow="publickey-credentials-get *"></iframe>`,
    );
    pages = [ours, theirs];
    origin = ourUrl;
    [page, stranger] = [await browser.page(), await browser.page()];
    await page.goto(`${ourUrl}/`);
    await stranger.goto(`${theirUrl}/`);
    api = await HostileApi.start();
    org = await api.found('Acme', origin);
    ({ walletId } = await api.createKey(org, 'KeyEdDSA'));
    const made = await api.govern(org, 'POST', '/auth/users', { email: 'ann@acme.example', kind: 'CustomerEmployee' });
    userId = deriveId('us', made.nullifier);
    await api.govern(org, 'POST', `/permissions/${api.permissionId(org, 'ManagedKeyUser')}/assignments`, {
      identityId: userId,
    });
    passkey = await createPasskey(page, {
      challenge: 'any: the api took it by a code, signers never saw it',
      rp: { id: 'localhost', name: 'Acme' },
      user: { id: userId, name: 'ann@acme.example', displayName: 'Ann' },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'direct',
    });
  });
  after(async () => {
    await browser?.close();
    for (const server of pages ?? []) server.close();
    await api?.stop();
  });

  test('an assertion of a credential enrolled by code is refused by every signer until it is confirmed', async () => {
    await refused('E_CREDENTIAL_UNKNOWN', await signed(draft()));

    await api.govern(org, 'POST', '/holdfast/credentials/confirm', {
      userId,
      credentialId: passkey.credentialInfo.credId,
      kind: 'Fido2',
      publicKey: `-----BEGIN PUBLIC KEY-----\n${passkey.publicKey.replace(/(.{64})(?=.)/g, '$1\n')}\n-----END PUBLIC KEY-----\n`,
      name: 'computer of Ann',
    });

    await accepted(await signed(draft()));
  });

  test('the flag UV clear is refused', async () => {
    await page.leaveUserVerificationOut(true);
    const parts = await signed(draft(), { userVerification: 'discouraged' });
    await page.leaveUserVerificationOut(false);

    await refused('E_USER_VERIFICATION', parts);
  });

  test('altered authenticator data is refused', async () => {
    await refused(
      'E_ASSERTION',
      await signed(draft(), {}, (assertion) => {
        const bytes = Uint8Array.from(fromBase64Url(assertion.authenticatorData));
        bytes[32] = (bytes[32] ?? 0) ^ 0x08;
        return { ...assertion, authenticatorData: toBase64Url(bytes) };
      }),
    );
  });

  test('an assertion made on a page of another origin is refused', async () => {
    await stranger.restore(await page.storedCredentials());

    await refused('E_CLIENT_DATA_ORIGIN', await signed(draft(), { on: stranger }));
  });

  test('an assertion made in a frame on a page of another origin is refused', async () => {
    await stranger.restore(await page.storedCredentials());
    await until('the frame is there', async () => stranger.hasFrameOf(origin), 10_000);

    await refused('E_CROSS_ORIGIN', await signed(draft(), { on: stranger, frameOf: origin }));
  });

  test('an assertion over another challenge is refused: the request is not the one that was signed', async () => {
    const other = draft({ kind: 'Message', message: '0x66' });

    await refused('E_CHALLENGE_REQUEST', { ...(await signed(other)), request: draft().request });
  });

  test('a challenge made for another user is refused, whoever the user handle names', async () => {
    const forAdmin = api.draft(org, 'POST', path(), { kind: 'Message', message: '0x01' }, org.admin);

    await refused('E_CHALLENGE_USER', await signed(forAdmin));
    await refused(
      'E_CHALLENGE_USER',
      await signed(forAdmin, {}, (assertion) => ({ ...assertion, userHandle: toBase64Url(utf8(org.admin.userId)) })),
    );
  });

  test('a replay is another attempt at the same thing, never at another', async () => {
    const parts = await signed(draft());
    await accepted(parts);

    await refused('E_CHALLENGE_REQUEST', {
      ...parts,
      request: { ...parts.request, payload: JSON.stringify({ kind: 'Message', message: '0x02' }) },
    });
  });

  test('a counter that goes back is not the business of signers, which see requests in any order', async () => {
    const before = await page.storedCredentials();
    await page.restore(before.map((stored) => ({ ...stored, signCount: 0 })));
    const parts = await signed(draft());
    await page.restore(before);

    await accepted(parts);
  });
});

const path = () => `/wallets/${walletId}/signatures`;
const draft = (body: object = { kind: 'Message', message: '0x01' }) => api.draft(org, 'POST', path(), body, { userId });

async function signed(
  of: Draft,
  how: { readonly userVerification?: string; readonly on?: Page; readonly frameOf?: string } = {},
  change: (assertion: PasskeyAssertion) => PasskeyAssertion = (assertion) => assertion,
): Promise<ActParts> {
  const challenge = {
    challenge: encodeChallenge(of.record),
    rp: { id: 'localhost' },
    userVerification: how.userVerification ?? 'required',
    allowCredentials: { webauthn: [{ type: 'public-key', id: passkey.credentialInfo.credId }] },
  };
  const assertion = change(await signWithPasskey(how.on ?? page, challenge, how.frameOf));
  return { request: of.request, tokens: of.tokens, assertion: { kind: 'Fido2', ...assertion } as ChallengeAssertion };
}

async function accepted(parts: ActParts): Promise<void> {
  for (const reply of await api.act(three, parts)) ok(reply.ok, JSON.stringify(reply));
}

/** By each signer, by this code, and no journal grew. */
async function refused(code: string, parts: ActParts): Promise<void> {
  const before = api.mark();

  const replies = await api.act(three, parts);

  deepEqual(
    replies.map((reply) => refusalOf(reply)?.code),
    three.map(() => code),
  );
  deepEqual(api.mark().journals, before.journals);
}

async function serve(html: () => string): Promise<readonly [Server, string]> {
  const server = createServer((_, reply) => reply.writeHead(200, { 'content-type': 'text/html' }).end(html()));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  equal(typeof address.port, 'number');
  return [server, `http://localhost:${address.port}`];
}
