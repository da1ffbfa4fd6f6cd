/**
 * The sizes of CGGMP24 at the 128-bit level and what the parties know of each other's moduli. There is one set of
 * sizes, in tests as in production. docs/specs/auxiliary.md §1.
 */
import type { Curve } from '@holdfast/crypto/curves';

/** ℓ: k, γ and shares lie in ±2^ℓ. */
export const ell = 256;
/** ε: slack of the range proofs; a response hides its secret to within 2^−ε+ℓ+log q. */
export const epsilon = 512;
/** ℓ′: the range of β, the mask of a product. */
export const ellPrime = 1280;
/** m: repetitions of the proofs with one-bit challenges. */
export const repetitions = 128;
/** The two top bits of every prime are set, so a product of two has 3072 bits; 3071 is the paper's allowance. */
export const primeBits = 1536;
export const modulusBitsMin = 3071;
export const modulusBitsMax = 3072;
export const modulusBytes = modulusBitsMax / 8;

/** ℓ ≥ |q|, ε ≥ ℓ + |q|, ℓ′ ≥ 3ℓ + ε and |N| ≥ ℓ′ + ε + 2: what the security proofs assume of a curve's order. */
export function fitsCurve(curve: Pick<Curve, 'order'>): boolean {
  const q = curve.order.toString(2).length;
  return ell >= q && epsilon >= ell + q && ellPrime >= 3 * ell + epsilon && modulusBitsMin >= ellPrime + epsilon + 2;
}

/** N̂ with bases s ∈ ⟨t⟩: the modulus under which others prove ranges to its owner. */
export interface RingPedersen {
  readonly N: bigint;
  readonly s: bigint;
  readonly t: bigint;
}

export interface AuxPublic {
  /** Paillier's modulus. */
  readonly N: bigint;
  /** Over a modulus of its own: the factors of the two must not be shared. */
  readonly ringPedersen: RingPedersen;
}

/** What the owner of a set keeps. All of it is secret; bigints cannot be wiped, so it is opened late. */
export interface AuxOwn {
  /** Paillier's primes. */
  readonly p: bigint;
  readonly q: bigint;
  /** The primes of N̂, where they were kept to verify faster. */
  readonly pHat?: bigint;
  readonly qHat?: bigint;
}

/** The outcome of one auxiliary set-up: one set per signer of a cluster, for every key and every curve of ECDSA. */
export interface AuxInfo {
  /** SHA-512/256 over all public values: names the set-up; part of every execution id that uses it. 32 bytes. */
  readonly epoch: Uint8Array;
  readonly own: AuxOwn;
  /** By signerId in hex: evaluation points belong to keys (docs/specs/ids.md), moduli to signers. */
  readonly parties: ReadonlyMap<string, AuxPublic>;
}
