/** From R and s to the bytes of an ECDSA signature, with the rules of each curve; and the verification of the result. */
import { type Curve, type Point, type Scalar, verifyEcdsaSecp256k1 } from '@holdfast/crypto/curves';
import { equalBytes } from '@holdfast/crypto/transcript';
import { attempt, check, refuse } from '../runtime/index.ts';

export interface EcdsaSignature {
  /** r ‖ s, 32 bytes each, big-endian. */
  readonly signature: Uint8Array;
  /** Bit 0: y of R is odd. Bit 1: x of R was at or above the group order. */
  readonly recid: number;
}

/** Under which codes a value is refused: each engine has its own. */
export interface SignatureCodes {
  readonly digest: string;
  /** This nonce does not do, by the bounds of stark or because something is zero; another run can. */
  readonly range: string;
  readonly zero: string;
}

const engineH: SignatureCodes = { digest: 'E_H_DIGEST', range: 'E_H_RANGE', zero: 'E_H_ZERO' };

/** Digests of the stark curve, r and s^{-1} stay below 2^251, the bound of StarkWare's verifier. */
const STARK_TOP_BYTE = 0x08;

/** The digest as an integer modulo the order. Refuses what the curve's verifiers would not take. */
export function digestScalar(curve: Curve, digest: Uint8Array, codes = engineH): Scalar {
  if (digest.length !== 32) refuse(codes.digest, 'A digest is 32 bytes.');
  if (curve.name === 'stark' && !isBelowStarkBound(digest)) refuse(codes.digest, 'A stark digest is below 2^251.');
  return curve.scalar.reduce(digest);
}

/** r and the recovery bits of R; aborts where a new nonce is needed. */
export function nonceCoordinate(curve: Curve, R: Point, codes = engineH): { r: Scalar; recid: number } {
  const { x, yOdd } = curve.affine(R);
  // Of x itself, not of x mod q: StarkWare's verifier compares without reducing.
  if (curve.name === 'stark') check(isBelowStarkBound(x), codes.range);
  const r = curve.scalar.reduce(x);
  check(!curve.scalar.isZero(r), codes.zero);
  return { r, recid: (equalBytes(r, x) ? 0 : 2) | (yOdd ? 1 : 0) };
}

/** Low s on secp256k1 (the recovery bit turns with it); on stark the bound on s^{-1} instead, and s stays. */
export function encodeSignature(
  curve: Curve,
  o: { r: Scalar; s: Scalar; recid: number },
  codes = engineH,
): EcdsaSignature {
  const { scalar } = curve;
  check(!scalar.isZero(o.s), codes.zero);
  if (curve.name === 'stark') check(isBelowStarkBound(scalar.invert(o.s)), codes.range);
  const isHigh = curve.name === 'secp256k1' && scalar.toBigInt(o.s) > curve.order / 2n;
  const signature = new Uint8Array(64);
  signature.set(o.r, 0);
  signature.set(isHigh ? scalar.neg(o.s) : o.s, 32);
  return { signature, recid: isHigh ? o.recid ^ 1 : o.recid };
}

/**
 * ECDSA verification (SEC 1 §4.1.4) of the 64 bytes, with the extra rules of the curve, sharing no value with the code
 * that made them; on secp256k1 by the library's own function. Never throws.
 */
export function verifyEcdsa(curve: Curve, o: { publicKey: Point; digest: Uint8Array; signature: Uint8Array }): boolean {
  const verified = attempt(() => {
    if (curve.name === 'secp256k1')
      return verifyEcdsaSecp256k1({ ...o, publicKey: curve.encodeUncompressed(o.publicKey) });
    const { scalar } = curve;
    const r = scalar.decode(o.signature.slice(0, 32));
    const s = scalar.decode(o.signature.slice(32));
    if (scalar.isZero(r) || scalar.isZero(s)) return false;
    const inverse = scalar.invert(s);
    if (curve.name === 'stark' && !isBelowStarkBound(inverse)) return false;
    const R = curve.linear([
      { k: scalar.mul(digestScalar(curve, o.digest), inverse), p: curve.base },
      { k: scalar.mul(r, inverse), p: o.publicKey },
    ]);
    if (curve.isIdentity(R)) return false;
    const { x } = curve.affine(R);
    if (curve.name === 'stark' && !isBelowStarkBound(x)) return false;
    return equalBytes(scalar.reduce(x), r);
  });
  return verified === true;
}

function isBelowStarkBound(bytes: Uint8Array): boolean {
  return (bytes[0] as number) < STARK_TOP_BYTE;
}
