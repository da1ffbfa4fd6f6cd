/**
 * What the api says to a signer and what a signer answers. The signer treats every byte of it as hostile: a
 * command carries what a user signed and hints; never a digest, never an execution id (rulings 6).
 * JSON text on the wire, strictly parsed, at most COMMAND_BYTES_MAX.
 */
import type {
  Ack,
  Assertion,
  Base64Url,
  Disregard,
  FreshToken,
  LogEntry,
  SignedRequest,
  Withdrawal,
} from './authority-types.ts';

export type Command =
  /** First entry of an organisation; accepted only if the operator pinned its hash. */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'Genesis';
      readonly genesis: string;
      readonly proof: Assertion;
    }
  /** A user's signed request, governance or key operation alike. */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'Act';
      readonly request: SignedRequest;
      readonly assertion: Assertion;
      readonly tokens: readonly FreshToken[];
      /** 32 bytes hex, chosen by the api; freshness is the signer's own affair (started execution ids). */
      readonly runNonce: string;
      /** Roster indices of the participants of the run, sorted; empty for operations without a run. */
      readonly participants: readonly number[];
      /** Hex id of the PRSS session to use (engine H); a signer uses it only if it holds it live. */
      readonly session?: string;
      /** Hex name of the key's sharing to use; a signer uses it only if it holds it with its certificate. Absent: its newest. */
      readonly keyEpoch?: string;
      /** For a child key of which the user named no path: the next free one as the api sees it. */
      readonly path?: string;
      /** For a transfer or transaction: what the chain adds to it (docs/specs/orders.md §2). */
      readonly completion?: Completion;
      /** For a cancel or speed-up: the transaction it names, and where that replaced one itself, that one after it. */
      readonly originals?: readonly Original[];
    }
  /**
   * Several users' requests for signatures, signed in lockstep: each is judged by itself, as an Act of its own, and none
   * shares the fate of another (docs/specs/group-signing.md).
   */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'Group';
      readonly protocol: GroupProtocol;
      readonly elements: readonly GroupElement[];
      /** 32 bytes hex: brings the signers' messages together; what binds is each element's own. */
      readonly runNonce: string;
      readonly participants: readonly number[];
      readonly session?: string;
      /** Engine H: the nonces of all elements are made together, and discarded together (docs/specs/group-signing.md §9). */
      readonly nonces?: 'together';
    }
  /** Three acknowledgements that commit an entry this signer accepted. */
  | { readonly v: 1; readonly id: string; readonly kind: 'Commit'; readonly org: string; readonly acks: readonly Ack[] }
  /** Entries a signer missed, each with three acknowledgements. */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'CatchUp';
      readonly org: string;
      readonly entries: readonly { readonly entry: LogEntry; readonly acks: readonly Ack[] }[];
    }
  /** Asks for the promise never to acknowledge this head: only a signer that has not done so may give it. */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'Withdraw';
      readonly org: string;
      readonly height: number;
      readonly head: Base64Url;
    }
  /** Such promises by three others: this head can never be certified, so who acknowledged it is free again. */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'Release';
      readonly org: string;
      readonly height: number;
      readonly head: Base64Url;
      readonly withdrawals: readonly Withdrawal[];
      /** Of signers that all five disregard at this height; each counts like a promise. */
      readonly disregards?: readonly Disregard[];
    }
  /**
   * About a signer that was restored and does not know what it acknowledged at this height. Asked first, with nothing, it
   * says so itself; shown that, each of the others says that it counts nothing of it there; shown all five, it is free
   * again, except for a vote at this height.
   */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'Disregard';
      readonly org: string;
      readonly height: number;
      readonly about: number;
      readonly by: readonly Disregard[];
    }
  /** All five key statements of a new key: turns a pending share into an active one (rulings 15). */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'KeyCertificate';
      readonly keyId: string;
      readonly statements: readonly KeyStatement[];
    }
  /** Three signed marks (exported, archived, wallet made) for a record this signer missed while it was away. */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'RecordCatchUp';
      readonly act: ActEvidence;
      readonly marks: readonly RecordMark[];
    }
  /** What this act has made at the signer: its answer once more, for an api that was stopped before it wrote it down. */
  | { readonly v: 1; readonly id: string; readonly kind: 'Made'; readonly act: ActEvidence }
  /** A new sharing of a key that stays (docs/specs/refresh.md §3): all five take part, each from this epoch. */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'Refresh';
      readonly keyId: string;
      /** Hex, 32 bytes: the sharing to start from. */
      readonly epoch: string;
      readonly runNonce: string;
      readonly participants: readonly number[];
    }
  /**
   * The same key for the roster of today (docs/specs/succession.md §4): dealt anew by the participants, who hold this epoch,
   * to all five. `record` is for whoever holds none; the others compare it with their own.
   */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'Reshare';
      readonly keyId: string;
      /** Hex, 32 bytes: the sharing to start from. */
      readonly epoch: string;
      readonly runNonce: string;
      /** Roster indices of the dealers. */
      readonly participants: readonly number[];
      readonly record: ReshareRecord;
    }
  /** What a signer knows of a key that a newcomer has to be told: `record` of Reshare. */
  | { readonly v: 1; readonly id: string; readonly kind: 'KeyRecord'; readonly keyId: string }
  /** The acknowledgements of committed entries from this height on, made again by who holds them. */
  | { readonly v: 1; readonly id: string; readonly kind: 'Acks'; readonly org: string; readonly from: number }
  /** Which sharings the signer holds: of one key, or of keys that have more than one, from after this key on. */
  | { readonly v: 1; readonly id: string; readonly kind: 'Epochs'; readonly only?: string; readonly after?: string }
  /** Five signers' confirmations of an epoch: every older sharing of the key is erased. */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'EpochConfirmed';
      readonly keyId: string;
      /** Hex, 32 bytes. */
      readonly epoch: string;
      readonly confirmations: readonly KeyStatement[];
    }
  /** Asks for a proof of every share, in pages by key id; signs nothing and changes nothing. */
  | {
      readonly v: 1;
      readonly id: string;
      readonly kind: 'Audit';
      /** 32 bytes hex, of whoever asks: a proof answers one question. */
      readonly nonce: string;
      /** The last key of the page before; empty for the first. */
      readonly after: string;
    }
  | { readonly v: 1; readonly id: string; readonly kind: 'ImportKey' }
  | { readonly v: 1; readonly id: string; readonly kind: 'Heads' }
  | { readonly v: 1; readonly id: string; readonly kind: 'Pending' }
  | { readonly v: 1; readonly id: string; readonly kind: 'Status' };

/** Protocol and curve: a group is of one kind, so that a signer knows its rounds even if it refuses every element. */
export type GroupProtocol = 'ecdsa-h/secp256k1' | 'ecdsa-h/stark' | 'frost/ed25519' | 'frost/bip340';

export interface GroupElement {
  readonly request: SignedRequest;
  readonly assertion: Assertion;
  readonly tokens: readonly FreshToken[];
  /** As of an Act. */
  readonly runNonce: string;
  /** How many signatures the request makes: its places in the group. A signer that counts another number refuses it. */
  readonly items: number;
  /** As of an Act. */
  readonly keyEpoch?: string;
  /** As of an Act. */
  readonly completion?: Completion;
  /** As of an Act. */
  readonly originals?: readonly Original[];
}

/** JSON of texts, numbers, booleans, lists and objects; each chain's family says which and checks it. */
export type Completion = Readonly<Record<string, unknown>>;

/** A transaction that is to be replaced: what asked for it, what completed it, and its signatures where it has them. */
export interface Original {
  readonly act: ActEvidence;
  readonly completion: Completion;
  readonly signatures: readonly RawSignature[];
}

/** The request and assertion of an accepted act, kept by the api so that an absent signer can be brought up. */
export interface ActEvidence {
  readonly request: SignedRequest;
  readonly assertion: Assertion;
}

/** enc("holdfast/key/v1", org, keyId, curve, X, epoch) signed by the signer's identity (rulings 7). */
export interface KeyStatement {
  readonly index: number;
  readonly signature: Base64Url;
}

/** The sharings of one key that a signer holds. */
export interface KeyEpochs {
  readonly keyId: string;
  readonly epochs: readonly KeyEpoch[];
}

export interface KeyEpoch {
  /** Hex, 32 bytes. */
  readonly epoch: string;
  /** 0 for the sharing in which the key was made; one more than the sharing it was made from. */
  readonly generation: number;
  readonly statement: KeyStatement;
  /** Present once the signer holds the certificate: enc("holdfast/epoch/v1", org, keyId, epoch) signed by its identity. */
  readonly confirmation?: KeyStatement;
}

/** A signer's signed word on a record: enc("holdfast/mark/v1", org, recordId, mark, nullifier). */
export interface RecordMark {
  readonly index: number;
  readonly org: string;
  readonly recordId: string;
  readonly mark: 'wallet' | 'exported' | 'archived' | 'delegated';
  readonly nullifier: Base64Url;
  readonly signature: Base64Url;
}

export interface RawSignature {
  /** r‖s big-endian for ECDSA and stark; R‖z for EdDSA; x(R)‖s for BIP-340. 64 bytes hex. */
  readonly signature: string;
  /** ECDSA on secp256k1 and stark: recovery bit 0…3. */
  readonly recid?: number;
}

export type Reply =
  | { readonly v: 1; readonly id: string; readonly ok: true; readonly result: Result }
  | { readonly v: 1; readonly id: string; readonly ok: false; readonly error: Refusal };

export interface Refusal {
  /** Stable code from the contract's table or an `E_…` protocol code. */
  readonly code: string;
  readonly message: string;
  /** Roster indices where a protocol named somebody. */
  readonly culprits?: readonly number[];
  /** For E_STALE_HEAD and the like: what the signer has. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export type Result =
  | { readonly t: 'ack'; readonly ack: Ack }
  | { readonly t: 'done' }
  | {
      readonly t: 'key';
      readonly keyId: string;
      readonly walletId?: string;
      readonly publicKey: string;
      readonly epoch: string;
      readonly statement: KeyStatement;
      readonly mark?: RecordMark;
      /** Of a refresh: the signer's confirmation of the new epoch. */
      readonly confirmation?: KeyStatement;
      /** Of a child key: where it stands under its master. */
      readonly path?: string;
    }
  /** 32 bytes hex; culprits are roster indices whose answers did not verify. */
  | { readonly t: 'output'; readonly output: string; readonly culprits: readonly number[] }
  | { readonly t: 'signatures'; readonly signatures: readonly RawSignature[] }
  /** One for each element, in order. */
  | { readonly t: 'group'; readonly outcomes: readonly ElementOutcome[] }
  | { readonly t: 'share'; readonly keyId: string; readonly encryptedKeyShare: string; readonly mark: RecordMark }
  | { readonly t: 'mark'; readonly mark: RecordMark }
  | {
      readonly t: 'importKey';
      /** base64 of 34 bytes: 01 ‖ compressed secp256k1 point. */
      readonly encryptionKey: string;
      /** Identity signature over enc("holdfast/import-key/v1", fingerprint, signerId, key bytes, expires). */
      readonly encryptionKeySignature: string;
      readonly expires: string;
    }
  | {
      readonly t: 'heads';
      readonly heads: readonly ChainHead[];
    }
  | { readonly t: 'withdrawal'; readonly withdrawal: Withdrawal }
  | { readonly t: 'disregard'; readonly disregard: Disregard }
  | { readonly t: 'pending'; readonly keys: readonly { readonly keyId: string; readonly statement: KeyStatement }[] }
  /** Keys in order of their ids; `more` where the next page begins after the last of them. */
  | { readonly t: 'epochs'; readonly keys: readonly KeyEpochs[]; readonly more: boolean }
  | { readonly t: 'audit'; readonly page: AuditPage }
  | { readonly t: 'keyRecord'; readonly record: ReshareRecord; readonly statement: KeyStatement }
  | { readonly t: 'acks'; readonly acks: readonly Ack[] }
  | { readonly t: 'status'; readonly status: SignerStatus };

/** Everything public about a key and its sharing, as its holders have it. */
export interface ReshareRecord {
  readonly org: string;
  readonly curve: 'secp256k1' | 'ed25519' | 'stark';
  readonly protocol: string;
  readonly scheme: string;
  readonly purpose: 'sign' | 'master' | 'derive';
  /** Nullifier of the request that made it, hex. */
  readonly origin: string;
  readonly imported: boolean;
  readonly archived: boolean;
  readonly publicKey: string;
  readonly publicShares: readonly string[];
  /** Signer id (hex) and evaluation point, in order of points. */
  readonly points: readonly (readonly [string, number])[];
  readonly generation: number;
  /** The end user whose key it is; empty while it may still be delegated to one; absent otherwise. */
  readonly owner?: string;
  readonly wallets: readonly WalletOfKey[];
  /** Of a master key: what its holders know of the keys derived from it, in order of ids. */
  readonly children: readonly ChildOfKey[];
  /** Of the sharing to start from, by three or more signers of the roster; empty in an answer to KeyRecord. */
  readonly statements: readonly KeyStatement[];
}

export interface ChildOfKey {
  readonly keyId: string;
  readonly path: string;
  readonly publicKey: string;
  /** Of the sharing of its master at which it was made, hex. */
  readonly epoch: string;
  readonly origin: string;
  readonly archived: boolean;
  readonly owner?: string;
  readonly wallets: readonly WalletOfKey[];
}

export interface WalletOfKey {
  readonly walletId: string;
  readonly network: string;
  readonly status: 'Active' | 'Archived';
  /** Nullifier, hex. */
  readonly origin: string;
}

/** What one signer says of some of its shares (docs/specs/share-audit.md). */
export interface AuditPage {
  readonly items: readonly AuditItem[];
  readonly more: boolean;
  /** By the signer's identity over nonce and page. */
  readonly signature: Base64Url;
}

export type AuditItem =
  | {
      readonly keyId: string;
      readonly status: 'proved';
      readonly org: string;
      readonly curve: 'secp256k1' | 'ed25519' | 'stark';
      readonly publicKey: string;
      readonly epoch: string;
      /** This signer's evaluation point. */
      readonly index: number;
      readonly publicShares: readonly string[];
      /** Its statement of the key (rulings 7), made again. */
      readonly statement: Base64Url;
      /** Schnorr proof of the share: first move and response, hex. */
      readonly A: string;
      readonly z: string;
    }
  /** The share does not open, or does not belong to its key; `problem` is a stable code. */
  | { readonly keyId: string; readonly status: 'damaged'; readonly problem: string };

export type ElementOutcome =
  | { readonly ok: true; readonly signatures: readonly RawSignature[] }
  | { readonly ok: false; readonly error: Refusal };

/** Where a signer is in one organisation's chain. */
export interface ChainHead {
  readonly org: string;
  readonly height: number;
  readonly head: Base64Url;
  /** The entry it acknowledged above that, not committed. */
  readonly tail?: { readonly height: number; readonly head: Base64Url };
  /** Up to this height it does not know what it acknowledged, and acknowledges nothing. */
  readonly silent?: number;
}

export interface SignerStatus {
  readonly index: number;
  readonly version: string;
  readonly backends: Readonly<Record<string, string>>;
  readonly keys: number;
  readonly prssSession: string | null;
  readonly peersOnline: readonly number[];
  /** The auxiliary set-up of CGGMP24; signers can sign by it together if they name one epoch. */
  readonly aux?: {
    readonly state: 'none' | 'waiting' | 'making primes' | 'proving' | 'ready';
    /** Of the set-up in use, hex. */
    readonly epoch?: string;
  };
}

/** Pushed by a signer to the api without being asked. */
export type Push =
  | { readonly v: 1; readonly push: 'Token'; readonly token: Base64Url }
  | { readonly v: 1; readonly push: 'Session'; readonly session: string | null }
  /** The signer's figures for /metrics and /holdfast/cluster (rulings 36): counters and gauges by name. */
  | { readonly v: 1; readonly push: 'Figures'; readonly figures: Readonly<Record<string, number>> };
