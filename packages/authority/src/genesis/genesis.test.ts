import { deepEqual, equal, notEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { isId } from '@holdfast/contract/types';
import { toBase64Url } from '@holdfast/contract/wire';
import {
  bytesOf,
  codeOf,
  fido2Assertion,
  fingerprint,
  genesisOf,
  keyAssertion,
  origin,
  prove,
  rpId,
  testKey,
} from '../testing/index.ts';
import type { Assertion } from '../types/index.ts';
import { nodeVerify } from '../verify-node/index.ts';
import {
  decodeGenesis,
  encodeGenesis,
  type Genesis,
  genesisChallenge,
  genesisHash,
  genesisIds,
  verifyGenesis,
} from './index.ts';

const key = testKey('Ed25519');
const genesis = genesisOf(key);
const text = encodeGenesis(genesis);
const clusterFingerprint = toBase64Url(fingerprint);
const verify = (t: string, proof: Assertion) => verifyGenesis(t, proof, nodeVerify, { clusterFingerprint });

test('a genesis is its JSON, members in order, no white space', () => {
  equal(text, JSON.stringify(genesis));
  deepEqual(decodeGenesis(text), genesis);
  equal(encodeGenesis(Object.fromEntries(Object.entries(genesis).reverse()) as unknown as Genesis), text);
});

test('keeps names outside ASCII as they are', () => {
  const named = genesisOf(key, { name: 'Müller & Söhne 🏦 "A"\n' });

  deepEqual(decodeGenesis(encodeGenesis(named)), named);
});

const { admin } = genesis;
const credential = (o: object) => ({ admin: { ...admin, credential: { ...admin.credential, ...o } } });
const wrong: Readonly<Record<string, readonly object[]>> = {
  v: [{ v: 2 }, { v: '0' }, { v: undefined }],
  c: [{ c: '' }, { c: toBase64Url(bytesOf('c', 16)) }, { c: undefined }],
  name: [{ name: '' }, { name: 'x'.repeat(101) }, { name: 5 }, { name: undefined }],
  admin: [{ admin: null }, { admin: [] }, { admin: { ...admin, role: 'owner' } }],
  username: [{ admin: { ...admin, username: '' } }, { admin: { ...admin, username: undefined } }],
  'credential.kind': [credential({ kind: 'Password' }), credential({ kind: undefined })],
  'credential.id': [credential({ id: '' }), credential({ id: 'a b' }), credential({ id: 7 })],
  'credential.publicKey': [credential({ publicKey: '' }), credential({ publicKey: undefined })],
  'credential.algorithm': [credential({ algorithm: 'Ed448' }), credential({ algorithm: undefined })],
  'credential.more': [credential({ name: 'laptop' })],
  'app.origin': [
    'localhost',
    'https://a.example/',
    'https://a.example/x',
    'ftp://a',
    'https://A.example',
    'https://a:0',
    undefined,
  ].map((o) => ({ app: { origin: o, rpId } })),
  'app.rpId': ['', 'A', 'https://a', undefined].map((o) => ({ app: { origin, rpId: o } })),
  time: [
    '2026-01-02',
    '2026-13-02T03:04:05.000Z',
    '2026-02-30T03:04:05.000Z',
    '2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05.000+00:00',
    5,
  ].map((time) => ({ time })),
  nonce: [{ nonce: toBase64Url(bytesOf('n', 15)) }, { nonce: '' }, { nonce: undefined }],
  'a member more': [{ settings: { keyExport: true } }],
};
for (const [field, changes] of Object.entries(wrong)) {
  test(`refuses ${changes.length} wrong values of ${field}, written or read`, () => {
    for (const change of changes) {
      const forged = { ...genesis, ...change } as Genesis;
      equal(
        codeOf(() => encodeGenesis(forged)),
        'E_GENESIS',
        JSON.stringify(change),
      );
      equal(
        codeOf(() => decodeGenesis(JSON.stringify(forged))),
        'E_GENESIS',
        JSON.stringify(change),
      );
    }
  });
}

for (const [what, changed] of Object.entries({
  'white space': text.replace(':', ': '),
  'another order': JSON.stringify(Object.fromEntries(Object.entries(genesis).reverse())),
  'a needless escape': text.replace('Acme', '\\u0041cme'),
  'a duplicate member': text.replace('{', '{"v":1,'),
  'a byte order mark': `\ufeff${text}`,
  'trailing bytes': `${text}\n`,
  'an array': `[${text}]`,
  'too much': `${text}${' '.repeat(9000)}`,
})) {
  test(`refuses a text with ${what}`, () =>
    equal(
      codeOf(() => decodeGenesis(changed)),
      'E_GENESIS',
    ));
}

test('says that a text is too long before it reads it', () => {
  throws(() => decodeGenesis('x'.repeat(9000)), { message: 'genesis is not valid: text too long' });
});

test('refuses a member more in app', () => {
  const forged = { ...genesis, app: { ...genesis.app, name: 'x' } } as Genesis;

  equal(
    codeOf(() => encodeGenesis(forged)),
    'E_GENESIS',
  );
});

test('everything of the organisation follows from the hash', () => {
  const ids = genesisIds(genesisHash(text));

  equal(
    isId('or', ids.org) &&
      isId('us', ids.adminUserId) &&
      isId('cr', ids.adminCredentialUuid) &&
      isId('as', ids.adminAssignmentId) &&
      isId('ap', ids.appId),
    true,
  );
  notEqual(genesisIds(genesisHash(encodeGenesis({ ...genesis, name: 'Acme2' }))).org, ids.org);
});

test('accepts a proof by a key and by a passkey', () => {
  deepEqual(verify(text, prove(text, key)), genesis);
  const passkey = testKey('P-256');
  const other = encodeGenesis(genesisOf(passkey, {}, 'Fido2'));
  deepEqual(verify(other, prove(other, passkey, 'Fido2')), genesisOf(passkey, {}, 'Fido2'));
});

test('does not look at the cluster unless told which one', () => {
  deepEqual(verifyGenesis(text, prove(text, key), nodeVerify), genesis);
});

const elsewhere = encodeGenesis({ ...genesis, c: toBase64Url(bytesOf('another cluster')) });
const mislabelled = encodeGenesis(genesisOf({ ...key, algorithm: 'P-256' }));
const broken = encodeGenesis({ ...genesis, ...credential({ publicKey: 'none' }) });
const common = { credId: 'admin-credential', key, challenge: genesisChallenge(text) };
const forgeries: readonly [what: string, code: string, text: string, proof: () => Assertion][] = [
  ['of another cluster', 'E_CHALLENGE_CLUSTER', elsewhere, () => prove(elsewhere, key)],
  ['with a key of another algorithm', 'E_GENESIS', mislabelled, () => prove(mislabelled, key)],
  ['with a key that is none', 'E_GENESIS', broken, () => prove(broken, key)],
  ['proved by another key', 'E_ASSERTION', text, () => prove(text, testKey('Ed25519'))],
  ['proved for another genesis', 'E_GENESIS', text, () => prove(elsewhere, key)],
  ['proved by another credential id', 'E_CREDENTIAL_UNKNOWN', text, () => keyAssertion({ ...common, credId: 'other' })],
  ['proved in the manner of a passkey', 'E_CREDENTIAL_KIND', text, () => fido2Assertion({ ...common, origin, rpId })],
  [
    'proved by a login',
    'E_CLIENT_DATA_TYPE',
    text,
    () => keyAssertion({ ...common, clientData: { type: 'key.create' } }),
  ],
  [
    'whose proof is touched',
    'E_ASSERTION',
    text,
    () => ({ ...prove(text, key), clientData: prove(elsewhere, key).clientData }),
  ],
];
for (const [what, code, forged, proof] of forgeries) {
  test(`refuses a genesis ${what}: ${code}`, () =>
    equal(
      codeOf(() => verify(forged, proof())),
      code,
    ));
}

test('says which member is wrong', () => {
  throws(() => decodeGenesis(JSON.stringify({ ...genesis, time: 5 })), {
    message: 'genesis is not valid: time must be ISO 8601 in UTC with milliseconds',
  });
});
