import { deepEqual, equal, notEqual, throws } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toBase64Url, toHex, utf8 } from '@holdfast/contract/wire';
import { enc, i } from '@holdfast/crypto/transcript';
import fc from 'fast-check';
import { deriveId } from '../ids/index.ts';
import { bytesOf, codeOf, encodeUnchecked, identityKeys, tokens } from '../testing/index.ts';
import { seed } from '../testing/seed.ts';
import type { ChallengeRecord } from '../types/index.ts';
import {
  CHALLENGE_CHARS_MAX,
  clusterFingerprint,
  decodeChallenge,
  encodeChallenge,
  freshDigest,
  isSignablePath,
  nullifier,
  payloadHash,
  signerId,
  sortedBySignerId,
} from './index.ts';

const digest = (name: string, length = 32) => toBase64Url(bytesOf(name, length));
const record: ChallengeRecord = {
  v: 1,
  k: 'UserAction',
  c: digest('c'),
  o: 'or-00000-11111-2222222222222222',
  u: 'us-00000-11111-2222222222222222',
  m: 'POST',
  p: '/wallets/import',
  h: digest('h'),
  a: digest('a'),
  x: '',
  b: digest('b'),
  e: 1_800_000_000,
  n: digest('n', 16),
};
const login: ChallengeRecord = { ...record, k: 'Login', b: '' };
const sha256 = (bytes: Uint8Array) => Uint8Array.from(createHash('sha256').update(bytes).digest());

test('a record is its base64url JSON, members in order, no white space', () => {
  const text = encodeChallenge(record);

  equal(Buffer.from(text, 'base64url').toString(), JSON.stringify(record));
  deepEqual(decodeChallenge(text), record);
});

test('the example of the specification is what this code computes', () => {
  const spec = readFileSync(new URL('../../../../docs/specs/challenge-record.md', import.meta.url), 'utf8');
  const example = /```json\n(.*)\n```/.exec(spec)?.[1] ?? '';
  const text = encodeChallenge(JSON.parse(example));
  const id = nullifier(text);
  const three = [1, 2, 4].map((k) => [k, toBase64Url(bytesOf(`token ${k}`, 16))] as const);

  equal(Buffer.from(text, 'base64url').toString(), example);
  equal(decodeChallenge(text).b, freshDigest(three));
  equal(decodeChallenge(text).c, toBase64Url(clusterFingerprint(0, identityKeys)));
  equal(decodeChallenge(text).h, payloadHash('{}'));
  for (const value of [
    toHex(clusterFingerprint(0, identityKeys)),
    toHex(id),
    deriveId('wa', id),
    deriveId('key', id),
  ]) {
    equal(spec.includes(`| \`${value}\` |`), true, value);
  }
});

test('encodes the members in canonical order whatever order they are given in', () => {
  const reversed = Object.fromEntries(Object.entries(record).reverse()) as unknown as ChallengeRecord;

  equal(encodeChallenge(reversed), encodeChallenge(record));
});

test('stays within its length with the longest path', () => {
  const longest = encodeChallenge({ ...record, p: `/${'a'.repeat(255)}`, x: digest('x') });

  equal(longest.length <= CHALLENGE_CHARS_MAX, true);
  equal(
    codeOf(() => encodeChallenge({ ...record, p: `/${'a'.repeat(256)}` })),
    'E_CHALLENGE_FORM',
  );
});

test('carries every kind', () => {
  for (const k of ['Login', 'Registration'] as const)
    deepEqual(decodeChallenge(encodeChallenge({ ...login, k })), { ...login, k });
  const recovery = { ...login, k: 'Recovery', b: digest('b') } as const;
  deepEqual(decodeChallenge(encodeChallenge(recovery)), recovery);
  throws(() => encodeChallenge({ ...recovery, b: '' }), { code: 'E_CHALLENGE_FORM' });
  deepEqual(decodeChallenge(encodeChallenge({ ...login, u: '' })).u, '');
});

const wrongValues: Readonly<Record<keyof ChallengeRecord, readonly unknown[]>> = {
  v: [2, '0', null, undefined],
  k: ['useraction', 'Approval', '', 1, undefined],
  c: ['', 'AA', digest('c', 16), `${digest('c')}=`, `${digest('c').slice(0, -1)}B`, 5, undefined],
  o: ['', 'or-', 'us-00000-11111-2222222222222222', 'or-00000-11111-222222222222222G', 7, undefined],
  u: ['', 'or-00000-11111-2222222222222222', 'US-00000-11111-2222222222222222', null, undefined],
  m: ['PATCH', 'post', '', undefined],
  p: [
    '',
    '/',
    'wallets',
    '/wallets/',
    '//wallets',
    '/wallets?force=true',
    '/a/../b',
    '/a/%2e',
    '/a b',
    '/é',
    '/-a',
    '/a\n',
    undefined,
  ],
  h: ['', digest('h', 31), undefined],
  a: ['', digest('a', 31), undefined],
  x: ['AA', digest('x', 16), null, undefined],
  b: ['', digest('b', 16), undefined],
  e: [0, -1, 1.5, '1800000000', 2 ** 53, undefined],
  n: ['', digest('n', 15), digest('n', 17), undefined],
};
for (const [field, values] of Object.entries(wrongValues)) {
  test(`refuses ${values.length} wrong values of ${field}, written or read`, () => {
    for (const value of values) {
      const forged = { ...record, [field]: value } as unknown as ChallengeRecord;
      equal(
        codeOf(() => encodeChallenge(forged)),
        'E_CHALLENGE_FORM',
        `encode ${String(value)}`,
      );
      equal(
        codeOf(() => decodeChallenge(encodeUnchecked(forged))),
        'E_CHALLENGE_FORM',
        `decode ${String(value)}`,
      );
    }
  });
}

test('says what is wrong before it reads a text that is too long', () => {
  throws(() => decodeChallenge('A'.repeat(CHALLENGE_CHARS_MAX + 4)), { details: { field: 'length' } });
});

test('knows four kinds, with freshness or without', () => {
  equal(
    codeOf(() => encodeChallenge({ ...login, k: 'Approval' as 'Login' })),
    'E_CHALLENGE_FORM',
  );
});

test('freshness belongs to user actions and to nothing else', () => {
  equal(
    codeOf(() => encodeChallenge({ ...login, b: digest('b') })),
    'E_CHALLENGE_FORM',
  );
  equal(
    codeOf(() => encodeChallenge({ ...login, k: 'Registration', u: '' })),
    'E_CHALLENGE_FORM',
  );
});

const json = JSON.stringify(record);
const texts: Readonly<Record<string, string>> = {
  'an extra member': encodeUnchecked({ ...record, y: 1 }),
  'another order': encodeUnchecked({ n: record.n, ...Object.fromEntries(Object.entries(record)) }),
  'white space': toBase64Url(utf8(json.replace(':', ': '))),
  'a trailing line break': toBase64Url(utf8(`${json}\n`)),
  'an escape where none is needed': toBase64Url(utf8(json.replace('POST', '\\u0050OST'))),
  'an escaped slash': toBase64Url(utf8(json.replace('/wallets', '\\/wallets'))),
  'a number in another form': toBase64Url(utf8(json.replace('1800000000', '1.8e9'))),
  'a duplicate member': toBase64Url(utf8(json.replace('{', '{"v":1,'))),
  'a byte order mark': toBase64Url(utf8(`\ufeff${json}`)),
  'invalid UTF-8': toBase64Url(Uint8Array.of(0x22, 0xff, 0x22)),
  padding: `${encodeChallenge(record)}=`,
  'the alphabet of base64': `${encodeChallenge(record).slice(0, -1)}+`,
  'JSON in place of base64url': json,
  'an array': toBase64Url(utf8('[]')),
  null: toBase64Url(utf8('null')),
  nothing: '',
  'too much': 'A'.repeat(CHALLENGE_CHARS_MAX + 4),
};
for (const [what, text] of Object.entries(texts)) {
  test(`refuses ${what}`, () => {
    throws(() => decodeChallenge(text), { code: 'E_CHALLENGE_FORM', message: 'challenge is not in canonical form' });
  });
}

test('no edited text reads as a challenge other than its own', () => {
  const text = encodeChallenge(record);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom(...'ABCabc019-_=+/ '), fc.nat(2), (at, put, take) => {
      const edited = text.slice(0, at) + put + text.slice(at + take);
      let read: ChallengeRecord;
      try {
        read = decodeChallenge(edited);
      } catch {
        return;
      }
      equal(encodeChallenge(read), edited);
    }),
    { seed, numRuns: 2000 },
  );
});

test('hashes the payload as it stands', () => {
  equal(payloadHash('{}'), Buffer.from(sha256(utf8('{}'))).toString('base64url'));
  notEqual(payloadHash('{}'), payloadHash('{ }'));
  notEqual(payloadHash(''), payloadHash('{}'));
});

test('the nullifier is the hash of the text', () => {
  deepEqual(nullifier('abc'), sha256(utf8('abc')));
});

test('the fresh digest covers all five positions, the absent ones as absent', () => {
  const [, second, , fourth] = tokens;
  const items = [2, 4].map((k) => i.list([i.uint(k), i.bytes(bytesOf(`token ${k}`, 16))]));
  const expected = enc('fresh/v1', i.list([i.absent, items[0]!, i.absent, items[1]!, i.absent]));

  equal(freshDigest([fourth!, second!]), toBase64Url(sha256(expected)));
});

test('two token lists never share a digest', () => {
  const [one, two] = tokens;
  const digests = [[], [one!], [two!], tokens, tokens.slice(1), [[1, two![1]] as const], [[2, one![1]] as const]].map(
    (list) => freshDigest(list),
  );

  equal(new Set(digests).size, digests.length);
});

for (const [what, list] of Object.entries({
  'index 0': [[0, tokens[0]![1]]],
  'index 6': [[6, tokens[0]![1]]],
  'a fractional index': [[1.5, tokens[0]![1]]],
  'one signer twice': [tokens[0]!, tokens[0]!],
  'a short token': [[1, digest('t', 15)]],
  'a padded token': [[1, `${tokens[0]![1]}==`]],
})) {
  test(`refuses a token list with ${what}`, () => {
    equal(
      codeOf(() => freshDigest(list as never)),
      'E_CHALLENGE_TOKENS',
    );
  });
}

test('the fingerprint names five keys and an epoch, in whatever order they come', () => {
  const fingerprint = clusterFingerprint(0, identityKeys);

  deepEqual(clusterFingerprint(0, [...identityKeys].reverse()), fingerprint);
  notEqual(toBase64Url(clusterFingerprint(1, identityKeys)), toBase64Url(fingerprint));
  notEqual(toBase64Url(clusterFingerprint(0, [bytesOf('other'), ...identityKeys.slice(1)])), toBase64Url(fingerprint));
  const sorted = sortedBySignerId(identityKeys).map((key) => i.bytes(key));
  deepEqual(fingerprint, sha256(enc('holdfast/cluster/v1', i.uint(0), i.list(sorted))));
});

test('a cluster has five distinct identity keys of 32 bytes', () => {
  throws(() => clusterFingerprint(0, identityKeys.slice(1)), RangeError);
  throws(() => clusterFingerprint(0, [identityKeys[1]!, ...identityKeys.slice(1)]), RangeError);
  throws(() => signerId(new Uint8Array(31)), RangeError);
  deepEqual(signerId(identityKeys[0]!), sha256(identityKeys[0]!));
});

test('signers sort by the raw bytes of their ids', () => {
  const ids = sortedBySignerId(identityKeys).map((key) => Buffer.from(signerId(key)).toString('hex'));

  deepEqual(ids, [...ids].sort());
});

test('knows the paths that may be signed', () => {
  for (const path of [
    '/wallets',
    '/wallets/import',
    '/v2/policies',
    '/keys/key-00000-11111-2222222222222222/export',
    '/a_b',
  ]) {
    equal(isSignablePath(path), true, path);
  }
  for (const path of ['', '/', '/a/', '/a//b', 'a', '/.', '/a.b', '/_a', '/a%20', '/a;b', '/a#b', '/à']) {
    equal(isSignablePath(path), false, path);
  }
});
