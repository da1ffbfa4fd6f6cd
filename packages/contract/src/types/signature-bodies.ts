/** The bodies of a signature request (reference/api/keys.md §3). Which of them a chain takes, its family says. */
import type { BlockchainKind, NetworkName } from './networks.ts';

interface Common {
  readonly network?: NetworkName;
  readonly blockchainKind?: BlockchainKind;
  readonly externalId?: string;
}

export interface HashBody extends Common {
  readonly kind: 'Hash';
  /** 32 bytes hex, 0x optional. */
  readonly hash: string;
  /** Schnorr keys only: 32 bytes hex, or the empty string for a tweak without a script tree. */
  readonly taprootMerkleRoot?: string;
}
export interface MessageBody extends Common {
  readonly kind: 'Message';
  readonly message: string;
}
export interface Eip191Body extends Common {
  readonly kind: 'Eip191';
  readonly message: string;
}
type TypeDefinitions = Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
export interface Eip712Body extends Common {
  readonly kind: 'Eip712';
  readonly types: TypeDefinitions;
  readonly domain: {
    readonly name?: string;
    readonly version?: string;
    readonly chainId?: number | string;
    readonly verifyingContract?: string;
    readonly salt?: string;
  };
  readonly message: Readonly<Record<string, unknown>>;
}
/** An authorisation: code of `address` runs at the key's own account. */
export interface Eip7702Body extends Common {
  readonly kind: 'Eip7702';
  readonly address: string;
  readonly nonce: number;
  /** 0: on every chain; signed only where the request names no network. */
  readonly chainId: number;
}
/** Starknet's typed data. */
export interface Snip12Body extends Common {
  readonly kind: 'Snip12';
  readonly primaryType: string;
  readonly types: Readonly<
    Record<string, readonly { readonly name: string; readonly type: string; readonly contains?: string }[]>
  >;
  readonly domain: {
    readonly name?: string;
    readonly version?: string;
    readonly chainId?: number | string;
    readonly revision?: number | string;
  };
  readonly message: Readonly<Record<string, unknown>>;
}
export interface TransactionBody extends Common {
  readonly kind: 'Transaction';
  /** Hex of the chain's unsigned form, or, on some chains, the transaction as JSON. */
  readonly transaction: string | Readonly<Record<string, unknown>>;
}
export interface PsbtBody extends Common {
  readonly kind: 'Psbt';
  readonly psbt: string;
}
/** A message signed as a transaction of the address would be. */
export interface Bip322Body extends Common {
  readonly kind: 'Bip322';
  /** Hex. */
  readonly message: string;
  /** `Simple` unless told. */
  readonly format?: 'Simple' | 'Full';
}
/** Cosmos: protobuf SignDoc, hex. */
export interface SignDocDirectBody extends Common {
  readonly kind: 'SignDocDirect';
  readonly signDoc: string;
}
/** Substrate: the bytes of an extrinsic payload as hex, or its members. */
export interface SignerPayloadBody extends Common {
  readonly kind: 'SignerPayload';
  readonly payload: string | Readonly<Record<string, unknown>>;
}
/** Cardano: a COSE_Sign1 message. */
export interface Cip8Body extends Common {
  readonly kind: 'Cip8';
  readonly payload?: string;
  readonly externalAad?: string;
  readonly context: 'Signature1';
}

export type SignatureBody =
  | HashBody
  | MessageBody
  | Eip191Body
  | Eip712Body
  | TransactionBody
  | PsbtBody
  | Eip7702Body
  | Snip12Body
  | Bip322Body
  | SignDocDirectBody
  | SignerPayloadBody
  | Cip8Body;
export const signatureKinds = [
  'Hash',
  'Message',
  'Eip191',
  'Eip712',
  'Transaction',
  'Psbt',
  'Eip7702',
  'Snip12',
  'Bip322',
  'SignDocDirect',
  'SignerPayload',
  'Cip8',
] as const;
export type SignatureKind = (typeof signatureKinds)[number];
