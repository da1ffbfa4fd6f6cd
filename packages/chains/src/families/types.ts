/**
 * What a chain family offers to the api and to every signer alike: the same code turns a signed request body into
 * the bytes to sign, so that the api cannot swap them. Pure: no socket, clock, disk or randomness.
 */

import type { BlockchainKind } from '@holdfast/contract/types';

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
  readonly kind: BlockchainKind | undefined;
  /** The first is what a wallet gets whose creator names none. */
  readonly schemes: readonly { readonly scheme: Scheme; readonly curve: CurveName }[];
  readonly testnet: boolean;
  /** EVM only; absent where no chain id is known (rulings 32). */
  readonly chainId?: number;
  /** 1: indexed (assets, NFTs, history); 2: native balance and transfer. Absent on pseudo-networks. */
  readonly tier?: 1 | 2;
  /** Blocks on top of its own after which a transaction counts as confirmed; an operator may set another depth. */
  readonly confirmations?: number;
  readonly native?: { readonly symbol: string; readonly decimals: number };
  /** Highest fee, in the smallest unit, that signers add to a transfer; absent: the family's own rule. */
  readonly feeMax?: bigint;
}

/** One folder each. Polymesh is a Substrate chain; Ion is TON's code. */
export const familyNames = [
  'algorand',
  'aptos',
  'bitcoin',
  'bitcoin-cash',
  'canton',
  'cardano',
  'concordium',
  'cosmos',
  'evm',
  'hedera',
  'icp',
  'iota',
  'kaspa',
  'near',
  'pseudo',
  'solana',
  'starknet',
  'stellar',
  'substrate',
  'sui',
  'tezos',
  'ton',
  'tron',
  'xrpl',
] as const;
export type FamilyName = (typeof familyNames)[number];

export type Body = Readonly<Record<string, unknown>>;

/**
 * Something a wallet asks for whose transaction every signer builds for itself (security-model.md 2.6 g): a transfer
 * (wallets.md §4) or a transaction the platform completes (§5).
 */
export interface Order {
  readonly key: PublicKeyRef;
  readonly network: Network;
  readonly purpose: 'transfer' | 'transaction';
  /** What the user signed, already of the contract's shape; values are still to be parsed strictly. */
  readonly body: Body;
}

/**
 * What the api adds from the chain: nonce, fees, inputs, blockhash. JSON of decimal strings, booleans and short
 * lists, of a shape each family states and parses strictly, unknown members refused. The api is hostile: a completion may cost
 * at most a bounded fee and may never change who gets what.
 */
export type Completion = Readonly<Record<string, unknown>>;

export interface Construction {
  /**
   * Body of a signature request (`Transaction`, `Psbt`, `SignDocDirect` …) for exactly the transaction built; `plan` and
   * `assemble` take it, and `signedData` of the latter is what is broadcast.
   */
  readonly body: Body;
  readonly facts: Facts;
  /** The most that the chain can charge, smallest native unit; absent where the user wrote the transaction whole. */
  readonly feeMax?: bigint;
  readonly exclusion: Exclusion;
}

/**
 * What makes a second signature for the same order harmless: at most one of two transactions with excluding
 * exclusions ever counts on the chain. Parts are canonical text.
 */
export type Exclusion =
  /** The same account sequence or nonce: one of them is used up. `lane` tells independent counters apart, or is empty. */
  | { readonly kind: 'sequence'; readonly account: string; readonly lane: string; readonly sequence: string }
  /** At least one common input: `txid:index`, sorted. */
  | { readonly kind: 'inputs'; readonly inputs: readonly string[] }
  /** Only the identical transaction: a blockhash, a validity window, or a body the user wrote whole. */
  | { readonly kind: 'digest' };

export interface Replacement {
  readonly order: Pick<Order, 'key' | 'network'>;
  readonly original: Construction;
  readonly how: 'cancel' | 'speedUp';
}

export interface Family {
  readonly name: FamilyName;
  /** Undefined for pseudo-networks and where a key has no address before it is activated. */
  address(key: PublicKeyRef, network: Network): string | undefined;
  /** Throws ChainError with a stable code and the path of the member that is wrong. */
  plan(input: { key: PublicKeyRef; network: Network; body: Body }): SigningPlan;
  assemble(input: {
    key: PublicKeyRef;
    network: Network;
    body: Body;
    signatures: readonly RawSignature[];
  }): AssembledSignature;
  /**
   * What a transaction the user wrote whole takes up on its chain (a nonce, inputs), so that no other gets the same;
   * undefined where that is nothing, or cannot be told. The body is one that `plan` takes.
   */
  occupies?(input: { key: PublicKeyRef; network: Network; body: Body }): Exclusion | undefined;
  /** Absent: this family builds no transactions; users sign what they bring. Throws ChainError, codes E_BODY, E_KIND, E_FEE, E_COMPLETION. */
  construct?(order: Order & { readonly completion: Completion }): Construction;
  /**
   * What takes the place of a transaction that is not confirmed, with an exclusion that excludes it: one that does
   * nothing, or the same with higher fees. Absent: this family's transactions are not replaced.
   */
  replace?(o: Replacement & { readonly completion: Completion }): Construction;
  /** The completion of a replacement, from the original and the api's estimate for a fast transaction. */
  outbid?(o: {
    readonly original: Construction;
    readonly network: Network;
    readonly fast: { readonly maxFeePerGas: string; readonly maxPriorityFeePerGas: string };
  }): Completion;
  /** The chain's own name for a signed transaction, from `signedData`. */
  transactionId?(signedData: string, network: Network): string;
}
