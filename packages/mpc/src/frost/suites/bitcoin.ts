/**
 * FROST for BIP-340, with the taproot tweak of BIP-341 applied when signing. The stored sharing is of an arbitrary key
 * P = xG; parity and tweak are worked out anew for every signature, so one key serves any script tree.
 */
import { createHash } from 'node:crypto';
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { equalBytes } from '@holdfast/crypto/transcript';
import { attempt, type KeyShare, refuse } from '../../runtime/index.ts';
import type { FrostSuite, SigningKey } from '../suite.ts';

// Our own: the context does not reach the signature, and RFC 9591 registers no BIP-340 suite. Changing it separates
// the binding factors of two versions, so all signers of a cluster must run the same one.
const CONTEXT = 'HOLDFAST-FROST-BIP340-SHA512-v1';

/**
 * `taprootMerkleRoot`: absent signs under P itself; empty commits to no script tree (BIP-86); 32 bytes is the root.
 */
export function bip340Suite(taprootMerkleRoot?: Uint8Array): FrostSuite {
  const root = taprootMerkleRoot === undefined ? undefined : Uint8Array.from(taprootMerkleRoot);
  if (root !== undefined && root.length !== 0 && root.length !== 32) {
    refuse('E_F_TWEAK', 'A taproot merkle root is empty or 32 bytes.');
  }
  return {
    id: CONTEXT,
    protocol: 'FROST_BITCOIN',
    curve: 'secp256k1',
    h1: (curve, input) => wideScalar(curve, sha512(`${CONTEXT}rho`, input)),
    h3: (curve, input) => wideScalar(curve, sha512(`${CONTEXT}nonce`, input)),
    h4: (message) => sha512(`${CONTEXT}msg`, message),
    h5: (list) => sha512(`${CONTEXT}com`, list),
    encodeScalar: (k) => k,
    encodePublicKey: (curve, publicKey) => curve.affine(publicKey).x,
    mustNegate: (curve, R) => curve.affine(R).yOdd,
    challenge: (curve, { R, publicKey, message }) => challenge(curve, curve.affine(R).x, publicKey, message),
    encodeSignature(curve, { R, z }) {
      const signature = new Uint8Array(64);
      signature.set(curve.affine(R).x, 0);
      signature.set(z, 32);
      return signature;
    },
    verify,
    prepare: (curve, share) => prepare(curve, share, root),
  };
}

/** BIP-341 `taproot_tweak_pubkey`: the tweak for the x-only internal key and a root of 0 or 32 bytes. */
export function taprootTweak(curve: Curve, internalKey: Uint8Array, root: Uint8Array): Scalar {
  const tweak = attempt(() => curve.scalar.decode(taggedHash('TapTweak', internalKey, root)));
  // At or above the order BIP-341 says fail; probability 2^-128.
  if (tweak === undefined) refuse('E_F_TWEAK', 'This key has no taproot tweak for this merkle root.');
  return tweak;
}

// Order of operations: even-Y of P, tweak, even-Y of Q. A constant added to every Shamir share adds that constant to
// the secret, because f(z) + τ is a polynomial of the same degree.
function prepare(curve: Curve, share: KeyShare, root: Uint8Array | undefined): SigningKey {
  const { scalar } = curve;
  const { x: internalKey, yOdd: oddP } = curve.affine(share.publicKey);
  const P = oddP ? curve.neg(share.publicKey) : share.publicKey;
  const tweak = root === undefined ? scalar.zero : taprootTweak(curve, internalKey, root);
  const tweakPoint = scalar.isZero(tweak) ? curve.identity : curve.mulBase(tweak);
  const Q = curve.add(P, tweakPoint);
  if (curve.isIdentity(Q)) refuse('E_F_TWEAK', 'This key has no taproot tweak for this merkle root.');
  const oddQ = curve.affine(Q).yOdd;

  const evenX = oddP ? scalar.neg(share.x) : (Uint8Array.from(share.x) as Scalar);
  const tweakedX = scalar.add(evenX, tweak);
  const x = oddQ ? scalar.neg(tweakedX) : (Uint8Array.from(tweakedX) as Scalar);
  evenX.fill(0);
  tweakedX.fill(0);
  return {
    x,
    publicKey: oddQ ? curve.neg(Q) : Q,
    publicShare(j) {
      const stored = share.publicShares[j - 1] as Point;
      const X_j = curve.add(oddP ? curve.neg(stored) : stored, tweakPoint);
      return oddQ ? curve.neg(X_j) : X_j;
    },
  };
}

// BIP-340 "Verification", from the bytes alone. `publicKey` has an even y by then.
function verify(curve: Curve, o: { publicKey: Point; message: Uint8Array; signature: Uint8Array }): boolean {
  if (o.signature.length !== 64) return false;
  try {
    const r = o.signature.subarray(0, 32);
    const s = curve.scalar.decode(Uint8Array.from(o.signature.subarray(32)));
    const key = curve.affine(o.publicKey);
    if (key.yOdd) return false;
    const e = challenge(curve, r, key.x, o.message);
    const R = curve.linear([
      { k: s, p: curve.base },
      { k: curve.scalar.neg(e), p: o.publicKey },
    ]);
    if (curve.isIdentity(R)) return false;
    const { x, yOdd } = curve.affine(R);
    return !yOdd && equalBytes(x, r);
  } catch {
    return false; // s out of range: not a signature
  }
}

function challenge(curve: Curve, r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Scalar {
  return curve.scalar.reduce(taggedHash('BIP0340/challenge', r, publicKey, message));
}

// 64 bytes reduced modulo a 256-bit order: no measurable bias.
function wideScalar(curve: Curve, digest: Uint8Array): Scalar {
  const k = curve.scalar.reduce(digest);
  digest.fill(0);
  return k;
}

const tagPrefixes = new Map<string, Uint8Array>();

function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  let prefix = tagPrefixes.get(tag);
  if (prefix === undefined) {
    const once = sha256(tag);
    prefix = Buffer.concat([once, once]);
    tagPrefixes.set(tag, prefix);
  }
  const hash = createHash('sha256').update(prefix);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function sha256(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

function sha512(prefix: string, input: Uint8Array): Uint8Array {
  return createHash('sha512').update(prefix).update(input).digest();
}
