/**
 * Two api processes on one PostgreSQL, both at one NATS server: what one began the other goes on with, what was spent at one is
 * spent at both, and a thousand at once are one.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { keyAttestation, testKey } from '@holdfast/authority/testing';
import { KeySigner } from '@holdfast/client/key-signer';
import { runNats, withoutNats } from '@holdfast/cluster/test/nats';
import { type Answer, Caller, codeOf, good } from '../faults/caller.ts';
import { Pieces } from '../faults/pieces.ts';
import { createWallet, kinds, type Wallet } from '../faults/wallets.ts';
import { type AccountFile, until } from '../harness/index.ts';
import { CHAIN_ID, configure, NETWORK, nonceOf, startAnvil } from '../orders/index.ts';

const skip = withoutNats;
/** Requests at once (R13a, R14): the thousand is for a run of its own, the suite shows a part of it. */
const FOLD = Number(process.env['HOLDFAST_TEST_FOLD'] ?? 200);
/** No limit of requests a minute: here everybody comes from one address. */
const env = { HOLDFAST_RATE_LIMIT: '0' };

let nats: Awaited<ReturnType<typeof runNats>>;
let pieces: Pieces;
let account: AccountFile;
/** The same account, at each of the two. */
let here: Caller;
let there: Caller;
let wallet: Wallet;

before(async () => {
  if (skip) return;
  nats = await runNats();
  pieces = await Pieces.found('postgres', { natsUrl: nats.url });
  await pieces.startApi({ online: 5, env });
  account = await pieces.createOrg('Acme');
  const elsewhere = { ...account, apiUrl: await pieces.startOtherApi(env) };
  [here, there] = [new Caller(account), new Caller(elsewhere)];
  wallet = await createWallet(here, 'ed25519');
});
after(async () => {
  if (skip) return;
  await pieces.stop();
  await nats.stop();
  pieces.remove();
});

const count = (answers: readonly Answer[]): Readonly<Record<string, number>> => {
  const found: Record<string, number> = {};
  for (const answer of answers) {
    const what = answer.status < 300 ? 'done' : (codeOf(answer) ?? String(answer.status));
    found[what] = (found[what] ?? 0) + 1;
  }
  return found;
};
const everywhere = (k: number): Caller => (k % 2 === 0 ? here : there);

test('a user action begun at one api is completed at the other, and spent at either, once', { skip }, async () => {
  const path = `/wallets/${wallet.id}/signatures`;
  const payload = JSON.stringify(kinds.ed25519.what);
  const wish = { userActionPayload: payload, userActionHttpMethod: 'POST', userActionHttpPath: path };
  const challenge = good(await here.send('POST', '/auth/action/init', JSON.stringify(wish))).body;
  const { credentialId: credId, privateKey } = account.serviceAccount;
  const firstFactor = await new KeySigner({ credId, privateKey }).sign(challenge);
  const signed = JSON.stringify({ challengeIdentifier: challenge.challengeIdentifier, firstFactor });

  const completed = await Promise.all([0, 1, 2, 3].map((k) => everywhere(k + 1).send('POST', '/auth/action', signed)));
  const [token] = completed.flatMap(({ status, body }) => (status === 200 ? [body.userAction as string] : []));
  equal(count(completed)['done'], 1);

  const spent = await Promise.all([0, 1, 2, 3].map((k) => everywhere(k).send('POST', path, payload, token)));
  deepEqual(count(spent), { done: 1, E_USER_ACTION_USED: 3 });
});

test(`one user action ${FOLD} times at once at two apis: one is accepted, every other has been used`, {
  skip,
}, async () => {
  const path = `/wallets/${wallet.id}`;
  const payload = JSON.stringify({ name: 'once' });
  const token = await there.approve('PUT', path, payload);
  ok(typeof token === 'string', JSON.stringify(token));

  const answers = await Promise.all(
    Array.from({ length: FOLD }, (_, k) => everywhere(k).send('PUT', path, payload, token)),
  );

  deepEqual(count(answers), { done: 1, E_USER_ACTION_USED: FOLD - 1 });
  for (const { status, body } of answers)
    if (status !== 200) equal(body.error.message, 'user action has already been used');
});

test(`one externalId in ${FOLD} signed requests at once: one signature and ${FOLD} times its id`, {
  skip,
}, async () => {
  const path = `/wallets/${wallet.id}/signatures`;
  const payload = JSON.stringify({ ...kinds.ed25519.what, externalId: 'invoice 7' });
  const tokens = await approved(FOLD, (k) => everywhere(k).approve('POST', path, payload));

  const answers = await Promise.all(tokens.map((token, k) => everywhere(k).send('POST', path, payload, token)));

  deepEqual(count(answers), { done: FOLD });
  equal(new Set(answers.map(({ body }) => body.id)).size, 1);
  const signed = pieces.rows<{ count: number }>(
    1,
    "select count(*) as count from journal where event = 'sign.started'",
  );
  const before = signed[0]?.count ?? 0;
  const again = await here.act('POST', path, JSON.parse(payload));
  equal(good(again).body.id, answers[0]?.body.id);
  deepEqual(pieces.rows(1, "select count(*) as count from journal where event = 'sign.started'"), [{ count: before }]);
});

test(`one externalId with ${FOLD} different bodies at once: one is made, every other is a conflict`, {
  skip,
}, async () => {
  const path = `/wallets/${wallet.id}/signatures`;
  const payloads = Array.from({ length: FOLD }, (_, k) =>
    JSON.stringify({ kind: 'Message', message: `0x${k.toString(16).padStart(8, '0')}`, externalId: 'invoice 8' }),
  );
  const tokens = await approved(FOLD, (k) => everywhere(k).approve('POST', path, payloads[k] ?? ''));

  const answers = await Promise.all(tokens.map((token, k) => everywhere(k).send('POST', path, payloads[k], token)));

  deepEqual(count(answers), { done: 1, E_EXTERNAL_ID: FOLD - 1 });
  for (const { status } of answers) ok([200, 409].includes(status), String(status));
});

test('a login begun at one api ends at the other, once; its session is one at both, and over at both', {
  skip,
}, async () => {
  const { admin, orgId } = account;
  const begin = good(
    await here.send('POST', '/auth/login/init', JSON.stringify({ username: 'admin@acme.example', orgId })),
  ).body;
  const { credentialId: credId, privateKey } = admin;
  const firstFactor = await new KeySigner({ credId, privateKey }).sign(begin);
  const body = JSON.stringify({ challengeIdentifier: begin.challengeIdentifier, firstFactor });

  const logins = await Promise.all([0, 1, 2, 3].map((k) => everywhere(k + 1).send('POST', '/auth/login', body)));
  equal(count(logins)['done'], 1);
  const authToken = logins.find(({ status }) => status === 200)?.body.token as string;
  const at = (caller: Caller) => new Caller(caller.account, { ...admin, authToken });

  for (const caller of [here, there]) equal((await at(caller).read('/auth/credentials')).status, 200);
  good(await at(there).send('PUT', '/auth/logout', '{}'));
  for (const caller of [here, there]) equal((await at(caller).read('/auth/credentials')).status, 401);
});

test('a code made at one api serves once, wherever it is given, and so does the challenge it gives', {
  skip,
}, async () => {
  const admin = new Caller(account, account.admin);
  const expiration = new Date(Date.now() + 30_000).toISOString();
  const { code } = good(await admin.act('POST', '/auth/credentials/code', { expiration })).body as { code: string };
  const begin = JSON.stringify({ credentialKind: 'Key', code });

  const begun = await Promise.all(
    [0, 1, 2, 3].map((k) => everywhere(k + 1).send('POST', '/auth/credentials/code/init', begin)),
  );
  deepEqual(count(begun), { done: 1, E_CODE: 3 });

  const won = begun.find(({ status }) => status === 200) as Answer;
  const { challenge, challengeIdentifier } = won.body as Record<string, string>;
  const credentialInfo = keyAttestation({
    credId: 'another-device',
    key: testKey('Ed25519'),
    challenge: challenge ?? '',
  });
  const body = { credentialKind: 'Key', credentialName: 'device', challengeIdentifier, credentialInfo };
  const enrolled = await Promise.all(
    [0, 1, 2, 3].map((k) => everywhere(k).send('POST', '/auth/credentials/code/verify', JSON.stringify(body))),
  );
  equal(count(enrolled)['done'], 1, JSON.stringify(count(enrolled)));
});

test('transfers of one wallet asked for at both at once take one nonce each, and one name is one transfer', {
  skip,
}, async () => {
  const anvil = await startAnvil({ chainId: CHAIN_ID });
  try {
    configure(pieces, anvil);
    await until('five hold a session', async () => pieces.hasSession(), 60_000);
    const { id, address } = good(await here.act('POST', '/wallets', { network: NETWORK })).body;
    await anvil.rpc('anvil_setBalance', [address, `0x${(10n ** 20n).toString(16)}`]);
    const path = `/wallets/${id}/transfers`;
    const to = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';
    const pay = (k: number, more: object = {}) =>
      everywhere(k).act('POST', path, { kind: 'Native', to, amount: '1', ...more });

    const paid = await Promise.all(Array.from({ length: 12 }, (_, k) => pay(k)));
    const nonces = paid.map((answer) => Number(good(answer).body.details.nonce)).sort((a, b) => a - b);
    deepEqual(nonces, [...nonces.keys()]);

    const named = await Promise.all([0, 1, 2, 3, 4, 5].map((k) => pay(k, { externalId: 'rent' })));
    equal(new Set(named.map((answer) => good(answer).body.id)).size, 1);
    await until('all are in blocks', async () => (await nonceOf(anvil, address)) === 13, 60_000);
  } finally {
    await anvil.stop();
  }
});

test('changes of authority at both at once come one after the other, and both know all of them', { skip }, async () => {
  const admins = [here, there].map(({ account: at }) => new Caller(at, account.admin)) as [Caller, Caller];
  const names = Array.from({ length: 6 }, (_, k) => `person-${k}@acme.example`);

  const made = await Promise.all(
    names.map(async (email, k) => {
      // The head moves under whoever is second: signing again is what a client does.
      for (let attempt = 0; attempt < 20; attempt += 1) {
        const answer = await (admins[k % 2] as Caller).act('POST', '/auth/users', { email, kind: 'CustomerEmployee' });
        if (codeOf(answer) !== 'E_STALE_HEAD') return good(answer).body.userId as string;
      }
      throw new Error(`${email} was not made`);
    }),
  );

  equal(new Set(made).size, names.length);
  for (const admin of admins) {
    const { items } = good(await admin.read('/auth/users')).body as { items: { username: string }[] };
    for (const name of names)
      ok(
        items.some(({ username }) => username === name),
        name,
      );
  }
});

/** User actions for many requests, some at a time: making them is not what is tested. */
async function approved(length: number, approve: (k: number) => Promise<string | Answer>): Promise<string[]> {
  const tokens: string[] = [];
  for (let from = 0; from < length; from += 25) {
    const some = Array.from({ length: Math.min(25, length - from) }, (_, k) => approve(from + k));
    for (const token of await Promise.all(some)) {
      ok(typeof token === 'string', JSON.stringify(token));
      tokens.push(token);
    }
  }
  return tokens;
}
