/** What a lying signer, or two, can make of a share audit: nothing but an alarm about themselves. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { signerId } from '@holdfast/authority/challenge';
import { keyStatementBytes } from '@holdfast/authority/log';
import { auditPageBytes, shareProofContext } from '@holdfast/authority/share-audit';
import { toBase64Url, toHex } from '@holdfast/contract/wire';
import { curve as curveOf, type Scalar } from '@holdfast/crypto/curves';
import { epochOf, proveShare, type Split, split } from '@holdfast/crypto/sharing';
import { HashRng, sha512 } from '@holdfast/crypto/transcript';
import { ed25519 } from '@noble/curves/ed25519.js';
import { type AuditItem, judgeShares, type SignerAnswer } from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'share-audit 1';
console.log(`seed: ${seed}`);
const rng = new HashRng(sha512(new TextEncoder().encode(seed)));
const random = (n: number): Uint8Array => rng.bytes(n);
const curve = curveOf('secp256k1');
const fingerprint = random(32);
const nonce = random(32);
const secrets = Array.from({ length: 5 }, () => random(32));
const signers = secrets.map((secret, at) => {
  const identityKey = ed25519.getPublicKey(secret);
  return { index: at + 1, identityKey, signerId: signerId(identityKey) };
});
const signerAt = (index: number) => signers[index - 1] as (typeof signers)[number];
const sign = (index: number, bytes: Uint8Array): string =>
  toBase64Url(ed25519.sign(bytes, secrets[index - 1] as Uint8Array));
const org = 'or-abcde-abcde-abcdefghijklmnop';
const keyId = 'key-abcde-abcde-abcdefghijklmnop';
const sharing = (): Split => split(curve, { secret: curve.scalar.random(random), t: 3, n: 5 }, random);
const key = sharing();

interface Claim {
  readonly parts?: Split;
  /** Evaluation point. */
  readonly at?: number;
  readonly x?: Scalar;
  readonly as?: number;
  readonly keyId?: string;
  readonly nonce?: Uint8Array;
}
/** A signer's item, honest unless told. */
function item(index: number, o: Claim = {}): AuditItem {
  const parts = o.parts ?? key;
  const at = o.at ?? index;
  const x = o.x ?? (parts.shares[at - 1] as Scalar);
  const epoch = epochOf(curve, parts.publicShares);
  const id = o.keyId ?? keyId;
  const X = curve.encodePoint(parts.publicKey);
  const who = signerAt(o.as ?? index).signerId;
  const context = shareProofContext({
    fingerprint,
    nonce: o.nonce ?? nonce,
    signerId: who,
    org,
    keyId: id,
    epoch,
    index: at,
  });
  const { A, z } = proveShare(curve, { x, context, random });
  return {
    keyId: id,
    status: 'proved',
    org,
    curve: 'secp256k1',
    publicKey: toHex(X),
    epoch: toHex(epoch),
    index: at,
    publicShares: curve.encodePoints(parts.publicShares).map((X_j) => toHex(X_j)),
    statement: sign(index, keyStatementBytes(org, id, 'secp256k1', X, epoch)),
    A: toHex(A),
    z: toHex(z),
  };
}
function answer(index: number, items: readonly AuditItem[]): SignerAnswer {
  const page = { items, more: false };
  const bytes = auditPageBytes({ ...page, fingerprint, nonce, signerId: signerAt(index).signerId, after: '' });
  return { pages: [{ ...page, signature: sign(index, bytes) }] };
}
const judge = (items: Readonly<Record<number, readonly AuditItem[]>> = {}) =>
  judgeShares({
    fingerprint,
    nonce,
    signers,
    answers: new Map(signers.map(({ index }) => [index, answer(index, items[index] ?? [item(index)])])),
  });
const statuses = (items: Readonly<Record<number, readonly AuditItem[]>>): string[] =>
  judge(items)
    .keys.find((each) => each.keyId === keyId)
    ?.shares.map(({ status }) => status) ?? [];

test('five honest signers are proved', () => {
  deepEqual(statuses({}), Array(5).fill('proved'));
});

const alone = (status: string): string[] => ['proved', status, 'proved', 'proved', 'proved'];
const other = sharing();
const lies: readonly [string, () => AuditItem, string][] = [
  ['a proof by another share', () => item(2, { x: other.shares[1] as Scalar }), 'false'],
  [
    'the proof that signer 3 made, repeated',
    () => ({ ...item(2), A: item(3).A as string, z: item(3).z as string }),
    'false',
  ],
  ['the proof of signer 3 under its own name', () => item(2, { at: 3, as: 3 }), 'false'],
  ['a proof for another audit', () => item(2, { nonce: random(32) }), 'false'],
  ['another sharing', () => item(2, { parts: other }), 'stale'],
  [
    'the public shares of another sharing under this epoch',
    () => ({ ...item(2), publicShares: item(2, { parts: other }).publicShares ?? [] }),
    'proved',
  ],
  [
    'another public key under this epoch',
    () => ({ ...item(2), publicKey: item(2, { parts: other }).publicKey as string }),
    'false',
  ],
  ['another organisation', () => ({ ...item(2), org: 'or-zzzzz-zzzzz-zzzzzzzzzzzzzzzz' }), 'false'],
  ['no place in the key', () => ({ ...item(2), index: 6 }), 'false'],
  ['an epoch that is none', () => ({ ...item(2), epoch: 'zz' }), 'stale'],
  ['a first move that is none', () => ({ ...item(2), A: '00' }), 'false'],
  [
    'no first move at all',
    () => ({
      keyId,
      status: 'proved',
      org,
      curve: 'secp256k1',
      epoch: item(2).epoch as string,
      publicKey: item(2).publicKey as string,
      index: 2,
    }),
    'false',
  ],
  ['a curve that does not exist', () => ({ ...item(2), curve: 'p256' }), 'false'],
  ['that the share is damaged', () => ({ keyId, status: 'damaged', problem: 'E_VAULT_DAMAGED' }), 'damaged'],
];
for (const [what, lie, status] of lies)
  test(`signer 2 shows ${what}: ${status}, and it alone`, () => {
    deepEqual(statuses({ 2: [lie()] }), alone(status));
  });

test('a share that two signers hold is an alarm about both: one was given it by the other', () => {
  deepEqual(statuses({ 2: [item(2, { at: 3 })] }), ['proved', 'false', 'false', 'proved', 'proved']);
});

test('two signers that state another sharing alike are named, three honest ones prove', () => {
  deepEqual(statuses({ 1: [item(1, { parts: other })], 2: [item(2, { parts: other })] }), [
    'stale',
    'stale',
    'proved',
    'proved',
    'proved',
  ]);
});

test('a key that no three signers state alike proves nowhere', () => {
  const third = sharing();
  const found = statuses({
    1: [item(1, { parts: other })],
    2: [item(2, { parts: other })],
    3: [item(3, { parts: third })],
  });

  equal(found.includes('proved'), false);
});

test('a sharing of a lower degree, or of another key, is no key, whoever states it and proves shares of it', () => {
  const flat = split(curve, { secret: curve.scalar.random(random), t: 2, n: 5 }, random);
  const renamed = { ...sharing(), publicKey: key.publicKey };

  for (const parts of [flat, renamed]) {
    const found = statuses({ 1: [item(1, { parts })], 2: [item(2, { parts })], 3: [item(3, { parts })] });

    equal(found.slice(0, 3).includes('proved'), false);
  }
});

test('a key that only one signer speaks of is missing at the others, and proved nowhere', () => {
  const invented = 'key-zzzzz-zzzzz-zzzzzzzzzzzzzzzz';
  const audit = judge({ 2: [item(2), item(2, { keyId: invented, parts: other })] });

  deepEqual(
    audit.keys.find((each) => each.keyId === invented)?.shares.map(({ status }) => status),
    ['missing', 'false', 'missing', 'missing', 'missing'],
  );
  equal(audit.bad, 5);
});
