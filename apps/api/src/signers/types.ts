/** The only door to the cluster: what handlers may ask of the five signers. */
import type { Ack, Assertion, Base64Url, Disregard, FreshToken, LogEntry, Withdrawal } from '@holdfast/authority/types';
import type { CurveName, RawSignature } from '@holdfast/chains/families';
import type {
  ActEvidence,
  Command,
  Completion,
  GroupProtocol,
  KeyStatement,
  Original,
  RecordMark,
  Reply,
  SignerStatus,
} from '@holdfast/cluster/commands';
import type { Roster } from '@holdfast/cluster/roster';
import type { KeyRow } from '@holdfast/storage/records';
import type { UserActionGrant } from '../pipeline/types.ts';
import type { EcdsaEngine } from './controller.ts';

/** A command without the id that pairs it with its reply. */
export type Order = Command extends infer C ? (C extends Command ? Omit<C, 'v' | 'id'> : never) : never;

/** What one signer made of an order: its reply, or why there is none. */
export type Outcome =
  | { readonly index: number; readonly reply: Reply }
  | { readonly index: number; readonly lost: 'offline' | 'lost' | 'deadline' | 'malformed' };

export interface NewKey {
  /** Hex without 0x, canonical: 33 bytes compressed, 32 for ed25519. */
  readonly publicKey: string;
  readonly epoch: string;
  readonly statements: readonly KeyStatement[];
  readonly marks: readonly RecordMark[];
  /** Of a child key. */
  readonly path?: string;
}

/** A new sharing of a key that stays, stated and promised by all five. */
export interface NewEpoch {
  readonly epoch: string;
  readonly statements: readonly KeyStatement[];
  readonly confirmations: readonly KeyStatement[];
}

/** What became of an act whose answer was lost. */
export type Finding<T> =
  | { readonly t: 'made'; readonly made: T }
  /** Nothing, and nothing will be. */
  | { readonly t: 'none' }
  /** Not enough signers could say. */
  | { readonly t: 'unknown' };

export interface ExportedShare {
  readonly index: number;
  /** Standard base64 of the raw signer id. */
  readonly signerId: string;
  readonly encryptedKeyShare: string;
}

export interface SignerImportKey {
  readonly index: number;
  readonly signerId: string;
  readonly identityKey: string;
  readonly encryptionKey: string;
  readonly encryptionKeySignature: string;
  readonly expires: string;
}

export interface GovernOutcome {
  /** Acknowledgements whose signatures verify and that agree on one head. */
  readonly acks: Ack[];
  readonly refusals: readonly { readonly index: number; readonly code: string; readonly message: string }[];
}

export interface SignerHead {
  readonly index: number;
  readonly height: number;
  readonly head: Base64Url;
  /** The entry it acknowledged above that, if any. */
  readonly tail?: { readonly height: number; readonly head: Base64Url };
  /** Up to this height it does not know what it acknowledged before it was restored. */
  readonly silent?: number;
}

/** A head at one height of an organisation's chain. */
export interface HeadAt {
  readonly org: string;
  readonly height: number;
  readonly head: Base64Url;
}

export interface CertifiedEntry {
  readonly entry: LogEntry;
  readonly acks: readonly Ack[];
}

export interface SignOrder {
  readonly org: string;
  /** What the key signs by, hence who has to be there and who it may be grouped with. */
  readonly protocol: GroupProtocol;
  /** Signatures the request makes. */
  readonly items: number;
  /** The key and its sharing as its row names it; while shares change, this is what keeps the signers in step. */
  readonly key?: { readonly id: string; readonly epoch: string };
  /** Of a transfer or transaction: what the chain adds, and what it replaces (docs/specs/orders.md §2). */
  readonly completion?: Completion;
  readonly originals?: readonly Original[];
  /** Decides which answer counts. */
  readonly verifies: (signatures: readonly RawSignature[]) => boolean;
}

export interface SigningState {
  readonly engines: readonly EcdsaEngine[];
  /** Signers that come last because C named them again and again. */
  readonly quarantined: readonly number[];
  readonly figures: Readonly<Record<string, number>>;
}

export interface SignerFigures {
  /** When they came, by this process's clock. */
  readonly at: number;
  readonly figures: Readonly<Record<string, number>>;
}

export interface Signers {
  readonly roster: Roster;
  /** Roster indices with a live connection, ascending. */
  online(): number[];
  /** The latest freshness token of every connected signer, by index: what a challenge commits to (rulings 1). */
  tokens(): FreshToken[];
  /** Sends one order to some signers at once and waits for every answer or the deadline. Never throws for a signer. */
  broadcast(order: Order, indices: readonly number[], deadlineMs: number): Promise<Outcome[]>;

  /** `path`: of a child whose path the caller left open. */
  createKey(
    grant: UserActionGrant,
    o: { org: string; keyId: string; curve: CurveName; path?: string },
  ): Promise<NewKey>;
  importKey(grant: UserActionGrant, o: { org: string; keyId: string; curve: CurveName }): Promise<NewKey>;
  /** All five statements, to turn pending shares into active ones; who misses it is brought up later. */
  certifyKey(keyId: string, statements: readonly KeyStatement[]): Promise<void>;
  /** Raw signatures in the order of the plan's items. */
  sign(
    grant: Pick<UserActionGrant, 'request' | 'assertion' | 'tokens'>,
    o: SignOrder,
  ): Promise<readonly RawSignature[]>;
  /** Refuses what cannot be signed now, for want of signers or of room in the queue: before anything is written. */
  requireSigners(o: Pick<SignOrder, 'org' | 'protocol'>): void;
  /** For operators. */
  signing(): SigningState;
  /** What the connected signers reported last of themselves, by index; their word. */
  figures(): ReadonlyMap<number, SignerFigures>;
  /** 32 bytes that three signers agree on. */
  derive(grant: UserActionGrant, key?: { readonly id: string; readonly epoch: string }): Promise<Uint8Array>;
  /** One attempt at new shares of a key; it stays signable throughout, whatever becomes of it. */
  refreshKey(key: Pick<KeyRow, 'id' | 'orgId' | 'curve' | 'publicKey' | 'epoch'>): Promise<NewEpoch>;
  /** The key dealt anew to the five of today; undefined where all of them hold it at their places. */
  reshareKey(key: Pick<KeyRow, 'id' | 'orgId' | 'curve' | 'publicKey' | 'epoch'>): Promise<NewEpoch | undefined>;
  /** Five promises, to let the signers erase what is older; who misses it is brought up later. */
  confirmEpoch(o: { keyId: string; epoch: string; confirmations: readonly KeyStatement[] }): Promise<void>;
  /** Brings the signers together on one sharing of every key whose shares are changing. */
  settleEpochs(): Promise<void>;
  exportKey(
    grant: UserActionGrant,
    o: { org: string; keyId: string; epoch?: string },
  ): Promise<{ shares: readonly ExportedShare[]; marks: readonly RecordMark[] }>;
  /** Archives a key or a wallet at the signers. */
  delegate(grant: UserActionGrant, o: { org: string; recordId: string }): Promise<readonly RecordMark[]>;
  archive(grant: UserActionGrant, o: { org: string; recordId: string }): Promise<readonly RecordMark[]>;
  /** Records a wallet on an existing key at the signers. */
  recordWallet(grant: UserActionGrant, o: { org: string; recordId: string }): Promise<readonly RecordMark[]>;

  /** The key that an act of the past made. */
  madeKey(
    act: ActEvidence,
    o: { org: string; keyId: string; curve: CurveName; nullifier: Uint8Array },
  ): Promise<Finding<NewKey>>;
  /** The marks of an act of the past. */
  madeMarks(
    act: ActEvidence,
    o: { org: string; recordId: string; mark: RecordMark['mark']; nullifier: Uint8Array },
  ): Promise<Finding<readonly RecordMark[]>>;

  /** Field `c` of every challenge: the cluster's fingerprint, base64url of 32 bytes. */
  readonly fingerprint: Base64Url;
  /** Raw Ed25519 identity keys in roster order. */
  readonly identityKeys: readonly Uint8Array[];
  /** Shows the genesis to every signer; the acknowledgements that verify, as far as they came. */
  genesis(text: string, proof: Assertion): Promise<GovernOutcome>;
  /** Shows a signed governance request to every signer. Never throws because of what one signer answered. */
  govern(org: string, grant: Omit<UserActionGrant, 'challenge' | 'nullifier'>): Promise<GovernOutcome>;
  /** Tells every signer that an entry is committed. */
  commit(org: string, acks: readonly Ack[]): Promise<void>;
  /** Heads of the signers that answer; absent where a signer does not know the organisation. */
  heads(org: string): Promise<readonly SignerHead[]>;
  /** Asks these signers for the promise never to acknowledge a head; those that verify. */
  withdraw(at: HeadAt, indices: readonly number[]): Promise<readonly Withdrawal[]>;
  /**
   * Has all five say that the votes of a signer that has forgotten them count nothing at this height, and tells that
   * signer; their statements, or undefined where one of the five did not give it.
   */
  disregard(at: {
    readonly org: string;
    readonly height: number;
    readonly about: number;
  }): Promise<readonly Disregard[] | undefined>;
  /** Shows these signers such promises and statements; which of them let the head go. */
  release(
    at: HeadAt,
    shown: { readonly withdrawals: readonly Withdrawal[]; readonly disregards: readonly Disregard[] },
    indices: readonly number[],
  ): Promise<readonly number[]>;
  /** Calls whenever a signer is seen that is set aside in an organisation; answers how to stop that. */
  onSilent(listener: (org: string) => void): () => void;
  /** Gives one signer entries it missed. */
  catchUp(org: string, index: number, entries: readonly CertifiedEntry[]): Promise<void>;
  /**
   * Entries from a height on with the acknowledgements of those who serve today, made again where a signer that left had
   * given one of too few.
   */
  standing(o: {
    readonly org: string;
    readonly height: number;
    readonly entries: readonly CertifiedEntry[];
  }): Promise<readonly CertifiedEntry[]>;

  importKeys(): Promise<readonly SignerImportKey[]>;
  status(): Promise<readonly SignerStatus[]>;
  /** Ends timers and connections. */
  close(): Promise<void>;
}
