/**
 * A signer against a hostile api: per step of security-model.md 2.6 (h) forgeries that are valid in all else. Each is
 * refused by that step's code, and nothing leaves any signer: read from the traffic and from the journals.
 */
import { deepEqual, equal } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeChallenge } from '@holdfast/authority/challenge';
import type { ChallengeRecord } from '@holdfast/authority/types';
import { fromHex, toBase64Url, toHex } from '@holdfast/contract/wire';
import {
  type ActCommand,
  type ActOptions,
  assertion,
  codesOf,
  createTestApi,
  everybody,
  newUserKey,
  nullifierOf,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
  type TestUser,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'consent 1';
console.log(`seed: ${seed}`);

const participants = [1, 2, 3];
const body = { kind: 'Message', message: '0x616263' };
let api: TestApi<TestCluster>;
let org: TestOrganisation;
let other: TestOrganisation;
let reader: TestUser;
let gone: TestUser;
let key = '';
let foreignKey = '';

before(async () => {
  api = createTestApi(await startTestCluster(seed));
  org = await api.found('Acme');
  other = await api.found('Other');
  reader = await api.serviceAccount({ org, permission: 'ManagedReadOnly' });
  gone = await api.serviceAccount({ org, permission: 'ManagedKeyUser' });
  await api.govern({
    org,
    user: org.admin,
    method: 'PUT',
    path: `/auth/service-accounts/${gone.userId}/deactivate`,
    body: {},
  });
  key = (await api.createKey({ org, user: org.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } })).keyId;
  foreignKey = (await api.createKey({ org: other, user: other.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } }))
    .keyId;
});
after(() => api.cluster.stop());

const honest = (o: Partial<ActOptions> = {}): ActCommand =>
  api.makeAct({ org, user: org.admin, method: 'POST', path: `/keys/${key}/signatures`, body, participants, ...o });

/** The command with other client data, signed anew by its user. */
const resigned = (command: ActCommand, user: TestUser, clientData: Readonly<Record<string, unknown>>): ActCommand => {
  const { challenge } = JSON.parse(Buffer.from(command.assertion.clientData, 'base64url').toString()) as {
    challenge: string;
  };
  return { ...command, assertion: assertion(user, challenge, clientData) };
};
/** White space in the client data changes nothing but the bytes that were signed. */
const altered = (command: ActCommand): ActCommand => {
  const clientData = toBase64Url(
    new Uint8Array(Buffer.concat([Buffer.from(command.assertion.clientData, 'base64url'), Buffer.from(' ')])),
  );
  return { ...command, assertion: { ...command.assertion, clientData } };
};
const record = (o: Partial<ChallengeRecord>): ActCommand => honest({ challenge: o });
const rawChallenge = (text: string): ActCommand => ({ ...honest(), assertion: assertion(org.admin, text) });
const canonical = (): Record<string, unknown> => {
  const { challenge } = JSON.parse(Buffer.from(honest().assertion.clientData, 'base64url').toString()) as {
    challenge: string;
  };
  return JSON.parse(Buffer.from(challenge, 'base64url').toString()) as Record<string, unknown>;
};
const encode = (value: unknown): string => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));

const forgeries: readonly { step: string; what: string; code: string; make: () => ActCommand }[] = [
  {
    step: '2',
    what: 'a payload with a member twice',
    code: 'E_JSON_DUPLICATE_KEY',
    make: () => honest({ body: '{"kind":"Message","message":"0x61","message":"0x62"}' }),
  },
  { step: '2', what: 'a payload that is a list', code: 'E_JSON_TYPE', make: () => honest({ body: '[]' }) },
  {
    step: '2',
    what: 'a payload 17 deep',
    code: 'E_JSON_DEPTH',
    make: () => honest({ body: `{"a":${'['.repeat(17)}${']'.repeat(17)}}` }),
  },
  {
    step: '2',
    what: 'a payload with __proto__',
    code: 'E_JSON_FORBIDDEN_KEY',
    make: () => honest({ body: '{"__proto__":{}}' }),
  },
  {
    step: '3',
    what: 'a path that is no operation',
    code: 'E_USER_ACTION_PATH',
    make: () => honest({ path: `/keys/${key}/signature` }),
  },
  {
    step: '3',
    what: 'a path of an operation that signers never hear of',
    code: 'E_USER_ACTION_PATH',
    make: () => honest({ method: 'PUT', path: `/keys/${key}` }),
  },
  {
    step: '4',
    what: 'an unknown credential',
    code: 'E_CREDENTIAL_UNKNOWN',
    make: () => honest({ user: { ...org.admin, credentialId: 'bm9ib2R5' } }),
  },
  { step: '4', what: 'a deactivated user', code: 'E_CREDENTIAL_UNKNOWN', make: () => honest({ user: gone }) },
  {
    step: '5',
    what: 'a signature by another key',
    code: 'E_ASSERTION',
    make: () => honest({ user: { ...org.admin, ...newUserKey(fromHex('01')) } }),
  },
  { step: '5', what: 'client data changed after signing', code: 'E_ASSERTION', make: () => altered(honest()) },
  {
    step: '6',
    what: 'client data of a registration',
    code: 'E_CLIENT_DATA_TYPE',
    make: () => resigned(honest(), org.admin, { type: 'key.create' }),
  },
  {
    step: '6',
    what: 'client data of a passkey',
    code: 'E_CLIENT_DATA_TYPE',
    make: () => resigned(honest(), org.admin, { type: 'webauthn.get' }),
  },
  {
    step: '6',
    what: 'a cross-origin frame',
    code: 'E_CROSS_ORIGIN',
    make: () => resigned(honest(), org.admin, { crossOrigin: true }),
  },
  {
    step: '7',
    what: 'a challenge with a field too many',
    code: 'E_CHALLENGE_FORM',
    make: () => rawChallenge(encode({ ...canonical(), z: 1 })),
  },
  {
    step: '7',
    what: 'a challenge in another order',
    code: 'E_CHALLENGE_FORM',
    make: () => rawChallenge(encode(Object.fromEntries(Object.entries(canonical()).reverse()))),
  },
  { step: '7', what: 'a login challenge', code: 'E_CHALLENGE_KIND', make: () => record({ k: 'Login', b: '' }) },
  {
    step: '7',
    what: 'a registration challenge',
    code: 'E_CHALLENGE_KIND',
    make: () => record({ k: 'Registration', b: '' }),
  },
  {
    step: '7',
    what: 'a challenge of another cluster',
    code: 'E_CHALLENGE_CLUSTER',
    make: () => record({ c: toBase64Url(api.cluster.random(32)) }),
  },
  {
    step: '7',
    what: 'a challenge of another organisation',
    code: 'E_CHALLENGE_ORG',
    make: () => record({ o: other.org }),
  },
  {
    step: '7',
    what: 'a challenge of another user',
    code: 'E_CHALLENGE_USER',
    make: () => record({ u: reader.userId }),
  },
  { step: '8', what: 'another method', code: 'E_CHALLENGE_REQUEST', make: () => record({ m: 'PUT' }) },
  {
    step: '8',
    what: 'another path',
    code: 'E_CHALLENGE_REQUEST',
    make: () => record({ p: `/keys/${foreignKey}/signatures` }),
  },
  {
    step: '8',
    what: 'another body',
    code: 'E_CHALLENGE_REQUEST',
    make: () => ({ ...honest(), request: { ...honest().request, payload: '{"kind":"Message","message":"0x62"}' } }),
  },
  {
    step: '8',
    what: 'the same body with a space',
    code: 'E_CHALLENGE_REQUEST',
    make: () => ({ ...honest(), request: { ...honest().request, payload: `${honest().request.payload} ` } }),
  },
  {
    step: '8',
    what: 'a context',
    code: 'E_CHALLENGE_REQUEST',
    make: () => record({ x: toBase64Url(api.cluster.random(32)) }),
  },
  {
    step: '9',
    what: 'an expired challenge',
    code: 'E_CHALLENGE_EXPIRED',
    make: () => record({ e: Math.floor(api.cluster.clock.now() / 1000) - 1 }),
  },
  {
    step: '9',
    what: 'a post-dated challenge',
    code: 'E_CHALLENGE_EXPIRED',
    make: () => record({ e: Math.floor(api.cluster.clock.now() / 1000) + 3600 }),
  },
  {
    step: '9',
    what: 'other tokens than were signed',
    code: 'E_CHALLENGE_TOKENS',
    make: () => ({ ...honest(), tokens: api.tokens().slice(1) }),
  },
  { step: '11', what: 'a user without the permission', code: 'E_FORBIDDEN', make: () => honest({ user: reader }) },
  { step: '12', what: 'an unknown field', code: 'E_BODY', make: () => honest({ body: { ...body, extra: 1 } }) },
  {
    step: '12',
    what: 'an id of the wrong kind',
    code: 'E_PARAM',
    make: () => honest({ path: `/keys/${org.admin.userId}/signatures` }),
  },
  {
    step: '13',
    what: 'an export while it is switched off',
    code: 'E_EXPORT_DISABLED',
    make: () => honest({ path: `/keys/${key}/export`, body: { encryptionKey: 'AA==', supportedSchemes: [] } }),
  },
  {
    step: '13',
    what: 'an import while it is switched off',
    code: 'E_IMPORT_DISABLED',
    make: () =>
      honest({
        path: '/keys/import',
        body: { curve: 'ed25519', protocol: 'FROST', minSigners: 3, encryptedKeyShares: [] },
      }),
  },
  {
    step: '14',
    what: 'a governance act on a stale head',
    code: 'E_STALE_HEAD',
    make: () =>
      honest({
        method: 'PUT',
        path: `/orgs/${org.org}/settings`,
        body: { keyExport: true },
        challenge: { a: toBase64Url(api.cluster.random(32)) },
      }),
  },
  {
    step: '16',
    what: 'a hash for a key that signs messages',
    code: 'E_KIND',
    make: () => honest({ body: { kind: 'Hash', hash: `0x${'00'.repeat(32)}` } }),
  },
  {
    step: 'key',
    what: "another organisation's key",
    code: 'E_NOT_FOUND',
    make: () => honest({ path: `/keys/${foreignKey}/signatures` }),
  },
  { step: 'run', what: 'two participants', code: 'E_COMMAND', make: () => ({ ...honest(), participants: [1, 2] }) },
  {
    step: 'run',
    what: 'four participants',
    code: 'E_COMMAND',
    make: () => ({ ...honest(), participants: [1, 2, 3, 4] }),
  },
  {
    step: 'run',
    what: 'a run without the signer that is asked',
    code: 'E_COMMAND',
    make: () => ({ ...honest(), participants: [3, 4, 5] }),
  },
  // mpc-protocols §10 row 53.
  {
    step: 'run',
    what: 'a run nonce of zeros',
    code: 'E_EXEC_ID',
    make: () => ({ ...honest(), runNonce: '00'.repeat(32) }),
  },
];

for (const { step, what, code, make } of forgeries) {
  test(`step ${step} refuses ${what}`, async () => {
    const { refused, contributions } = await watch(make());

    equal(refused, code);
    equal(contributions, 0);
  });
}

/** Sends a command to signer 1 and sees what it answers and whether anything of a run left it. */
async function watch(command: ActCommand): Promise<{ refused: string; contributions: number }> {
  let messages = 0;
  const rows = journalOf(1).length;
  api.cluster.net.tap(({ message }) => {
    messages += 1;
    return [message];
  });
  const replies = await api.broadcast(command, [1]);
  api.cluster.net.tap(undefined);
  return { refused: codesOf(replies)[0] ?? '', contributions: messages + journalOf(1).length - rows };
}

function journalOf(index: number) {
  return api.cluster.signers[index - 1]?.process?.store.journal.rows() ?? [];
}

test('step 1 refuses everything while the signer is frozen', async () => {
  const [signer] = api.cluster.signers;
  if (signer === undefined) throw new Error('no signer');
  signer.frozen = true;
  const { refused, contributions } = await watch(honest());
  signer.frozen = false;

  equal(refused, 'E_SEALED');
  equal(contributions, 0);
});

test('step 9 refuses a challenge that was withheld for six minutes', async () => {
  const command = honest({ challenge: { e: Math.floor(api.cluster.clock.now() / 1000) + 320 } });
  await api.cluster.clock.advance(301_000 + 10_000);

  equal((await watch(command)).refused, 'E_CHALLENGE_STALE');
});

test('step 9 refuses a challenge made before this signer started', async () => {
  const command = honest();
  api.cluster.kill(1);
  await api.cluster.start(1);
  await api.cluster.clock.advance(1_000);

  equal((await watch(command)).refused, 'E_CHALLENGE_STALE');
});

test('step 10 allows ten attempts at one thing with fresh run nonces, and no eleventh', async () => {
  const command = honest();
  for (let attempt = 1; attempt <= 10; attempt++) {
    const replies = await api.broadcast({ ...command, runNonce: toHex(api.cluster.random(32)) }, participants);
    deepEqual(codesOf(replies), ['ok', 'ok', 'ok']);
  }

  deepEqual(codesOf(await api.broadcast({ ...command, runNonce: toHex(api.cluster.random(32)) }, participants)), [
    'E_REPLAY',
    'E_REPLAY',
    'E_REPLAY',
  ]);
});

test('step 10 refuses a second attempt with another digest', async () => {
  const command = honest();
  const store = api.cluster.signers[0]?.process?.store;
  store?.transaction('forged', () => {
    // As if this assertion had been spent on something else: the body alone decides the digest, so no api can do it.
    store.used.spend({
      nullifier: nullifierOf(command),
      intent: new Uint8Array(32),
      digest: new Uint8Array(32),
      attempts: 1,
      time: 0,
    });
  });

  equal((await watch(command)).refused, 'E_REPLAY');
});

test('an execution id starts once: the same command twice makes one signature', async () => {
  const command = honest();

  deepEqual(codesOf(await api.broadcast(command, participants)), ['ok', 'ok', 'ok']);
  deepEqual(codesOf(await api.broadcast(command, participants)), ['E_EXEC_USED', 'E_EXEC_USED', 'E_EXEC_USED']);
});

test('a refused request burns nothing', async () => {
  const command = honest();
  equal((await watch({ ...command, participants: [1, 2] })).refused, 'E_COMMAND');

  deepEqual(codesOf(await api.broadcast(command, participants)), ['ok', 'ok', 'ok']);
});

test('row 30: signers that were given different bodies under one assertion do not meet', async () => {
  const command = honest();
  const swapped = { ...command, request: { ...command.request, payload: '{"kind":"Message","message":"0x62"}' } };
  const [first, second] = [api.broadcast(command, [1]), api.broadcast(swapped, [2, 3])];
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(5_000);

  deepEqual(
    [...codesOf(await first), ...codesOf(await second)],
    ['E_PEER_GONE', 'E_CHALLENGE_REQUEST', 'E_CHALLENGE_REQUEST'],
  );
});

test('row 52: a key never runs another protocol', async () => {
  const session = api.session() ?? '';
  const replies = await api.act({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${key}/signatures`,
    body,
    participants: everybody,
    session,
  });

  deepEqual(
    codesOf(replies),
    everybody.map(() => 'E_COMMAND'),
  );
});

test('a challenge text is what is signed: encoding it again gives the same', () => {
  const record = canonical() as unknown as ChallengeRecord;

  equal(encodeChallenge(record), encode(record));
});
