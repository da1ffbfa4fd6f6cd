import { deepEqual, equal, notDeepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64Url, utf8 } from '@holdfast/contract/wire';
import { enc, i, sha256 } from '@holdfast/crypto/transcript';
import {
  ask,
  bytesOf,
  codeOf,
  entryOf,
  fido2Assertion,
  origin,
  rpId,
  type TestKey,
  testKey,
  world,
} from '../testing/index.ts';
import type { Ack, Assertion, LogEntry } from '../types/index.ts';
import { nodeVerify } from '../verify-node/index.ts';
import {
  ackBytes,
  encodeEntry,
  headOf,
  importKeyBytes,
  keyStatementBytes,
  markBytes,
  verifyAcks,
  verifyStatement,
} from './index.ts';

const w = world();
const entry = entryOf(
  w.state,
  ask(w.state, w.admin, { method: 'PUT', path: `/orgs/${w.state.org}/settings`, body: { keyImport: true } }),
);
const prev = bytesOf('prev');

test('a head is the hash of organisation, height, head before and entry', () => {
  const expected = enc(
    'holdfast/log/v1',
    i.text(entry.org),
    i.uint(1),
    i.bytes(prev),
    i.bytes(sha256(utf8(JSON.stringify(entry)))),
  );

  deepEqual(headOf(entry, prev), sha256(expected));
});

test('the order in which members arrive does not change a head', () => {
  const shuffled = {
    assertion: Object.fromEntries(Object.entries(entry.assertion).reverse()),
    request: Object.fromEntries(Object.entries(entry.request).reverse()),
    ...Object.fromEntries(Object.entries(entry).filter(([name]) => !['assertion', 'request'].includes(name))),
  } as unknown as LogEntry;

  deepEqual(headOf(shuffled, prev), headOf(entry, prev));
  equal(encodeEntry(shuffled), encodeEntry(entry));
});

test('keeps the optional members of an assertion', () => {
  const passkey = fido2Assertion({ credId: 'c', key: testKey('P-256'), challenge: 'AAAA', origin, rpId });
  const withHandle = { ...entry, assertion: { ...passkey, userHandle: 'AAAA' } };
  const withAlgorithm = { ...entry, assertion: { ...entry.assertion, algorithm: 'SHA256' } } as typeof entry;

  equal(encodeEntry(withHandle), JSON.stringify(withHandle));
  equal(encodeEntry(withAlgorithm), JSON.stringify(withAlgorithm));
});

const otherHeads: Readonly<Record<string, Uint8Array>> = {
  organisation: headOf({ ...entry, org: 'or-00000-11111-2222222222222222' }, prev),
  height: headOf({ ...entry, height: 2 }, prev),
  prev: headOf(entry, bytesOf('other')),
  'prev named in the entry': headOf({ ...entry, prev: toBase64Url(bytesOf('other')) }, prev),
  method: headOf({ ...entry, request: { ...entry.request, method: 'POST' } }, prev),
  path: headOf({ ...entry, request: { ...entry.request, path: '/other' } }, prev),
  payload: headOf({ ...entry, request: { ...entry.request, payload: '{}' } }, prev),
  credId: headOf({ ...entry, assertion: { ...entry.assertion, credId: 'x' } }, prev),
  clientData: headOf({ ...entry, assertion: { ...entry.assertion, clientData: 'AA' } as Assertion }, prev),
  signature: headOf({ ...entry, assertion: { ...entry.assertion, signature: 'AA' } as Assertion }, prev),
};
for (const [field, head] of Object.entries(otherHeads)) {
  test(`another ${field} is another head`, () => notDeepEqual(head, headOf(entry, prev)));
}

test('every proof of one genesis gives one head', () => {
  const other = { ...w.genesis, proof: { ...w.genesis.proof, signature: 'AA' } };

  deepEqual(headOf(other, undefined), headOf(w.genesis, undefined));
  notDeepEqual(headOf({ ...w.genesis, genesis: `${w.genesis.genesis} ` }, undefined), headOf(w.genesis, undefined));
  throws(() => headOf(entry, undefined), TypeError);
});

test('no two purposes and no two values share signed bytes', () => {
  const b = bytesOf('b');
  const point = new Uint8Array(33).fill(2);
  const all = [
    ackBytes('or-a', 1, b),
    ackBytes('or-b', 1, b),
    ackBytes('or-a', 2, b),
    ackBytes('or-a', 1, bytesOf('c')),
    keyStatementBytes('or-a', 'key-a', 'secp256k1', point, b),
    keyStatementBytes('or-a', 'key-b', 'secp256k1', point, b),
    keyStatementBytes('or-a', 'key-a', 'stark', point, b),
    keyStatementBytes('or-a', 'key-a', 'secp256k1', new Uint8Array(33).fill(3), b),
    keyStatementBytes('or-a', 'key-a', 'secp256k1', point, bytesOf('c')),
    markBytes('or-a', 'key-a', 'exported', b),
    markBytes('or-a', 'key-a', 'archived', b),
    markBytes('or-a', 'wa-a', 'exported', b),
    markBytes('or-b', 'key-a', 'exported', b),
    markBytes('or-a', 'key-a', 'exported', bytesOf('c')),
    importKeyBytes(b, b, b, '2026'),
    importKeyBytes(b, b, b, '2027'),
    importKeyBytes(bytesOf('c'), b, b, '2026'),
    importKeyBytes(b, bytesOf('c'), b, '2026'),
    importKeyBytes(b, b, bytesOf('c'), '2026'),
  ].map((bytes) => toBase64Url(bytes));

  equal(new Set(all).size, all.length);
});

const signers: readonly TestKey[] = [1, 2, 3, 4, 5].map(() => testKey('Ed25519'));
const rawKey = (key: TestKey) =>
  Uint8Array.from(key.publicObject.export({ format: 'der', type: 'spki' }).subarray(-32));
const identityKeys = signers.map(rawKey);
const org = w.state.org;
const head = toBase64Url(bytesOf('head'));
const ackOf = (index: number, o: Partial<Ack> = {}): Ack => {
  const signature = toBase64Url(signers[index - 1]!.sign(ackBytes(org, 4, bytesOf('head'))));
  return { index, org, height: 4, head, signature, ...o };
};
const acks = (list: readonly Ack[], o: { quorum?: number; height?: number } = {}) =>
  verifyAcks({ acks: list, org, height: 4, head, identityKeys, verify: nodeVerify, ...o });

test('three to five acknowledgements commit an entry', () => {
  for (const list of [
    [1, 2, 3],
    [5, 3, 1],
    [1, 2, 3, 4],
    [1, 2, 3, 4, 5],
  ]) {
    equal(
      codeOf(() => acks(list.map((k) => ackOf(k)))),
      undefined,
    );
  }
  equal(
    codeOf(() =>
      acks(
        [1, 2, 3, 4].map((k) => ackOf(k)),
        { quorum: 4 },
      ),
    ),
    undefined,
  );
});

const otherHead = toBase64Url(bytesOf('another head'));
const forged: readonly [what: string, acks: () => readonly Ack[]][] = [
  ['none', () => []],
  ['two', () => [ackOf(1), ackOf(2)]],
  ['one signer twice', () => [ackOf(1), ackOf(2), ackOf(2)]],
  ['one signer under two indices', () => [ackOf(1), ackOf(2), { ...ackOf(2), index: 3 }]],
  ['index 0', () => [ackOf(1), ackOf(2), { ...ackOf(3), index: 0 }]],
  ['index 6', () => [ackOf(1), ackOf(2), { ...ackOf(3), index: 6 }]],
  [
    'an index that is no number',
    () =>
      [ackOf(1), ackOf(2), { ...ackOf(3), index: '3' as unknown as number }].map((a) => ({
        ...a,
        index: typeof a.index === 'string' ? Number.NaN : a.index,
      })),
  ],
  ['another organisation', () => [ackOf(1), ackOf(2), ackOf(3, { org: 'or-00000-11111-2222222222222222' })]],
  ['another height', () => [ackOf(1), ackOf(2), ackOf(3, { height: 5 })]],
  ['another head', () => [ackOf(1), ackOf(2), ackOf(3, { head: otherHead })]],
  [
    'a signature over another head',
    () => [
      ackOf(1),
      ackOf(2),
      ackOf(3, { signature: toBase64Url(signers[2]!.sign(ackBytes(org, 4, bytesOf('another head')))) }),
    ],
  ],
  ['a signature by another signer', () => [ackOf(1), ackOf(2), { ...ackOf(4), index: 3 }]],
  ['a short signature', () => [ackOf(1), ackOf(2), ackOf(3, { signature: 'AAAA' })]],
  ['a fourth that is false', () => [ackOf(1), ackOf(2), ackOf(3), ackOf(4, { signature: ackOf(5).signature })]],
  ['six', () => [1, 2, 3, 4, 5, 1].map((k) => ackOf(k))],
];
for (const [what, list] of forged) {
  test(`refuses acknowledgements with ${what}`, () =>
    equal(
      codeOf(() => acks(list())),
      'E_ACKS',
    ));
}

test('asks for as many as the quorum says, for the height it says', () => {
  const three = [1, 2, 3].map((k) => ackOf(k));

  throws(() => acks(three, { quorum: 4 }), { code: 'E_ACKS', details: { needed: 4, reached: 3 } });
  equal(
    codeOf(() => acks(three, { height: 5 })),
    'E_ACKS',
  );
});

test('asks for a head that is one', () => {
  const three = [1, 2, 3].map((k) => ackOf(k, { head: 'AAAA' }));

  equal(
    codeOf(() => verifyAcks({ acks: three, org, height: 4, head: 'AAAA', identityKeys, verify: nodeVerify })),
    'E_ACKS',
  );
});

test('verifies the statement of a signer and no other', () => {
  const bytes = markBytes(org, 'key-a', 'exported', bytesOf('n'));
  const o = {
    identityKey: identityKeys[0]!,
    bytes,
    signature: toBase64Url(signers[0]!.sign(bytes)),
    verify: nodeVerify,
  };

  equal(verifyStatement(o), true);
  equal(verifyStatement({ ...o, identityKey: identityKeys[1]! }), false);
  equal(verifyStatement({ ...o, bytes: markBytes(org, 'key-a', 'archived', bytesOf('n')) }), false);
  equal(verifyStatement({ ...o, signature: `${o.signature}=` }), false);
});
