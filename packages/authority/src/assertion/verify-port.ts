/** How this room verifies signatures without choosing a library. */
import type { KeyAlgorithm } from '../types/index.ts';

/**
 * Whoever implements this decides what counts as a signature, so it is trusted with everything this room says yes to.
 * Duties: verify exactly the algorithm named, never one read from the key or the signature; answer false for every
 * signature that does not verify; throw only for a key that is not one of `parsePublicKey`.
 */
export interface VerifyPort {
  verifySignature(o: {
    /** PEM, as enrolled. */
    readonly publicKey: string;
    readonly algorithm: KeyAlgorithm;
    readonly message: Uint8Array;
    /** Ed25519: 64 bytes. P-256, secp256k1: r‖s, 64 bytes, SHA-256. RSA: PKCS#1 v1.5, SHA-256. */
    readonly signature: Uint8Array;
  }): boolean;
  /** The rules of enrolment (bad-inputs.md 81–84); throws AuthorityError. */
  parsePublicKey(pem: string): { readonly algorithm: KeyAlgorithm };
}
