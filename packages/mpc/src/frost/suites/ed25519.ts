/** FROST(Ed25519, SHA-512) of RFC 9591 §6.1: signatures are plain Ed25519 and verify with any RFC 8032 verifier. */
import { createHash } from 'node:crypto';
import { type Curve, type Point, type Scalar, verifyEd25519 } from '@holdfast/crypto/curves';
import type { FrostSuite } from '../suite.ts';

const CONTEXT = 'FROST-ED25519-SHA512-v1';

export const ed25519Suite: FrostSuite = {
  id: CONTEXT,
  protocol: 'FROST',
  curve: 'ed25519',
  h1: (curve, input) => reduceLittleEndian(curve, sha512(`${CONTEXT}rho`, input)),
  h3: (curve, input) => reduceLittleEndian(curve, sha512(`${CONTEXT}nonce`, input)),
  h4: (message) => sha512(`${CONTEXT}msg`, message),
  h5: (list) => sha512(`${CONTEXT}com`, list),
  encodeScalar: reversed,
  encodePublicKey: (curve, publicKey) => curve.encodePoint(publicKey),
  mustNegate: () => false,
  challenge: (curve, { R, publicKey, message }) => challenge(curve, curve.encodePoint(R), publicKey, message),
  encodeSignature(curve, { R, z }) {
    const signature = new Uint8Array(64);
    signature.set(curve.encodePoint(R), 0);
    signature.set(reversed(z), 32);
    return signature;
  },
  // By a library's own verification, which does without the cofactor: a signature that passes it passes every verifier.
  verify: (curve, { publicKey, message, signature }) =>
    verifyEd25519({ publicKey: curve.encodePoint(publicKey), message, signature }),
  prepare: (_curve, share) => ({
    x: Uint8Array.from(share.x) as Scalar,
    publicKey: share.publicKey,
    publicShare: (j) => share.publicShares[j - 1] as Point,
  }),
};

// H2 has no context string on purpose: it is the challenge of RFC 8032 (RFC 9591 §6.1).
function challenge(curve: Curve, R: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Scalar {
  return reduceLittleEndian(curve, sha512('', R, publicKey, message));
}

function reduceLittleEndian(curve: Curve, digest: Uint8Array): Scalar {
  const k = curve.scalar.reduce(digest.reverse());
  digest.fill(0);
  return k;
}

function sha512(prefix: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha512').update(prefix);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function reversed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes).reverse();
}
