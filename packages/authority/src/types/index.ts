/** The shapes that the api, the signers and the client exchange about authority. Plain data, JSON on the wire. */

/** base64url without padding, canonical (re-encodes to itself). */
export type Base64Url = string;

export type ChallengeKind = 'UserAction' | 'Login' | 'Registration' | 'Recovery';

/** security-model.md 2.6 (a); field order is the canonical order. */
export interface ChallengeRecord {
  readonly v: 1;
  readonly k: ChallengeKind;
  /** Cluster fingerprint, base64url of 32 bytes. */
  readonly c: Base64Url;
  readonly o: string;
  readonly u: string;
  readonly m: 'POST' | 'PUT' | 'DELETE' | 'GET';
  /** Path without query. */
  readonly p: string;
  /** base64url SHA-256 of the exact payload string. */
  readonly h: Base64Url;
  /** Authority head of the organisation the user was shown, base64url of 32 bytes. */
  readonly a: Base64Url;
  /** Context digest: empty, or base64url of 32 bytes. */
  readonly x: '' | Base64Url;
  /** freshDigest of the token list, base64url of 32 bytes; empty for kinds other than UserAction. */
  readonly b: '' | Base64Url;
  /** Expiry, whole seconds since 1970. */
  readonly e: number;
  /** 16 random bytes, base64url. */
  readonly n: Base64Url;
}

/** One freshness token: the signer's roster index (1…5) and 16 bytes in base64url (rulings 1). */
export type FreshToken = readonly [index: number, token: Base64Url];

/**
 * `PasswordProtectedKey` is a key like `Key`; its private half, encrypted by its owner, is kept by the api.
 * `RecoveryKey` signs nothing but the set of new credentials that replaces all the user has.
 */
export type CredentialKind = 'Key' | 'Fido2' | 'PasswordProtectedKey' | 'RecoveryKey';
export type KeyAlgorithm = 'Ed25519' | 'P-256' | 'secp256k1' | 'RSA';

export interface CredentialRecord {
  readonly credentialId: string;
  readonly uuid: string;
  readonly userId: string;
  readonly kind: CredentialKind;
  readonly algorithm: KeyAlgorithm;
  /** PEM SubjectPublicKeyInfo, as enrolled. */
  readonly publicKey: string;
  readonly name: string;
  readonly active: boolean;
  /** Service accounts and tokens with an end: whole seconds since 1970 after which the credential counts no more. */
  readonly expires?: number;
  /** The personal access token whose key this is: it signs for the token, and is no credential of the user's own. */
  readonly tokenId?: string;
}

interface KeyProof {
  readonly credId: string;
  readonly clientData: Base64Url;
  readonly signature: Base64Url;
  readonly algorithm?: string;
}

interface PasskeyProof {
  readonly credId: string;
  readonly clientData: Base64Url;
  readonly authenticatorData: Base64Url;
  readonly signature: Base64Url;
  readonly userHandle?: Base64Url;
}

/** The proof of one credential. */
export type FactorAssertion =
  | (KeyProof & { readonly kind: 'Key' })
  | (KeyProof & { readonly kind: 'PasswordProtectedKey' })
  | (PasskeyProof & { readonly kind: 'Fido2' });

/** Where a second factor was given and is a key, its proof over the same challenge travels in the first. */
interface Seconded {
  readonly second?: FactorAssertion;
}

export type Assertion =
  | (KeyProof & Seconded & { readonly kind: 'Key' })
  | (KeyProof & Seconded & { readonly kind: 'PasswordProtectedKey' })
  | (PasskeyProof & Seconded & { readonly kind: 'Fido2' })
  /** Recover User alone: which recovery key; what it signed is in the body of the request. */
  | { readonly kind: 'RecoveryKey'; readonly credId: string };

/** An assertion over a challenge, as every request but a recovery has it. */
export type ChallengeAssertion = Exclude<Assertion, { readonly kind: 'RecoveryKey' }>;

/** What a user signed: the request as the user's client built it. `payload` is the exact string of /auth/action/init. */
export interface SignedRequest {
  readonly method: 'POST' | 'PUT' | 'DELETE' | 'GET';
  readonly path: string;
  readonly payload: string;
}

/** An entry of one organisation's chain: height 0 is the genesis. */
export type LogEntry =
  | { readonly v: 1; readonly height: 0; readonly genesis: string; readonly proof: Assertion }
  | {
      readonly v: 1;
      readonly org: string;
      readonly height: number;
      /** Head before this entry, base64url. */
      readonly prev: Base64Url;
      readonly request: SignedRequest;
      readonly assertion: Assertion;
    };

/** A signer's signed word that it holds an entry: Ed25519 over ackBytes(org, height, head). */
export interface Ack {
  readonly index: number;
  readonly org: string;
  readonly height: number;
  readonly head: Base64Url;
  readonly signature: Base64Url;
}

/** A signer's signed word that it has not acknowledged a head and never will: Ed25519 over withdrawBytes(org, height, head). */
export interface Withdrawal {
  readonly index: number;
  readonly org: string;
  readonly height: number;
  readonly head: Base64Url;
  readonly signature: Base64Url;
}

/**
 * A signer's signed word that it has committed nothing at this height and will count no acknowledgement there by signer
 * `about`, which does not know what it gave: Ed25519 over disregardBytes(org, height, signer id of `about`). The first
 * to sign is `about` itself.
 */
export interface Disregard {
  readonly index: number;
  readonly org: string;
  readonly height: number;
  readonly about: number;
  readonly signature: Base64Url;
}
