/**
 * One interface over secp256k1, ed25519 and the stark curve. Protocol code sees nothing else of a curve, so a
 * backend (native, noble) can be exchanged without touching a protocol.
 */

export type CurveName = 'secp256k1' | 'ed25519' | 'stark';

declare const scalarBrand: unique symbol;
declare const pointBrand: unique symbol;

/**
 * An element of Z_q: exactly 32 bytes, big-endian, below the group order. Kept as bytes, not as a bigint, so that
 * a secret one can be wiped with `fill(0)` and handed to constant-time native code without conversion.
 */
export type Scalar = Uint8Array & { readonly [scalarBrand]: true };

/** An element of the prime-order subgroup, the identity included. Opaque: only its own Curve reads it. */
export interface Point {
  readonly [pointBrand]: true;
}

export interface ScalarField {
  readonly order: bigint;
  readonly zero: Scalar;
  readonly one: Scalar;
  /** Strict: exactly 32 bytes, value below the order. Zero is allowed. Throws CryptoError E_SCALAR. */
  decode(bytes: Uint8Array): Scalar;
  /** The value modulo the order; negative and large values allowed. Public values only (variable time). */
  fromBigInt(value: bigint): Scalar;
  toBigInt(k: Scalar): bigint;
  /** Big-endian bytes of any length from 32 to 64 reduced modulo the order (48 gives a uniform scalar). */
  reduce(bytes: Uint8Array): Scalar;
  /**
   * Σ k·v modulo the order for small integers k and big-endian v of at most 48 bytes, in constant time in the v. The
   * sum of all |k| is at most 2^20.
   */
  sumSmall(terms: readonly { readonly k: number; readonly v: Uint8Array }[]): Scalar;
  /**
   * As sumSmall, of numbers of `width` bytes that lie one after another: from each stream as many as it has weights, the
   * first at byte `at`.
   */
  sumBlocks(o: {
    readonly streams: readonly DataView[];
    readonly width: 32 | 48;
    readonly at: number;
    readonly weights: readonly (readonly number[])[];
  }): Scalar;
  /** As decode, of scalars one after another, where they lie: throws CryptoError E_SCALAR unless each is below the order. */
  requireAll(bytes: Uint8Array): void;
  /** Uniform in 1…q−1, from the injected source of randomness. */
  random(random: (n: number) => Uint8Array): Scalar;
  isZero(k: Scalar): boolean;
  /** Constant-time comparison. */
  equals(a: Scalar, b: Scalar): boolean;
  add(a: Scalar, b: Scalar): Scalar;
  sub(a: Scalar, b: Scalar): Scalar;
  mul(a: Scalar, b: Scalar): Scalar;
  neg(a: Scalar): Scalar;
  /** Throws CryptoError E_SCALAR for zero. */
  invert(a: Scalar): Scalar;
}

export interface Curve {
  readonly name: CurveName;
  readonly order: bigint;
  readonly scalar: ScalarField;
  /** Length of the canonical encoding: 33 (compressed SEC1) for secp256k1 and stark, 32 (RFC 8032) for ed25519. */
  readonly pointBytes: 32 | 33;
  readonly base: Point;
  readonly identity: Point;
  /** Which implementation serves this curve, e.g. "secp256k1 5.0.2 (native)"; shown by `holdfast doctor`. */
  readonly backend: string;

  /**
   * Strict: canonical encoding, on the curve, in the prime-order subgroup, not the identity.
   * Throws CryptoError E_POINT. Use this on everything that came from outside.
   */
  decodePoint(bytes: Uint8Array): Point;
  /** Canonical encoding; throws CryptoError E_POINT for the identity, which has none here. */
  encodePoint(p: Point): Uint8Array;
  /** Canonical encodings of many points; same result, cheaper where the backend can share an inversion. */
  encodePoints(ps: readonly Point[]): Uint8Array[];
  /** 65-byte SEC1 uncompressed for Weierstrass curves, the 32-byte form for ed25519 (import wire format). */
  encodeUncompressed(p: Point): Uint8Array;
  /** As decodePoint, but takes compressed and uncompressed SEC1 (import wire format only). */
  decodePointLenient(bytes: Uint8Array): Point;
  isIdentity(p: Point): boolean;
  equals(a: Point, b: Point): boolean;
  add(a: Point, b: Point): Point;
  sub(a: Point, b: Point): Point;
  neg(p: Point): Point;
  sum(ps: readonly Point[]): Point;
  /** k·G for secret k, on the backend's constant-time path. Zero gives the identity. */
  mulBase(k: Scalar): Point;
  /** k·P for secret k, on the backend's constant-time path. */
  mulSecret(p: Point, k: Scalar): Point;
  /** k·P for public k; variable time. */
  mulPublic(p: Point, k: Scalar): Point;
  /**
   * k·P for a point from outside and a public k: decodePoint and mulPublic in one, refusing what decodePoint refuses.
   * Cheaper where the backend's multiplication checks the subgroup anyway.
   */
  mulEncoded(bytes: Uint8Array, k: Scalar): Point;
  /** k·P for a small public integer (|k| < 2^31), by additions; used by degree tests and interpolation. */
  mulSmall(p: Point, k: number): Point;
  /** Σ k_i·P_i for small public integers, as mulSmall; cheaper where the backend adds many points in one call. */
  sumSmall(terms: readonly { readonly k: number; readonly p: Point }[]): Point;
  /** Σ k_i·P_i, public; variable time. */
  linear(terms: readonly { readonly k: Scalar; readonly p: Point }[]): Point;
  /** Affine x (big-endian 32 bytes) and parity of y; Weierstrass only. Throws for the identity and for ed25519. */
  affine(p: Point): { x: Uint8Array; yOdd: boolean };
}
