/**
 * The two verifiers that stand between a run and the caller, the signers' and the api's, against the published
 * vectors. They share no library and must give the same answers.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { verifyRaw } from '@holdfast/chains/schemes';
import { curve, verifyEcdsaSecp256k1, verifyEd25519 } from '@holdfast/crypto/curves';

interface Case {
  readonly tcId: number;
  readonly comment: string;
  readonly msg: string;
  readonly sig: string;
  readonly result: 'valid' | 'invalid';
}

interface Wycheproof {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly publicKey: { readonly uncompressed: string; readonly pk: string };
    readonly tests: readonly Case[];
  }[];
}

const HALF_ORDER = curve('secp256k1').order / 2n;
const read = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../../../vectors/verification/${name}`, import.meta.url), 'utf8')) as T;
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const sha256 = (message: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(message).digest());

/** What each verifier says, the api's first; they are given the encodings they are given in the product. */
function ecdsa(uncompressed: string, digest: Uint8Array, signature: Uint8Array): boolean[] {
  const group = curve('secp256k1');
  const point = group.decodePointLenient(bytes(uncompressed));
  const key = { scheme: 'ECDSA', curve: 'secp256k1', publicKey: group.encodePoint(point) } as const;
  return [
    verifyRaw({ algorithm: 'ecdsa', digest }, key, { signature }),
    verifyEcdsaSecp256k1({ publicKey: group.encodeUncompressed(point), digest, signature }),
  ];
}

function ed25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean[] {
  const key = { scheme: 'EdDSA', curve: 'ed25519', publicKey } as const;
  return [
    verifyRaw({ algorithm: 'eddsa', message }, key, { signature }),
    verifyEd25519({ publicKey, message, signature }),
  ];
}

test('ECDSA in 64 bytes: both verifiers accept what Wycheproof calls valid with a low s, and nothing else', () => {
  const { numberOfTests, testGroups } = read<Wycheproof>('wycheproof-ecdsa-secp256k1-sha256-p1363.json');
  let seen = 0;
  let accepted = 0;
  for (const { publicKey, tests } of testGroups)
    for (const { tcId, comment, msg, sig, result } of tests) {
      const expected = result === 'valid' && BigInt(`0x${sig.slice(64) || '0'}`) <= HALF_ORDER;
      const answers = ecdsa(publicKey.uncompressed, sha256(bytes(msg)), bytes(sig));
      deepEqual(answers, [expected, expected], `${tcId}: ${comment}`);
      seen += 1;
      accepted += expected ? 1 : 0;
    }
  equal(seen, numberOfTests);
  ok(accepted > 80, `${accepted} accepted`);
});

test('ECDSA as Bitcoin has it: both verifiers accept what Wycheproof calls valid, and nothing else', () => {
  const { numberOfTests, testGroups } = read<Wycheproof>('wycheproof-ecdsa-secp256k1-sha256-bitcoin.json');
  let seen = 0;
  let accepted = 0;
  for (const { publicKey, tests } of testGroups)
    for (const { tcId, comment, msg, sig, result } of tests) {
      seen += 1;
      const signature = fromDer(bytes(sig));
      const expected = result === 'valid';
      if (signature === undefined) {
        ok(!expected, `${tcId} is valid and must be read: ${comment}`);
        continue;
      }
      const answers = ecdsa(publicKey.uncompressed, sha256(bytes(msg)), signature);
      deepEqual(answers, [expected, expected], `${tcId}: ${comment}`);
      accepted += expected ? 1 : 0;
    }
  equal(seen, numberOfTests);
  ok(accepted > 80, `${accepted} accepted`);
});

test('Ed25519: both verifiers accept what Wycheproof calls valid, and nothing else', () => {
  const { numberOfTests, testGroups } = read<Wycheproof>('wycheproof-ed25519.json');
  let seen = 0;
  for (const { publicKey, tests } of testGroups)
    for (const { tcId, comment, msg, sig, result } of tests) {
      const expected = result === 'valid';
      const answers = ed25519(bytes(publicKey.pk), bytes(msg), bytes(sig));
      deepEqual(answers, [expected, expected], `${tcId}: ${comment}`);
      seen += 1;
    }
  equal(seen, numberOfTests);
});

test('Ed25519: the five tests of RFC 8032 verify, and no longer with one bit changed anywhere', () => {
  const { tests } = read<{
    tests: readonly {
      readonly name: string;
      readonly publicKey: string;
      readonly message: string;
      readonly signature: string;
    }[];
  }>('rfc8032-ed25519.json');
  equal(tests.length, 5);
  for (const { name, publicKey, message, signature } of tests) {
    deepEqual(ed25519(bytes(publicKey), bytes(message), bytes(signature)), [true, true], name);
    for (let at = 0; at < 64; at += 1)
      deepEqual(ed25519(bytes(publicKey), bytes(message), flipped(bytes(signature), at)), [false, false], name);
    if (message !== '')
      deepEqual(ed25519(bytes(publicKey), flipped(bytes(message), 0), bytes(signature)), [false, false], name);
  }
});

function flipped(from: Uint8Array, at: number): Uint8Array {
  const altered = from.slice();
  altered[at] = (altered[at] ?? 0) ^ (1 << (at % 8));
  return altered;
}

/** Strict DER (BIP 66) of two integers below 2²⁵⁶ as 64 bytes; undefined for anything else. */
function fromDer(der: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(64);
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 72) return undefined;
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0;
    const digits = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 0x02 || length === 0 || digits.length !== length) return undefined;
    const [first = 0, second = 0] = digits;
    if (first >= 0x80 || (first === 0 && length > 1 && second < 0x80)) return undefined;
    const magnitude = first === 0 ? digits.subarray(1) : digits;
    if (magnitude.length > 32) return undefined;
    out.set(magnitude, end - magnitude.length);
    at += 2 + length;
  }
  return at === der.length ? out : undefined;
}
