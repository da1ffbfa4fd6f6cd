import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Curve, curve, type Point, type Scalar } from '@holdfast/crypto/curves';
import { expand_message_xmd } from '@noble/curves/abstract/hash-to-curve.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { seededRandom } from '../simulator/index.ts';
import { aggregate, type Commitment, computeBindingFactors, isValidShare, NoncePair, signShare } from './core.ts';
import type { FrostSuite, SigningKey } from './suite.ts';
import { bip340Suite, taprootTweak } from './suites/bitcoin.ts';
import { ed25519Suite } from './suites/ed25519.ts';
import { keyShares } from './test/keys.ts';

const ed = curve('ed25519');
const secp = curve('secp256k1');
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const vectorFile = (name: string): string =>
  readFileSync(new URL(`../../../../vectors/frost/${name}`, import.meta.url), 'utf8');

// ---- RFC 9591 ------------------------------------------------------------------------------------------------

interface RfcVector {
  inputs: {
    participant_list: number[];
    group_secret_key: string;
    group_public_key: string;
    message: string;
    participant_shares: { identifier: number; participant_share: string }[];
  };
  round_one_outputs: { outputs: (Record<string, string> & { identifier: number })[] };
  round_two_outputs: { outputs: { identifier: number; sig_share: string }[] };
  final_output: { sig: string };
}

/** §6.5, which Holdfast does not sign with: the same core on another curve, whose published cases others run too. */
const secp256k1Suite: FrostSuite = {
  ...bip340Suite(),
  id: 'FROST-secp256k1-SHA256-v1',
  h1: (group, input) => hashToScalar(group, 'rho', input),
  h3: (group, input) => hashToScalar(group, 'nonce', input),
  h4: (message) => sha256('FROST-secp256k1-SHA256-v1msg', message),
  h5: (list) => sha256('FROST-secp256k1-SHA256-v1com', list),
  encodePublicKey: (group, publicKey) => group.encodePoint(publicKey),
  mustNegate: () => false,
  challenge: (group, { R, publicKey, message }) =>
    hashToScalar(group, 'chal', Uint8Array.of(...group.encodePoint(R), ...publicKey, ...message)),
  encodeSignature: (group, { R, z }) => Uint8Array.of(...group.encodePoint(R), ...z),
  verify: (group, { publicKey, message, signature }) => {
    const [R, z] = [group.decodePoint(signature.slice(0, 33)), group.scalar.decode(signature.slice(33))];
    const c = secp256k1Suite.challenge(group, { R, publicKey: group.encodePoint(publicKey), message });
    const right = secp256k1.Point.fromBytes(group.encodePoint(publicKey)).multiply(group.scalar.toBigInt(c));
    const sum = secp256k1.Point.fromBytes(group.encodePoint(R)).add(right);
    return secp256k1.Point.BASE.multiply(group.scalar.toBigInt(z)).equals(sum);
  },
};

function hashToScalar(group: Curve, purpose: string, input: Uint8Array): Scalar {
  const DST = new TextEncoder().encode(`FROST-secp256k1-SHA256-v1${purpose}`);
  return group.scalar.reduce(expand_message_xmd(input, DST, 48, nobleSha256));
}

function sha256(tag: string, input: Uint8Array): Uint8Array {
  return nobleSha256(Uint8Array.of(...new TextEncoder().encode(tag), ...input));
}

const rfc9591 = [
  {
    name: 'Ed25519',
    file: 'rfc9591-ed25519-sha512.json',
    group: ed,
    suite: ed25519Suite,
    scalarOf: (text: string) => ed.scalar.decode(hex(text).reverse()),
    verifies: (o: Signed) => ed25519.verify(o.signature, o.message, o.encodedKey),
  },
  {
    name: 'secp256k1',
    file: 'rfc9591-secp256k1-sha256.json',
    group: secp,
    suite: secp256k1Suite,
    scalarOf: (text: string) => secp.scalar.decode(hex(text)),
    verifies: (o: Signed) => secp256k1Suite.verify(secp, { ...o, publicKey: secp.decodePoint(o.encodedKey) }),
  },
];

interface Signed {
  readonly encodedKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

for (const { name, file, group, suite, scalarOf, verifies } of rfc9591)
  test(`reproduces the whole transcript of RFC 9591 for ${name}`, () => {
    const vector = JSON.parse(vectorFile(file)) as RfcVector;
    const message = hex(vector.inputs.message);
    const publicKey = group.decodePoint(hex(vector.inputs.group_public_key));
    const secrets = new Map(vector.inputs.participant_shares.map((s) => [s.identifier, scalarOf(s.participant_share)]));
    const key = (j: number): SigningKey => ({
      x: secrets.get(j) as Scalar,
      publicKey,
      publicShare: (k) => group.mulBase(secrets.get(k) as Scalar),
    });

    const nonces = vector.round_one_outputs.outputs.map((row) => {
      const queue = [hex(row.hiding_nonce_randomness ?? ''), hex(row.binding_nonce_randomness ?? '')];
      const pair = NoncePair.draw(group, suite, {
        index: row.identifier,
        x: secrets.get(row.identifier) as Scalar,
        random: () => queue.shift() as Uint8Array,
      });
      equal(toHex(pair.commitment.encodedD), row.hiding_nonce_commitment);
      equal(toHex(pair.commitment.encodedE), row.binding_nonce_commitment);
      return pair;
    });
    const list = nonces.map((pair) => pair.commitment);
    const encodedKey = group.encodePoint(publicKey);
    const factors = computeBindingFactors(group, suite, { encodedKey, message, list });
    deepEqual(
      factors.map((rho) => toHex(suite.encodeScalar(rho))),
      vector.round_one_outputs.outputs.map((row) => row.binding_factor),
    );

    const signed = nonces.map((pair) =>
      signShare(group, suite, { key: key(pair.commitment.index), message, list, nonces: pair }),
    );
    deepEqual(
      signed.map(({ z }) => toHex(suite.encodeScalar(z))),
      vector.round_two_outputs.outputs.map((row) => row.sig_share),
    );

    const session = signed[0]?.session;
    ok(session !== undefined);
    for (const [at, { z }] of signed.entries()) ok(isValidShare(group, session, { index: list[at]?.index ?? 0, z }));
    const signature = aggregate(
      group,
      suite,
      session,
      signed.map(({ z }) => z),
    );
    equal(signature === undefined ? '' : toHex(signature), vector.final_output.sig);
    ok(verifies({ encodedKey, message, signature: signature as Uint8Array }));
  });

// ---- BIP-340 and BIP-341 -------------------------------------------------------------------------------------

test('verifies what BIP-340 says verifies, and nothing else', () => {
  const suite = bip340Suite();
  const rows = vectorFile('bip340-test-vectors.csv').trim().split(/\r?\n/).slice(1);
  let seen = 0;
  for (const row of rows) {
    const [index, , publicKey = '', , message = '', signature = '', result, comment] = row.split(',');
    let verified: boolean;
    try {
      const point = secp.decodePoint(Uint8Array.of(2, ...hex(publicKey)));
      verified = suite.verify(secp, { publicKey: point, message: hex(message), signature: hex(signature) });
    } catch {
      verified = false; // not the x of a point: a key that cannot be ours
    }
    equal(verified, result === 'TRUE', `row ${index}: ${comment}`);
    seen += 1;
  }
  equal(seen, 19);
});

interface Bip341 {
  scriptPubKey: {
    given: { internalPubkey: string };
    intermediary: { merkleRoot: string | null; tweak: string; tweakedPubkey: string };
  }[];
  keyPathSpending: {
    inputSpending: {
      given: { internalPrivkey: string; merkleRoot: string | null };
      intermediary: { internalPubkey: string; tweak: string; tweakedPrivkey: string; sigHash: string };
    }[];
  }[];
}

test('computes the tweaks and output keys of BIP-341', () => {
  const { scriptPubKey } = JSON.parse(vectorFile('bip341-wallet-test-vectors.json')) as Bip341;
  for (const { given, intermediary } of scriptPubKey) {
    const internalKey = hex(given.internalPubkey);
    const tweak = taprootTweak(secp, internalKey, hex(intermediary.merkleRoot ?? ''));
    const P = secp.decodePoint(Uint8Array.of(2, ...internalKey));

    equal(toHex(tweak), intermediary.tweak);
    equal(toHex(secp.affine(secp.add(P, secp.mulBase(tweak))).x), intermediary.tweakedPubkey);
  }
  equal(scriptPubKey.length, 7);
});

test('tweaks a sharing of the private keys of BIP-341 into a sharing of its tweaked ones', () => {
  const { keyPathSpending } = JSON.parse(vectorFile('bip341-wallet-test-vectors.json')) as Bip341;
  const inputs = keyPathSpending.flatMap(({ inputSpending }) => inputSpending);
  for (const { given, intermediary } of inputs) {
    const secret = secp.scalar.decode(hex(given.internalPrivkey));
    const shares = keyShares({ curve: secp, protocol: 'FROST_BITCOIN', t: 3, n: 5, seed: 'bip341', secret });
    const suite = bip340Suite(hex(given.merkleRoot ?? ''));

    const keys = shares.map((share) => suite.prepare(secp, share));

    // f(0) of the prepared shares 1, 2, 3, up to the sign that makes Q even.
    const [x1, x2, x3] = keys.map((key) => secp.scalar.toBigInt(key.x)) as [bigint, bigint, bigint];
    const d = secp.scalar.fromBigInt(3n * x1 - 3n * x2 + x3);
    const expected = secp.scalar.decode(hex(intermediary.tweakedPrivkey));
    const isEven = !secp.affine(secp.mulBase(expected)).yOdd;
    deepEqual(d, isEven ? expected : secp.scalar.neg(expected));
    for (const [at, key] of keys.entries()) ok(secp.equals(secp.mulBase(key.x), key.publicShare(at + 1)));
  }
  equal(inputs.length, 7);
});

test('row 45: the tweak starts from the even-Y key, whatever the parity of the stored one', () => {
  for (const parity of [false, true]) {
    const share = shareWithParity(parity);
    const key = bip340Suite(new Uint8Array(0)).prepare(secp, share);
    const P = secp.affine(share.publicKey);
    const even = secp.decodePoint(Uint8Array.of(2, ...P.x));
    const Q = secp.add(even, secp.mulBase(taprootTweak(secp, P.x, new Uint8Array(0))));

    equal(P.yOdd, parity);
    deepEqual(secp.affine(key.publicKey).x, secp.affine(Q).x);
    equal(secp.affine(key.publicKey).yOdd, false);
  }
});

test('refuses a merkle root of any other length', () => {
  for (const length of [1, 31, 33, 64]) throws(() => bip340Suite(new Uint8Array(length)), { code: 'E_F_TWEAK' });
});

test('refuses a key and root for which BIP-341 has no output key', () => {
  // Neither happens on the real curve with a probability worth naming, so the curve is made to answer so.
  const share = shareWithParity(false);
  const root = new Uint8Array(0);
  const tooLarge = {
    ...secp,
    scalar: { ...secp.scalar, decode: () => secp.scalar.decode(new Uint8Array(32).fill(0xff)) },
  };
  const cancelling = { ...secp, mulBase: () => secp.neg(share.publicKey) };

  throws(() => bip340Suite(root).prepare(tooLarge, share), { code: 'E_F_TWEAK' });
  throws(() => bip340Suite(root).prepare(cancelling, share), { code: 'E_F_TWEAK' });
});

function shareWithParity(odd: boolean) {
  for (let attempt = 0; ; attempt += 1) {
    const [share] = keyShares({ curve: secp, protocol: 'FROST_BITCOIN', t: 3, n: 5, seed: `parity ${attempt}` });
    if (share !== undefined && secp.affine(share.publicKey).yOdd === odd) return share;
  }
}

// ---- Nonces and lists ----------------------------------------------------------------------------------------

const message = new TextEncoder().encode('pay 3');

/** Three of five signers after round one. */
function threeSigners(seed: string) {
  const shares = keyShares({ curve: ed, protocol: 'FROST', t: 3, n: 5, seed }).slice(0, 3);
  const keys = shares.map((share) => ed25519Suite.prepare(ed, share));
  const nonces = shares.map(({ index, x }) =>
    NoncePair.draw(ed, ed25519Suite, { index, x, random: (n) => seededRandom(`${seed}/${index}`).bytes(n) }),
  );
  return { keys, nonces, list: nonces.map((pair) => pair.commitment) };
}

test('row 41: a nonce pair that has signed refuses to sign again, the same message included', () => {
  const { keys, nonces, list } = threeSigners('reuse');
  const [key, pair] = [keys[0] as SigningKey, nonces[0] as NoncePair];
  signShare(ed, ed25519Suite, { key, message, list, nonces: pair });

  for (const again of [message, new TextEncoder().encode('pay 4')]) {
    throws(() => signShare(ed, ed25519Suite, { key, message: again, list, nonces: pair }), { code: 'E_F_NONCE_REUSE' });
  }
});

test('row 41: a wiped nonce pair signs nothing', () => {
  const { keys, nonces, list } = threeSigners('wiped');
  nonces[0]?.wipe();

  throws(
    () => signShare(ed, ed25519Suite, { key: keys[0] as SigningKey, message, list, nonces: nonces[0] as NoncePair }),
    { code: 'E_F_NONCE_REUSE' },
  );
});

test('row 41: a list that alters, omits, repeats or reorders commitments is refused and the nonces stay unused', () => {
  const { keys, nonces, list } = threeSigners('list');
  const [one, two, three] = list as [Commitment, Commitment, Commitment];
  const bad: Record<string, readonly Commitment[]> = {
    'own D replaced': [{ ...one, D: two.D, encodedD: two.encodedD }, two, three],
    'own E replaced': [{ ...one, encodedE: two.encodedE }, two, three],
    'own entry missing': [two, three],
    'own entry twice': [one, one, two],
    'out of order': [two, one, three],
  };
  const key = keys[0] as SigningKey;
  const pair = nonces[0] as NoncePair;
  for (const [name, altered] of Object.entries(bad)) {
    throws(
      () => signShare(ed, ed25519Suite, { key, message, list: altered, nonces: pair }),
      { code: 'E_F_LIST' },
      name,
    );
  }
  signShare(ed, ed25519Suite, { key, message, list, nonces: pair });
});

test('row 42: every binding factor changes with any commitment, the message, the key and the identifier', () => {
  const { keys, list } = threeSigners('rho');
  const encodedKey = ed.encodePoint(keys[0]?.publicKey as Point);
  const other = threeSigners('rho, another');
  const original = computeBindingFactors(ed, ed25519Suite, { encodedKey, message, list });
  const replaced = list.flatMap((entry, at) => {
    const from = other.list[at] as Commitment;
    return [
      list.map((each) => (each === entry ? { ...each, D: from.D, encodedD: from.encodedD } : each)),
      list.map((each) => (each === entry ? { ...each, encodedE: from.encodedE } : each)),
      list
        .map((each) => (each === entry ? { ...each, index: each.index + 3 } : each))
        .sort((a, b) => a.index - b.index),
    ];
  });

  for (const altered of replaced) {
    const factors = computeBindingFactors(ed, ed25519Suite, { encodedKey, message, list: altered });
    for (const [at, rho] of factors.entries()) notDeepEqual(rho, original[at]);
  }
  const otherMessage = computeBindingFactors(ed, ed25519Suite, { encodedKey, message: message.slice(1), list });
  const otherKey = computeBindingFactors(ed, ed25519Suite, {
    encodedKey: ed.encodePoint(other.keys[0]?.publicKey as Point),
    message,
    list,
  });
  for (const [at, rho] of original.entries()) {
    notDeepEqual(rho, otherMessage[at]);
    notDeepEqual(rho, otherKey[at]);
  }
  equal(new Set(original.map(toHex)).size, 3);
});

test('row 56: a group commitment that cancels to the identity ends the run without a share', () => {
  // Only with constant binding factors can the last speaker cancel the others, so the suite here has them.
  const suite = { ...ed25519Suite, h1: () => ed.scalar.one };
  const { keys, nonces, list } = threeSigners('identity');
  const [one, two, three] = list as [Commitment, Commitment, Commitment];
  const [E1, E2, E3] = [one, two, three].map((entry) => ed.decodePoint(entry.encodedE)) as [Point, Point, Point];
  const D = ed.neg(ed.sum([one.D, E1, two.D, E2, E3]));
  const cancelling = [one, two, { ...three, D, encodedD: ed.encodePoint(D) }];

  throws(
    () =>
      signShare(ed, suite, { key: keys[0] as SigningKey, message, list: cancelling, nonces: nonces[0] as NoncePair }),
    { code: 'E_F_IDENTITY' },
  );
});

test('draws again when a nonce would be zero', () => {
  let calls = 0;
  const suite = {
    ...ed25519Suite,
    h3: (...args: Parameters<typeof ed25519Suite.h3>) => (calls++ === 0 ? ed.scalar.zero : ed25519Suite.h3(...args)),
  };
  const random = seededRandom('zero nonce');

  const pair = NoncePair.draw(ed, suite, { index: 1, x: ed.scalar.one, random: (n) => random.bytes(n) });

  equal(calls, 3);
  equal(pair.commitment.index, 1);
});

test('a nonce pair shows nothing of itself', () => {
  const { nonces } = threeSigners('quiet');

  equal(JSON.stringify(nonces[0]), '"NoncePair"');
});
