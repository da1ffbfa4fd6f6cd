/**
 * What a chain family offers to the api and to every signer alike: the same code turns a signed request body into
 * the bytes to sign, so that the api cannot swap them. Pure: no socket, clock, disk or randomness.
 */

export type Scheme = 'ECDSA' | 'EdDSA' | 'Schnorr';
export type CurveName = 'secp256k1' | 'ed25519' | 'stark';

export interface PublicKeyRef {
  readonly scheme: Scheme;
  readonly curve: CurveName;
  /** Canonical: 33 bytes compressed, 32 for ed25519. */
  readonly publicKey: Uint8Array;
}

/** One thing the cluster signs. */
export type SigningItem =
  | { readonly algorithm: 'ecdsa'; readonly digest: Uint8Array }
  | { readonly algorithm: 'eddsa'; readonly message: Uint8Array }
  | {
      readonly algorithm: 'bip340';
      readonly message: Uint8Array;
      /** Absent: untweaked. Empty: BIP-341 tweak without a script tree. 32 bytes: with that Merkle root. */
      readonly taprootMerkleRoot?: Uint8Array;
    };

/** What a policy may know of a request; what cannot be interpreted says so. */
export interface Facts {
  readonly interpreted: boolean;
  readonly kind: string;
  readonly summary: readonly { readonly label: string; readonly value: string }[];
}

export interface SigningPlan {
  readonly items: readonly SigningItem[];
  readonly facts: Facts;
}

/** 64 bytes and, for ECDSA, the recovery bit, in the order of the plan's items. */
export interface RawSignature {
  readonly signature: Uint8Array;
  readonly recid?: number;
}

/** Members of a SignatureRequest that the family fills in (reference keys.md §3). Hex with 0x. */
export interface AssembledSignature {
  readonly signature?: WireSignature;
  readonly signatures?: readonly WireSignature[];
  readonly signedData?: string;
  readonly network?: string;
}

export interface WireSignature {
  readonly r: string;
  readonly s: string;
  readonly recid?: number;
  readonly encoded?: string;
}

export interface Network {
  readonly name: string;
  readonly family: FamilyName;
  readonly schemes: readonly { readonly scheme: Scheme; readonly curve: CurveName }[];
  readonly testnet: boolean;
  /** EVM only; absent where no chain id is known (rulings 32). */
  readonly chainId?: number;
}

export type FamilyName = 'evm' | 'bitcoin' | 'solana' | 'starknet' | 'pseudo';

export interface Family {
  readonly name: FamilyName;
  /** Undefined for pseudo-networks and where a key has no address. */
  address(key: PublicKeyRef, network: Network): string | undefined;
  /** Throws ChainError with a stable code and the path of the member that is wrong. */
  plan(input: { key: PublicKeyRef; network: Network; body: Readonly<Record<string, unknown>> }): SigningPlan;
  assemble(input: {
    key: PublicKeyRef;
    network: Network;
    body: Readonly<Record<string, unknown>>;
    signatures: readonly RawSignature[];
  }): AssembledSignature;
}
