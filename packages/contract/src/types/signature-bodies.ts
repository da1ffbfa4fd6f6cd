/** The bodies of a signature request that this release understands (reference/api/keys.md §3). */
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
export interface Eip712Body extends Common {
  readonly kind: 'Eip712';
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
  readonly domain: {
    readonly name?: string;
    readonly version?: string;
    readonly chainId?: number | string;
    readonly verifyingContract?: string;
    readonly salt?: string;
  };
  readonly message: Readonly<Record<string, unknown>>;
}
export interface TransactionBody extends Common {
  readonly kind: 'Transaction';
  readonly transaction: string;
}
export interface PsbtBody extends Common {
  readonly kind: 'Psbt';
  readonly psbt: string;
}

export type SignatureBody = HashBody | MessageBody | Eip191Body | Eip712Body | TransactionBody | PsbtBody;
export const signatureKinds = ['Hash', 'Message', 'Eip191', 'Eip712', 'Transaction', 'Psbt'] as const;
export type SignatureKind = (typeof signatureKinds)[number];
