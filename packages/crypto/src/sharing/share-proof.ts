/**
 * A proof that somebody holds the share behind a public share (docs/specs/share-audit.md §2): a Schnorr proof of
 * knowledge, bound to its context. It signs nothing and says nothing else about the share.
 */
import { copyBytes } from '../bytes.ts';
import type { Curve, Point, Scalar } from '../curves/types.ts';
import { CryptoError } from '../errors.ts';
import { enc, i } from '../transcript/encoding.ts';
import { challengeScalar, sha512, sha512_256 } from '../transcript/hash.ts';

/** z·G = A + e·X_i with e = H_q(context, curve, X_i, A). */
export interface ShareProof {
  /** Canonical encoding of the first move. */
  readonly A: Uint8Array;
  /** 32 bytes. */
  readonly z: Uint8Array;
}

/**
 * Proves knowledge of x.
 * @param o.context names the question; a proof for one answers no other.
 */
export function proveShare(
  curve: Curve,
  o: { readonly x: Scalar; readonly context: Uint8Array; readonly random: (n: number) => Uint8Array },
): ShareProof {
  const { scalar } = curve;
  const X = curve.encodePoint(curve.mulBase(o.x));
  // Hedged: the asker chooses the context, so a source that repeats itself would otherwise reveal x at the second asking.
  const seed = enc('holdfast/share-proof-nonce/v1', i.bytes(o.random(64)), i.bytes(o.x), i.bytes(o.context));
  const wide = sha512(seed);
  const r = scalar.reduce(wide);
  seed.fill(0);
  wide.fill(0);
  const A = curve.encodePoint(curve.mulBase(r));
  const ex = scalar.mul(challenge(curve, { context: o.context, X, A }), o.x);
  const z = scalar.add(r, ex);
  r.fill(0);
  ex.fill(0);
  return { A, z: copyBytes(z) };
}

/** Whether the proof shows the share behind X_i for exactly this context. Never throws for bytes from outside. */
export function verifyShareProof(
  curve: Curve,
  o: { readonly publicShare: Point; readonly context: Uint8Array; readonly proof: ShareProof },
): boolean {
  try {
    const A = curve.decodePoint(o.proof.A);
    const z = curve.scalar.decode(o.proof.z);
    const e = challenge(curve, { context: o.context, X: curve.encodePoint(o.publicShare), A: o.proof.A });
    return curve.equals(curve.mulBase(z), curve.add(A, curve.mulPublic(o.publicShare, e)));
  } catch (cause) {
    // Not a point, not a scalar, or the identity: not a proof.
    if (!(cause instanceof CryptoError)) throw cause;
    return false;
  }
}

/** SHA-512/256 of enc("mpc/epoch/v1", curve, X_1 … X_n): names a sharing by its public shares, 32 bytes (rulings 15). */
export function epochOf(curve: Curve, publicShares: readonly Point[]): Uint8Array {
  const points = curve.encodePoints(publicShares).map((X_j) => i.point(X_j));
  return sha512_256(enc('mpc/epoch/v1', i.text(curve.name), ...points));
}

function challenge(curve: Curve, o: { context: Uint8Array; X: Uint8Array; A: Uint8Array }): Scalar {
  const { context, X, A } = o;
  return challengeScalar(
    curve,
    'holdfast/share-proof/v1',
    i.bytes(context),
    i.text(curve.name),
    i.point(X),
    i.point(A),
  );
}
