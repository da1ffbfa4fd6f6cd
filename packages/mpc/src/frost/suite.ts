/** What a FROST ciphersuite fixes (RFC 9591 §6); the protocol in core.ts knows nothing else of the signature scheme. */
import type { Curve, CurveName, Point, Scalar } from '@holdfast/crypto/curves';
import type { KeyShare, ProtocolName } from '../runtime/index.ts';

/** The sharing a signature is really made under: a key share after parity and tweak, if the scheme has them. */
export interface SigningKey {
  /** A copy of its own, so that the run can erase it. */
  readonly x: Scalar;
  readonly publicKey: Point;
  /** X_j of the same sharing, for one party; needed only to find out who sent a wrong share. */
  publicShare(j: number): Point;
}

export interface FrostSuite {
  /** Context string: separates the hashes of this suite from those of any other. */
  readonly id: string;
  readonly protocol: ProtocolName;
  readonly curve: CurveName;
  /** H1: input of a binding factor to a scalar. */
  h1(curve: Curve, input: Uint8Array): Scalar;
  /** H3: hedged randomness to a nonce. */
  h3(curve: Curve, input: Uint8Array): Scalar;
  /** H4: message digest inside a binding factor. */
  h4(message: Uint8Array): Uint8Array;
  /** H5: commitment list digest inside a binding factor. */
  h5(list: Uint8Array): Uint8Array;
  /** SerializeScalar: 32 bytes in the byte order of the suite. */
  encodeScalar(k: Scalar): Uint8Array;
  /** The public key as verifiers of the finished signature know it. */
  encodePublicKey(curve: Curve, publicKey: Point): Uint8Array;
  /** True where the scheme can only express −R, so that every nonce changes its sign. */
  mustNegate(curve: Curve, R: Point): boolean;
  /** H2: the Schnorr challenge, as any verifier computes it. */
  challenge(curve: Curve, o: { R: Point; publicKey: Uint8Array; message: Uint8Array }): Scalar;
  /** 64 bytes. R is already negated where mustNegate said so. */
  encodeSignature(curve: Curve, o: { R: Point; z: Scalar }): Uint8Array;
  /** The scheme's own verification of the 64 bytes, sharing nothing with the code that made them. Never throws. */
  verify(curve: Curve, o: { publicKey: Point; message: Uint8Array; signature: Uint8Array }): boolean;
  /** Applies what the scheme does to a share before it signs; `share` itself is left as it is. */
  prepare(curve: Curve, share: KeyShare): SigningKey;
}
