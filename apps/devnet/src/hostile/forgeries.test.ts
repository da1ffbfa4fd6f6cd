/**
 * A hostile api against five real signer processes. For every field of the challenge record, the assertion and the
 * command one forgery that is valid in all else, refused by the code of its own step of the consent order; and no
 * journal grew, and no signer spoke to another. The list is generated from the formats themselves.
 */
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { after, before, test } from 'node:test';
import { encodeChallenge, freshDigest, payloadHash } from '@holdfast/authority/challenge';
import { stepOf } from '@holdfast/authority/consent';
import type { ChallengeRecord } from '@holdfast/authority/types';
import { fromBase64Url, toBase64Url } from '@holdfast/contract/wire';
import {
  type ActParts,
  acksOf,
  type Draft,
  everybody,
  HostileApi,
  newKey,
  type Org,
  refusalOf,
  resultOf,
  type User,
} from './hostile-api.ts';

let api: HostileApi;
let org: Org;
let other: Org;
let walletId: string;
let keyId: string;
let reader: User;

before(async () => {
  api = await HostileApi.start();
  org = await api.found('Acme');
  other = await api.found('Other');
  await api.switchOn(org);
  ({ walletId, keyId } = await api.createKey(org, 'KeyEdDSA'));
  reader = await serviceAccount('ManagedReadOnly');
});
after(() => api.stop());

const b64 = (n: number) => toBase64Url(randomBytes(n));
const three = everybody.slice(0, 3);
const body = { kind: 'Message', message: '0x0102' };
const path = () => `/wallets/${walletId}/signatures`;
const signDraft = (user = org.admin) => api.draft(org, 'POST', path(), body, user);

async function serviceAccount(permission: string): Promise<User> {
  const key = newKey();
  const { nullifier: made } = await api.govern(org, 'POST', '/auth/service-accounts', {
    name: permission,
    publicKey: key.publicKey,
    permissionId: api.permissionId(org, permission),
  });
  const { accountCredentialIdOf, deriveId } = await import('@holdfast/authority/ids');
  return { userId: deriveId('us', made), credentialId: accountCredentialIdOf(made), privateKey: key.privateKey };
}

/** Refused everywhere, by one of these codes, and nobody did anything. */
async function refused(
  name: string,
  codes: readonly string[],
  parts: ActParts,
  run: Parameters<HostileApi['act']>[2] = {},
): Promise<void> {
  const before = api.mark();
  const replies = await api.act(three, parts, run);
  for (const reply of replies) {
    const refusal = refusalOf(reply);
    ok(refusal !== undefined, `${name}: accepted by a signer: ${JSON.stringify(reply)}`);
    ok(
      codes.includes(refusal.code),
      `${name}: expected ${codes.join(' or ')}, got ${refusal.code} (${refusal.message})`,
    );
  }
  deepEqual(api.mark().journals, before.journals, `${name}: a journal grew`);
}

test('accepts the act that every forgery below starts from', async () => {
  const replies = await api.act(three, api.sign(signDraft(), org.admin));

  const signatures = replies.map((reply) => resultOf(reply, 'signatures').signatures);
  equal(signatures.length, 3);
  deepEqual(signatures[0], signatures[1]);
});

// One change for each field of the record; the assertion is made anew, so only the record is wrong.
const fields: Readonly<
  Record<
    keyof ChallengeRecord,
    { codes: readonly string[]; change: (draft: Draft) => Partial<Record<keyof ChallengeRecord, unknown>> }
  >
> = {
  v: { codes: ['E_CHALLENGE_FORM'], change: () => ({ v: 2 }) },
  k: { codes: ['E_CHALLENGE_KIND', 'E_CHALLENGE_FORM'], change: () => ({ k: 'Login', b: '' }) },
  c: { codes: ['E_CHALLENGE_CLUSTER'], change: () => ({ c: b64(32) }) },
  o: { codes: ['E_CHALLENGE_ORG'], change: () => ({ o: other.orgId }) },
  u: { codes: ['E_CHALLENGE_USER'], change: () => ({ u: reader.userId }) },
  m: { codes: ['E_CHALLENGE_REQUEST'], change: () => ({ m: 'PUT' }) },
  p: { codes: ['E_CHALLENGE_REQUEST'], change: () => ({ p: `/keys/${keyId}/signatures` }) },
  h: { codes: ['E_CHALLENGE_REQUEST'], change: () => ({ h: payloadHash('{}') }) },
  // Informative for runs; a governance act with another head is refused (below).
  a: { codes: [], change: () => ({}) },
  x: { codes: ['E_CHALLENGE_REQUEST'], change: () => ({ x: b64(32) }) },
  b: { codes: ['E_CHALLENGE_TOKENS'], change: () => ({ b: b64(32) }) },
  e: { codes: ['E_CHALLENGE_EXPIRED'], change: () => ({ e: Math.floor(Date.now() / 1000) - 60 }) },
  n: { codes: [], change: () => ({}) },
};

for (const [field, { codes, change }] of Object.entries(fields)) {
  if (codes.length === 0) continue;
  test(`record field ${field}: refused with ${codes.join(' or ')} (step ${stepOf(codes[0] ?? '')})`, async () => {
    const draft = signDraft();
    const record = { ...draft.record, ...change(draft) };
    // What the strict encoder refuses to make is written by hand, as a hostile api would.
    await refused(field, codes, api.sign(draft, org.admin, rawChallenge(record)));
  });
}

function rawChallenge(record: object, join: (json: string) => string = (json) => json): string {
  return toBase64Url(new TextEncoder().encode(join(JSON.stringify(record))));
}

test('a governance act must name the committed head', async () => {
  const draft = api.draft(org, 'PUT', `/orgs/${org.orgId}/settings`, { keyImport: false });
  const stale = { ...draft, record: { ...draft.record, a: b64(32) } };

  await refused('a', ['E_STALE_HEAD'], api.sign(stale, org.admin));
});

test('a nonce of its own makes a challenge of its own; the same challenge is spent once', async () => {
  const parts = api.sign(signDraft(), org.admin);
  equal(
    (await api.act(three, parts)).every((reply) => reply.ok),
    true,
  );
  const changed = { ...parts, request: { ...parts.request, payload: '{"kind":"Message","message":"0x0103"}' } };

  await refused('another body under a used challenge', ['E_CHALLENGE_REQUEST'], changed);
});

const malformed: readonly (readonly [string, (record: ChallengeRecord) => string])[] = [
  ['with an extra member', (record) => rawChallenge({ ...record, z: 1 })],
  ['with a member missing', ({ x: _, ...record }) => rawChallenge(record)],
  ['in another order', ({ v, ...record }) => rawChallenge({ ...record, v })],
  ['with white space', (record) => rawChallenge(record, (json) => json.replace('{', '{ '))],
  ['with an escape', (record) => rawChallenge(record, (json) => json.replace('UserAction', 'User\\u0041ction'))],
  ['with a doubled member', (record) => rawChallenge(record, (json) => json.replace('{', '{"v":1,'))],
  ['padded', (record) => `${encodeChallenge(record)}=`],
  ['in the other base64', (record) => `${Buffer.from(JSON.stringify(record)).toString('base64').replace(/=*$/, '')}==`],
  ['expiring too far ahead', (record) => encodeChallenge({ ...record, e: record.e + 3600 })],
];
for (const [name, make] of malformed)
  test(`a challenge ${name} is refused`, async () => {
    const draft = signDraft();
    await refused(name, ['E_CHALLENGE_FORM', 'E_CHALLENGE_EXPIRED'], api.sign(draft, org.admin, make(draft.record)));
  });

const assertionForgeries: readonly (readonly [string, readonly string[], (parts: ActParts) => ActParts])[] = [
  [
    'unknown credential',
    ['E_CREDENTIAL_UNKNOWN'],
    (p) => ({ ...p, assertion: { ...p.assertion, credId: b64(32) } as never }),
  ],
  [
    'credential of another organisation',
    ['E_CREDENTIAL_UNKNOWN', 'E_ASSERTION', 'E_CHALLENGE_ORG'],
    (p) => ({ ...p, assertion: { ...p.assertion, credId: other.admin.credentialId } as never }),
  ],
  [
    'credential of another user',
    ['E_ASSERTION'],
    (p) => ({ ...p, assertion: { ...p.assertion, credId: reader.credentialId } as never }),
  ],
  [
    'kind Fido2 for a key',
    ['E_CREDENTIAL_KIND', 'E_ASSERTION', 'E_COMMAND'],
    (p) => ({ ...p, assertion: { ...p.assertion, kind: 'Fido2', authenticatorData: b64(37) } as never }),
  ],
  [
    'altered signature',
    ['E_ASSERTION'],
    (p) => ({ ...p, assertion: { ...p.assertion, signature: flip(p.assertion.signature) } as never }),
  ],
  [
    'empty signature',
    ['E_ASSERTION', 'E_COMMAND'],
    (p) => ({ ...p, assertion: { ...p.assertion, signature: '' } as never }),
  ],
  [
    'altered client data',
    ['E_ASSERTION'],
    (p) => ({ ...p, assertion: { ...p.assertion, clientData: flip(p.assertion.clientData) } as never }),
  ],
];
for (const [name, codes, change] of assertionForgeries)
  test(`assertion: ${name} is refused with ${codes.join(' or ')}`, async () => {
    await refused(name, codes, change(api.sign(signDraft(), org.admin)));
  });

function flip(text: string): string {
  const bytes = Uint8Array.from(fromBase64Url(text));
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  return toBase64Url(bytes);
}

const clientDatas: readonly (readonly [string, readonly string[], (challenge: string) => string])[] = [
  ['of type key.create', ['E_CLIENT_DATA_TYPE'], (challenge) => JSON.stringify({ type: 'key.create', challenge })],
  ['of type webauthn.get', ['E_CLIENT_DATA_TYPE'], (challenge) => JSON.stringify({ type: 'webauthn.get', challenge })],
  [
    'across origins',
    ['E_CROSS_ORIGIN'],
    (challenge) => JSON.stringify({ type: 'key.get', challenge, crossOrigin: true }),
  ],
  [
    'with a doubled challenge',
    ['E_CLIENT_DATA'],
    (challenge) => `{"type":"key.get","challenge":"${challenge}","challenge":"${challenge}"}`,
  ],
  ['that is no JSON', ['E_CLIENT_DATA'], (challenge) => `${challenge}`],
  [
    'with a doubly encoded challenge (for passkeys only)',
    ['E_CHALLENGE_FORM'],
    (challenge) => JSON.stringify({ type: 'key.get', challenge: toBase64Url(new TextEncoder().encode(challenge)) }),
  ],
];
for (const [name, codes, clientData] of clientDatas)
  test(`client data ${name} is refused with ${codes.join(' or ')}`, async () => {
    await refused(name, codes, api.sign({ ...signDraft(), clientData }, org.admin));
  });

test('a signature by another key under an enrolled credential id is refused', async () => {
  const stranger = { ...org.admin, privateKey: generateKeyPairSync('ed25519').privateKey };
  await refused('stranger', ['E_ASSERTION'], api.sign(signDraft(), stranger));
});

const requests: readonly (readonly [string, readonly string[], (draft: Draft) => Draft['request']])[] = [
  [
    'another payload',
    ['E_CHALLENGE_REQUEST'],
    (d) => ({ ...d.request, payload: '{"kind":"Message","message":"0x0104"}' }),
  ],
  [
    'the same payload with a space',
    ['E_CHALLENGE_REQUEST'],
    (d) => ({ ...d.request, payload: `${d.request.payload} ` }),
  ],
  [
    'another wallet in the path',
    ['E_CHALLENGE_REQUEST'],
    (d) => ({
      ...d.request,
      path: d.request.path.replace(walletId, `wa-${walletId.slice(3).split('').reverse().join('')}`.slice(0, 31)),
    }),
  ],
  [
    'the key level of the same wallet',
    ['E_CHALLENGE_REQUEST'],
    (d) => ({ ...d.request, path: `/keys/${keyId}/signatures` }),
  ],
  ['another method', ['E_CHALLENGE_REQUEST', 'E_USER_ACTION_PATH'], (d) => ({ ...d.request, method: 'PUT' })],
  ['a path with a query', ['E_COMMAND'], (d) => ({ ...d.request, path: `${d.request.path}?force=true` })],
  [
    'a path with an escape',
    ['E_USER_ACTION_PATH'],
    (d) => ({ ...d.request, path: d.request.path.replace('wallets', 'w%61llets') }),
  ],
  ['a path with dots', ['E_USER_ACTION_PATH'], (d) => ({ ...d.request, path: `/keys/..${d.request.path}` })],
];
for (const [name, codes, change] of requests)
  test(`request: ${name} is refused with ${codes.join(' or ')}`, async () => {
    const draft = signDraft();
    await refused(name, codes, { ...api.sign(draft, org.admin), request: change(draft) });
  });

const payloads: readonly (readonly [string, readonly string[], string])[] = [
  ['an unknown field', ['E_BODY'], '{"kind":"Message","message":"0x01","extra":1}'],
  ['a doubled key', ['E_JSON_DUPLICATE_KEY'], '{"kind":"Message","kind":"Message","message":"0x01"}'],
  ['__proto__', ['E_JSON_FORBIDDEN_KEY'], '{"kind":"Message","message":"0x01","__proto__":{}}'],
  ['an unsafe number', ['E_JSON_NUMBER', 'E_BODY'], '{"kind":"Message","message":"0x01","n":1e400}'],
  ['depth 40', ['E_JSON_DEPTH'], `{"kind":${'['.repeat(40)}${']'.repeat(40)}}`],
  ['a hash on an EdDSA key', ['E_KIND'], `{"kind":"Hash","hash":"0x${'00'.repeat(32)}"}`],
  ['an empty message', ['E_BODY'], '{"kind":"Message","message":"0x"}'],
];
for (const [name, codes, payload] of payloads)
  test(`a correctly signed payload with ${name} is refused with ${codes.join(' or ')}`, async () => {
    await refused(name, codes, api.sign(api.draft(org, 'POST', path(), payload), org.admin));
  });

test('freshness: tokens of another list, stale lists, lists without this signer, and invented tokens are refused', async () => {
  const draft = signDraft();
  const parts = api.sign(draft, org.admin);
  const [[firstIndex = 1] = [], ...others] = draft.tokens;
  await refused('tokens that do not hash to b', ['E_CHALLENGE_TOKENS'], {
    ...parts,
    tokens: [[firstIndex, b64(16)], ...others],
  });
  await refused('a token twice', ['E_CHALLENGE_TOKENS', 'E_COMMAND'], {
    ...parts,
    tokens: [...draft.tokens, ...draft.tokens.slice(0, 1)],
  });

  const invented = everybody.map((index) => [index, b64(16)] as const);
  const minted = { ...draft, tokens: invented, record: { ...draft.record, b: freshDigest(invented) } };
  await refused('invented tokens', ['E_CHALLENGE_STALE'], api.sign(minted, org.admin));

  const without = draft.tokens.filter(([index]) => !three.includes(index));
  const absent = { ...draft, tokens: without, record: { ...draft.record, b: freshDigest(without) } };
  await refused('tokens of others only', ['E_CHALLENGE_STALE'], api.sign(absent, org.admin));

  const swapped = draft.tokens.map(([index], at) => [index, draft.tokens[(at + 1) % 5]?.[1] ?? ''] as const);
  const crossed = { ...draft, tokens: swapped, record: { ...draft.record, b: freshDigest(swapped) } };
  await refused('tokens of one signer under the name of another', ['E_CHALLENGE_STALE'], api.sign(crossed, org.admin));
});

test('permission: a read-only service account signs nothing, makes no key, grants nothing', async () => {
  await refused('sign', ['E_FORBIDDEN'], api.sign(signDraft(reader), reader));
  await refused(
    'create',
    ['E_FORBIDDEN'],
    api.sign(api.draft(org, 'POST', '/wallets', { network: 'KeyEdDSA' }, reader), reader),
  );
  await refused(
    'export',
    ['E_FORBIDDEN'],
    api.sign(
      api.draft(org, 'POST', `/keys/${keyId}/export`, { encryptionKey: 'AQ==', supportedSchemes: [] }, reader),
      reader,
    ),
  );
  await refused(
    'grant',
    ['E_FORBIDDEN'],
    api.sign(
      api.draft(
        org,
        'POST',
        `/permissions/${api.permissionId(org, 'ManagedFullAdminAccess')}/assignments`,
        { identityId: reader.userId },
        reader,
      ),
      reader,
    ),
  );
  await refused('delete', ['E_FORBIDDEN'], api.sign(api.draft(org, 'DELETE', `/keys/${keyId}`, {}, reader), reader));
});

test('another organisation: its administrator commands nothing here, valid as the assertion is', async () => {
  await refused(
    'foreign wallet',
    ['E_WALLET_NOT_FOUND', 'E_NOT_FOUND'],
    api.sign(api.draft(other, 'POST', path(), body, other.admin), other.admin),
  );
  await refused(
    'foreign key',
    ['E_KEY_NOT_FOUND', 'E_NOT_FOUND'],
    api.sign(api.draft(other, 'POST', `/keys/${keyId}/signatures`, body, other.admin), other.admin),
  );
  await refused(
    'foreign settings',
    ['E_FORBIDDEN', 'E_CHALLENGE_ORG', 'E_ORG_NOT_FOUND', 'E_NOT_FOUND', 'E_PARAM'],
    api.sign(api.draft(other, 'PUT', `/orgs/${org.orgId}/settings`, { keyExport: true }, other.admin), other.admin),
  );
  await refused(
    'import while it is off there',
    ['E_IMPORT_DISABLED'],
    api.sign(api.draft(other, 'POST', '/keys/import', importBody(), other.admin), other.admin),
  );
});

function importBody(): object {
  return {
    curve: 'ed25519',
    protocol: 'FROST',
    minSigners: 3,
    encryptedKeyShares: api.roster.signers.map((signer) => ({
      signerId: Buffer.from(signer.signerId).toString('base64'),
      encryptedKeyShare: randomBytes(200).toString('base64'),
    })),
  };
}

test('the same execution twice, a constant run nonce, and a wrong set of participants are refused', async () => {
  const runNonce = randomBytes(32).toString('hex');
  const parts = api.sign(signDraft(), org.admin);
  equal(
    (await api.act(three, parts, { runNonce })).every((reply) => reply.ok),
    true,
  );
  const again = await api.act(three, parts, { runNonce });
  for (const reply of again) equal(refusalOf(reply)?.code, 'E_EXEC_USED', JSON.stringify(reply));

  const fresh = () => api.sign(signDraft(), org.admin);
  for (const [name, run] of [
    ['row 53: zero run nonce', { runNonce: '00'.repeat(32) }],
    ['two participants', { participants: [1, 2] as const }],
    ['four participants', { participants: [1, 2, 3, 4] as const }],
    ['a participant twice', { participants: [1, 1, 2] as never }],
    ['a participant that does not exist', { participants: [1, 2, 6] as never }],
  ] as const) {
    const replies = await api.act(three, fresh(), run);
    for (const reply of replies) notEqual(refusalOf(reply), undefined, name);
    for (const reply of replies)
      ok(
        ['E_PARTICIPANTS', 'E_COMMAND', 'E_EXEC_ID', 'E_RELAY_OFFLINE'].includes(refusalOf(reply)?.code ?? ''),
        `${name}: ${JSON.stringify(reply)}`,
      );
  }
});

test('row 30: a split view (one body to some signers, another to the rest) ends without a signature', async () => {
  const one = api.sign(signDraft(), org.admin);
  const two = api.sign(api.draft(org, 'POST', path(), { kind: 'Message', message: '0xff' }), org.admin);
  const runNonce = randomBytes(32).toString('hex');

  const [left, right] = await Promise.all([
    api.act([1, 2], one, { runNonce, participants: three }),
    api.act([3], two, { runNonce, participants: three }),
  ]);

  for (const reply of [...left, ...right]) notEqual(refusalOf(reply), undefined, JSON.stringify(reply));
});

test('the same assertion again: at most ten attempts at the same thing, never another thing', async () => {
  const parts = api.sign(signDraft(), org.admin);
  let accepted = 0;
  const refusals: unknown[] = [];
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const replies = await api.act(three, parts);
    if (replies.every((reply) => reply.ok)) accepted += 1;
    else refusals.push(replies.map(refusalOf));
  }

  equal(accepted, 10, JSON.stringify(refusals));
  await refused('eleventh attempt', ['E_REPLAY'], parts);
});

test('an uncommitted entry gives nobody authority: two acknowledgements are not three', async () => {
  const key = newKey();
  const draft = api.draft(org, 'POST', '/auth/service-accounts', {
    name: 'half',
    publicKey: key.publicKey,
    permissionId: api.permissionId(org, 'ManagedKeyUser'),
  });
  const parts = api.sign(draft, org.admin);
  const acks = acksOf(await api.act([1, 2], parts));
  equal(acks.length, 2);
  const { nullifier } = await import('@holdfast/authority/challenge');
  const { accountCredentialIdOf, deriveId } = await import('@holdfast/authority/ids');
  const id = nullifier(encodeChallenge(draft.record));
  const half: User = {
    userId: deriveId('us', id),
    credentialId: accountCredentialIdOf(id),
    privateKey: key.privateKey,
  };

  for (const forged of [
    acks,
    [...acks, ...acks.slice(0, 1)],
    [...acks, { ...(acks[0] as (typeof acks)[number]), index: 3 }],
  ])
    for (const reply of await api.commit(org.orgId, forged))
      ok(refusalOf(reply) !== undefined, 'a commit without three distinct acknowledgements was accepted');
  await refused('act of an uncommitted account', ['E_CREDENTIAL_UNKNOWN'], api.sign(signDraft(half), half));

  // The tail gives way: the next entry goes through at all five.
  await api.govern(org, 'PUT', `/orgs/${org.orgId}/settings`, { keyImport: true, keyExport: true });
});

test('catch-up without acknowledgements changes nothing', async () => {
  const key = newKey();
  const draft = api.draft(org, 'POST', '/auth/service-accounts', {
    name: 'sneaked',
    publicKey: key.publicKey,
    permissionId: api.permissionId(org, 'ManagedFullAdminAccess'),
  });
  const parts = api.sign(draft, org.admin);
  const entry = {
    v: 1 as const,
    org: org.orgId,
    height: org.height + 1,
    prev: org.head,
    request: parts.request,
    assertion: parts.assertion,
  };
  const before = api.mark();

  const replies = await api.send(everybody, (id) => ({
    v: 1,
    id,
    kind: 'CatchUp',
    org: org.orgId,
    entries: [{ entry, acks: [] }],
  }));

  for (const reply of replies)
    ok(['E_ACKS', 'E_COMMAND'].includes(refusalOf(reply)?.code ?? ''), JSON.stringify(reply));
  deepEqual(api.mark().journals, before.journals);
});

test('an organisation that nobody pinned is refused', async () => {
  const before = api.mark();
  const stranger = newKey();
  const { encodeGenesis, genesisChallenge } = await import('@holdfast/authority/genesis');
  const genesis = encodeGenesis({
    v: 1,
    c: toBase64Url(api.roster.fingerprint),
    name: 'Unpinned',
    admin: {
      username: 'a@b.example',
      credential: { kind: 'Key', id: stranger.credentialId, publicKey: stranger.publicKey, algorithm: 'Ed25519' },
    },
    app: { origin: 'http://localhost:8787', rpId: 'localhost' },
    time: new Date().toISOString(),
    nonce: b64(16),
  });
  const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge: genesisChallenge(genesis) }));
  const proof = {
    kind: 'Key' as const,
    credId: stranger.credentialId,
    clientData: toBase64Url(clientData),
    signature: toBase64Url(sign(null, clientData, stranger.privateKey)),
  };

  const replies = await api.send(everybody, (id) => ({ v: 1, id, kind: 'Genesis', genesis, proof }));

  for (const reply of replies) equal(refusalOf(reply)?.code, 'E_UNPINNED', JSON.stringify(reply));
  deepEqual(api.mark().journals, before.journals);
});

test('a challenge made before a signer process started is refused by that signer', async () => {
  const parts = api.sign(signDraft(), org.admin);
  const folder = api.folderOf(1);
  await api.killSigner(folder);
  api.startSigner(folder);
  await api.ready();

  const replies = await api.act(three, parts);

  equal(refusalOf(replies[0])?.code, 'E_CHALLENGE_STALE');
  for (const reply of replies) ok(refusalOf(reply) !== undefined, 'a run went on without its first participant');
  equal(
    (await api.act(three, api.sign(signDraft(), org.admin))).every((reply) => reply.ok),
    true,
  );
});

test('destruction needs an assertion like everything else, and after it the key signs no more', async () => {
  const made = await api.createKey(org, 'KeyEdDSA');
  const draft = api.draft(org, 'DELETE', `/keys/${made.keyId}`, {});
  await refused('delete with a foreign body', ['E_CHALLENGE_REQUEST'], {
    ...api.sign(draft, org.admin),
    request: { ...draft.request, payload: '{"x":1}' },
  });

  const replies = await api.act(everybody, api.sign(draft, org.admin), { participants: [] });
  equal(
    replies.every((reply) => reply.ok),
    true,
    JSON.stringify(replies),
  );
  await refused(
    'sign with a deleted key',
    ['E_KEY_INACTIVE'],
    api.sign(api.draft(org, 'POST', `/keys/${made.keyId}/signatures`, body), org.admin),
  );
});

test('row 57: nothing that passed the relay holds a byte of a message in the clear', async () => {
  const canary = randomBytes(24);
  const parts = api.sign(
    api.draft(org, 'POST', path(), { kind: 'Message', message: `0x${canary.toString('hex')}` }),
    org.admin,
  );
  const from = api.traffic.length;
  equal(
    (await api.act(three, parts)).every((reply) => reply.ok),
    true,
  );
  const commands = api.traffic
    .slice(from)
    .filter(({ message }) => Buffer.from(message).includes(canary.toString('hex')));
  // The api's own command carries the user's message; what signers say to each other does not.
  equal(
    commands.every(({ direction }) => direction === 'out'),
    true,
  );
  equal(
    api.traffic.slice(from).some(({ message }) => Buffer.from(message).includes(canary)),
    false,
  );
});
