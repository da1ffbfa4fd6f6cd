import { equal, match, ok, throws } from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { curve as nobleCurve } from '../curves-noble/index.ts';
import { nativeEd25519, type SodiumLibrary } from './ed25519-native.ts';
import {
  backends,
  blindBackends,
  type Curve,
  type CurveName,
  curve,
  type Scalar,
  verifyEcdsaSecp256k1,
  verifyEd25519,
} from './index.ts';
import { chooseBackend } from './load.ts';
import { nativeSecp256k1, type Secp256k1Library } from './secp256k1-native.ts';
import { selfTest } from './self-test.ts';

const secp = load<Secp256k1Library>('secp256k1/bindings');
const sodium = load<SodiumLibrary>('sodium-native');

test('names the backend of every curve', (t) => {
  const named = backends();
  t.diagnostic(JSON.stringify(named));

  equal(Object.keys(named).join(), 'secp256k1,ed25519,stark');
  match(named['secp256k1'] as string, secp === undefined ? /declined/ : /^secp256k1 5\.0\.2 \(native\)$/);
  match(named['ed25519'] as string, sodium === undefined ? /declined/ : /^sodium-native 5\.1\.0 \(native\)$/);
  match(named['stark'] as string, /noble/);
});

test('both native libraries load where the test suite has to run', { skip: !onReferencePlatform() }, () => {
  ok(secp);
  ok(sodium);
});

test('a curve is made once and shared', () => {
  equal(curve('stark'), curve('stark'));
  equal(nobleCurve('ed25519'), nobleCurve('ed25519'));
});

test('an unknown curve is refused', () => {
  throws(() => curve('p256' as CurveName), { code: 'E_CURVE' });
  throws(() => nobleCurve('p256' as CurveName), { code: 'E_CURVE' });
});

test('blinding changes no result', () => {
  const c = curve('secp256k1');
  const k = c.scalar.fromBigInt(123456789n);
  const before = c.encodePoint(c.mulBase(k));

  blindBackends((n) => new Uint8Array(n).fill(7));

  equal(Buffer.compare(c.encodePoint(c.mulBase(k)), before), 0);
});

test('adding what is no scalar is refused, not taken for a sum of zero', { skip: secp === undefined }, () => {
  const { scalar } = curve('secp256k1');
  const forged = new Uint8Array(32).fill(0xff) as Scalar;

  throws(() => scalar.add(scalar.one, forged), { code: 'E_SCALAR' });
});

test('a native library that cannot load gives way to noble, with the reason kept', () => {
  const { curve: chosen, declined } = chooseBackend('secp256k1', () => {
    throw new Error("Cannot find module 'secp256k1/bindings'\nRequire stack: …");
  });

  match(chosen.backend, /noble/);
  equal(declined, "Cannot find module 'secp256k1/bindings'");
});

test('a native library that computes wrongly gives way to noble', async (t) => {
  if (secp === undefined || sodium === undefined) {
    t.skip('a native library does not load here');
    return;
  }
  // Each of these is one function of a library, slightly wrong; the self-test has to notice every one.
  const flip = (bytes: Uint8Array): Uint8Array => {
    bytes[5] = (bytes[5] as number) ^ 1;
    return bytes;
  };
  const wrongSecp: Partial<Secp256k1Library>[] = [
    { privateKeyNegate: (k) => k },
    { privateKeyTweakAdd: (k) => k },
    { privateKeyTweakAdd: (k, tweak) => flip(secp.privateKeyTweakAdd(k, tweak)) },
    { privateKeyTweakMul: (k, tweak) => flip(secp.privateKeyTweakMul(k, tweak)) },
    { publicKeyCreate: (_k, form, out) => secp.publicKeyCreate(new Uint8Array(32).fill(1), form, out) },
    { publicKeyConvert: (key) => new Uint8Array(key) },
    { publicKeyCombine: (keys) => keys[0] as Uint8Array },
    { publicKeyTweakMul: (key) => new Uint8Array(key) },
    { ecdh: (_key, _secret, _options, output) => output },
  ];
  const wrongSodium: Partial<SodiumLibrary>[] = [
    { crypto_core_ed25519_is_valid_point: () => true },
    { crypto_core_ed25519_is_valid_point: () => false },
    { crypto_core_ed25519_add: (out, p) => out.set(p) },
    { crypto_core_ed25519_scalar_add: (out, a) => out.set(a) },
    { crypto_core_ed25519_scalar_negate: (out, a) => out.set(a) },
    { crypto_core_ed25519_scalar_invert: (out, a) => out.set(a) },
    { crypto_core_ed25519_scalar_reduce: (out, wide) => out.set(wide.subarray(0, 32)) },
    { crypto_scalarmult_ed25519_base_noclamp: (out, k) => out.set(k) },
    { crypto_scalarmult_ed25519_noclamp: (out, _k, p) => out.set(p) },
  ];
  const candidates: [string, CurveName, () => Curve][] = [
    ...wrongSecp.map((wrong): [string, CurveName, () => Curve] => [
      Object.keys(wrong).join(),
      'secp256k1',
      () => nativeSecp256k1(overlay(secp, wrong), 'wrong'),
    ]),
    ...wrongSodium.map((wrong): [string, CurveName, () => Curve] => [
      Object.keys(wrong).join(),
      'ed25519',
      () => nativeEd25519(overlay(sodium, wrong), 'wrong'),
    ]),
  ];

  for (const [what, name, candidate] of candidates) {
    await t.test(what, () => {
      const { curve: chosen, declined } = chooseBackend(name, candidate);
      match(chosen.backend, /noble/);
      ok(declined);
    });
  }
});

test('a backend that takes hybrid encodings or the order as a scalar fails the self-test', () => {
  const c = nobleCurve('secp256k1');
  const lenient = overlay(c, {
    decodePointLenient: (bytes) => c.decodePoint(bytes.length === 65 ? c.encodePoint(c.base) : bytes),
  });
  const wide = overlay(c, {
    scalar: overlay(c.scalar, { decode: (bytes) => c.scalar.reduce(bytes.length === 32 ? bytes : new Uint8Array(32)) }),
  });

  throws(() => selfTest(lenient), { code: 'E_BACKEND' });
  throws(() => selfTest(wide), { code: 'E_BACKEND' });
});

test('what browsers load reaches neither Node nor a native library', () => {
  for (const folder of ['transcript', 'curves-noble', 'sharing', 'envelope']) {
    const seen = new Set<string>();
    walk(new URL(`../${folder}/index.js`, import.meta.url), seen);
    for (const specifier of seen) {
      ok(/^(\.|@noble\/)/.test(specifier), `${folder} imports ${specifier}`);
      ok(!/native|load/.test(specifier), `${folder} imports ${specifier}`);
    }
  }
});

/** The libraries ship binaries for other platforms too, but not for all that Node runs on. */
function onReferencePlatform(): boolean {
  return process.platform === 'linux' && process.arch === 'x64';
}

function load<T>(name: string): T | undefined {
  try {
    return createRequire(import.meta.url)(name) as T;
  } catch {
    return undefined;
  }
}

/** An object with some members replaced; methods keep their own `this`. */
function overlay<T extends object>(object: T, members: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => (name in members ? members[name as keyof T] : target[name as keyof T]),
  });
}

function walk(url: URL, seen: Set<string>): void {
  const source = readFileSync(fileURLToPath(url), 'utf8');
  for (const [, specifier] of source.matchAll(/(?:from|import)\s*\(?['"]([^'"]+)['"]/g)) {
    if (specifier === undefined) continue;
    seen.add(specifier);
    if (specifier.startsWith('.')) walk(new URL(specifier, url), seen);
  }
}

test('verifies Ed25519 by a library: what OpenSSL signs, and nothing altered', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
  for (const length of [0, 1, 100]) {
    const message = new Uint8Array(length).fill(7);
    const signature = new Uint8Array(sign(null, message, privateKey));

    equal(verifyEd25519({ publicKey: raw, message, signature }), true);
    for (const at of [0, 31, 32, 63]) {
      const altered = signature.slice();
      altered[at] = (altered[at] as number) ^ 1;
      equal(verifyEd25519({ publicKey: raw, message, signature: altered }), false);
    }
    equal(verifyEd25519({ publicKey: raw, message: Uint8Array.of(1, ...message), signature }), false);
    equal(verifyEd25519({ publicKey: raw.slice(1), message, signature }), false);
    equal(verifyEd25519({ publicKey: raw, message, signature: signature.slice(1) }), false);
  }
  // S + L, which RFC 8032 tells verifiers to refuse; a key of small order signs anything for verifiers that take it.
  const message = new Uint8Array(0);
  const signature = new Uint8Array(sign(null, message, privateKey));
  const order = curve('ed25519').order;
  const s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString('hex')}`) + order;
  const large = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
  equal(
    verifyEd25519({ publicKey: raw, message, signature: new Uint8Array([...signature.slice(0, 32), ...large]) }),
    false,
  );
  const identity = Uint8Array.of(1, ...new Uint8Array(31));
  equal(
    verifyEd25519({ publicKey: identity, message, signature: Uint8Array.of(...identity, ...new Uint8Array(32)) }),
    false,
  );
});

test('verifies ECDSA over secp256k1 by a library: what OpenSSL signs, with low s alone, and nothing altered', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const raw = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-65));
  const group = curve('secp256k1');
  const { order, scalar } = group;
  const message = new Uint8Array(10).fill(7);
  const digest = new Uint8Array(createHash('sha256').update(message).digest());
  const signed = new Uint8Array(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }));
  const s = scalar.decode(signed.slice(32));
  const [low, high] = scalar.toBigInt(s) > order / 2n ? [scalar.neg(s), s] : [s, scalar.neg(s)];
  const signature = new Uint8Array([...signed.slice(0, 32), ...low]);

  equal(verifyEcdsaSecp256k1({ publicKey: raw, digest, signature }), true);
  equal(verifyEcdsaSecp256k1({ publicKey: group.encodePoint(group.decodePointLenient(raw)), digest, signature }), true);
  const altered = (bytes: Uint8Array, at: number) => bytes.with(at, (bytes[at] as number) ^ 1);
  const zero = new Uint8Array(32);
  for (const bad of [
    new Uint8Array([...signature.slice(0, 32), ...high]),
    new Uint8Array([...zero, ...low]),
    new Uint8Array([...signature.slice(0, 32), ...zero]),
    new Uint8Array(64).fill(0xff),
    signature.slice(1),
    ...[0, 31, 32, 63].map((at) => altered(signature, at)),
  ])
    equal(verifyEcdsaSecp256k1({ publicKey: raw, digest, signature: bad }), false);
  equal(verifyEcdsaSecp256k1({ publicKey: raw, digest: altered(digest, 0), signature }), false);
  equal(verifyEcdsaSecp256k1({ publicKey: raw, digest: digest.slice(1), signature }), false);
  equal(verifyEcdsaSecp256k1({ publicKey: altered(raw, 64), digest, signature }), false);
});
