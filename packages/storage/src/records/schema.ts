/** The tables as Kysely sees them. Times are ISO text with milliseconds, hashes and heads base64url text. */
import type { ColumnType, Generated } from 'kysely';

/** JSON columns: read as values, written as text, so that the driver never guesses (arrays would become SQL arrays). */
type Json<T> = ColumnType<T, string, string>;
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>;
type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>;

export interface Schema {
  organisations: {
    id: string;
    seq: Generated<number>;
    name: string;
    /** Canonical genesis, as its hash is pinned at the signers. */
    genesis: string;
    /** Reducer state after the last entry. */
    state: Json<unknown>;
    head: string;
    height: number;
    /** Entry sent to the signers and not yet known to be committed: what a crash leaves to be finished. */
    proposal: NullableJson<Proposal>;
    /** Roster indices of signers that acknowledged a dropped entry of the next height: each has one vote there. */
    spentVotes: Json<number[]>;
    dateCreated: string;
  };
  authorityEntries: {
    orgId: string;
    height: number;
    /** Head after the entry. */
    head: string;
    /** Canonical JSON of the entry: text, because the head is a hash over it. */
    entry: string;
    /** Null for the genesis. */
    nullifier: Nullable<string>;
    acks: Json<unknown[]>;
    dateCreated: string;
  };
  users: {
    id: string;
    seq: Generated<number>;
    orgId: string;
    username: string;
    name: string;
    kind: string;
    isActive: boolean;
    isServiceAccount: boolean;
    isRegistered: boolean;
    isSsoRequired: boolean;
    externalId: Nullable<string>;
    isArchived: Generated<boolean>;
    dateCreated: string;
  };
  credentials: {
    uuid: string;
    seq: Generated<number>;
    credentialId: string;
    orgId: string;
    userId: string;
    kind: string;
    algorithm: string;
    /** PEM SubjectPublicKeyInfo. */
    publicKey: string;
    name: string;
    isActive: boolean;
    /** Known to the signers; an unconfirmed one may log in and read, nothing else. */
    isConfirmed: boolean;
    /** Passkey counter; of one-time codes the last step taken; 0 for keys. */
    counter: number;
    relyingPartyId: string;
    origin: string;
    /** Of a recovery key or a password protected one: sealed by its owner, who alone can open it. */
    encryptedPrivateKey: Nullable<string>;
    /** Of a password its hash with parameters; of one-time codes their secret, sealed by the api. */
    secret: Nullable<string>;
    /** The personal access token whose key it is; null for a user's own. */
    tokenId: Nullable<string>;
    dateCreated: string;
  };
  accessTokens: {
    id: string;
    seq: Generated<number>;
    orgId: string;
    userId: string;
    kind: string;
    name: string;
    /** SHA-256 of the token; the token itself is never stored. */
    hash: string;
    /** Credential the token is bound to; null for login tokens. */
    credentialId: Nullable<string>;
    isActive: boolean;
    isArchived: Generated<boolean>;
    externalId: Nullable<string>;
    /** The server-signed application that a login is bound to. */
    appId: Nullable<string>;
    dateExpires: string;
    dateCreated: string;
  };
  applications: {
    id: string;
    seq: Generated<number>;
    orgId: string;
    externalId: Nullable<string>;
    /** Of a server-signed one: its token, by id and SHA-256. */
    tokenId: Nullable<string>;
    tokenHash: Nullable<string>;
    tokenExpires: Nullable<string>;
    dateCreated: string;
  };
  requestNonces: {
    /** The application whose nonce it is. */
    owner: string;
    nonce: string;
    dateExpires: string;
  };
  challenges: {
    id: string;
    orgId: string;
    userId: Nullable<string>;
    tokenId: Nullable<string>;
    kind: string;
    method: Nullable<string>;
    path: Nullable<string>;
    query: Nullable<string>;
    payload: Nullable<string>;
    challenge: string;
    nullifier: string;
    tokens: NullableJson<unknown[]>;
    credentialKind: Nullable<string>;
    /** The secret of one-time codes that are about to be enrolled, sealed by the api. */
    secret: Nullable<string>;
    /** In place of a payload that holds a secret. */
    payloadMac: Nullable<string>;
    status: string;
    assertion: NullableJson<unknown>;
    /** When a user action was spent; null for everything else. */
    dateUsed: Nullable<string>;
    dateExpires: string;
    dateCreated: string;
  };
  registrationCodes: {
    userId: string;
    orgId: string;
    hash: string;
    attempts: number;
    dateExpires: string;
    dateCreated: string;
  };
  recoveryCodes: {
    userId: string;
    orgId: string;
    hash: string;
    attempts: number;
    dateExpires: string;
    dateCreated: string;
  };
  loginCodes: {
    userId: string;
    orgId: string;
    hash: string;
    attempts: number;
    dateExpires: string;
    dateCreated: string;
  };
  externalIdentities: {
    orgId: string;
    issuer: string;
    subject: string;
    userId: string;
    dateCreated: string;
  };
  ssoStates: {
    /** SHA-256 of the state. */
    hash: string;
    orgId: string;
    issuer: string;
    clientId: string;
    redirectUri: string;
    nonce: string;
    verifier: string;
    dateExpires: string;
  };
  credentialCodes: {
    hash: string;
    userId: string;
    orgId: string;
    dateExpires: string;
  };
  permissions: {
    id: string;
    seq: Generated<number>;
    orgId: string;
    name: string;
    operations: Json<string[]>;
    status: string;
    isImmutable: boolean;
    isArchived: boolean;
    dateCreated: string;
    dateUpdated: string;
  };
  assignments: {
    id: string;
    seq: Generated<number>;
    orgId: string;
    permissionId: string;
    identityId: string;
    isImmutable: boolean;
    dateCreated: string;
    dateUpdated: string;
  };
  acts: {
    nullifier: string;
    seq: Generated<number>;
    orgId: string;
    userId: string;
    tokenId: Nullable<string>;
    operation: string;
    method: string;
    path: string;
    payload: string;
    assertion: Json<unknown>;
    status: string;
    /** Id of the record the act made or changed, once known. */
    recordId: Nullable<string>;
    reason: Nullable<string>;
    dateCreated: string;
    dateResolved: Nullable<string>;
  };
  keys: {
    id: string;
    seq: Generated<number>;
    orgId: string;
    scheme: string;
    curve: string;
    protocol: string;
    /** Hex, as on the wire. */
    publicKey: string;
    /** Hash of the public shares, names the sharing. */
    epoch: string;
    name: Nullable<string>;
    status: string;
    isCustodial: boolean;
    isImported: boolean;
    isExported: boolean;
    /** Children may be derived from it. Its chain code is the signers' and not known here. */
    isMaster: Generated<boolean>;
    /** Of a child: its master, and the path there. Both or neither. */
    derivedFrom: Nullable<string>;
    derivedPath: Nullable<string>;
    ownerId: Nullable<string>;
    nullifier: string;
    dateCreated: string;
    dateExported: Nullable<string>;
    dateDeleted: Nullable<string>;
  };
  /** One row: the round of refresh under way, or the last one. */
  refreshRound: {
    id: number;
    /** `operator` or `schedule`. */
    cause: string;
    /** `Running`, `Stopped` or `Done`. */
    state: string;
    dateStarted: string;
    dateEnded: Nullable<string>;
  };
  keyRefreshes: {
    keyId: string;
    dateTried: string;
    dateRefreshed: Nullable<string>;
    /** Why the last turn did not succeed; null where it did. */
    reason: Nullable<string>;
  };
  keyStatements: {
    keyId: string;
    signerIndex: number;
    signature: string;
  };
  recordMarks: {
    orgId: string;
    recordId: string;
    mark: string;
    signerIndex: number;
    nullifier: string;
    signature: string;
  };
  wallets: {
    id: string;
    seq: Generated<number>;
    orgId: string;
    keyId: string;
    network: string;
    address: Nullable<string>;
    name: Nullable<string>;
    status: string;
    externalId: Nullable<string>;
    tags: Json<string[]>;
    /** What made it: for the idempotency of externalId. */
    nullifier: string;
    dateCreated: string;
    dateDeleted: Nullable<string>;
  };
  signatures: {
    id: string;
    seq: Generated<number>;
    orgId: string;
    keyId: string;
    walletId: Nullable<string>;
    network: Nullable<string>;
    requesterUserId: string;
    requesterTokenId: Nullable<string>;
    /** Text, so that members keep their order. */
    requestBody: ColumnType<unknown, string, string>;
    requestPath: string;
    status: string;
    reason: Nullable<string>;
    signature: NullableJson<unknown>;
    signatures: NullableJson<unknown[]>;
    signedData: Nullable<string>;
    externalId: Nullable<string>;
    nullifier: string;
    dateRequested: string;
    dateSigned: Nullable<string>;
  };
  /** Transfers and broadcast transactions. */
  orders: {
    id: string;
    seq: Generated<number>;
    orgId: string;
    walletId: string;
    keyId: string;
    network: string;
    /** Of the wallet. */
    address: string;
    kind: string;
    requesterUserId: string;
    requesterTokenId: Nullable<string>;
    /** Text, so that members keep their order. */
    requestBody: ColumnType<unknown, string, string>;
    requestPath: string;
    externalId: Nullable<string>;
    nullifier: string;
    /** Freshness tokens of the act: it is shown to signers again after a restart. */
    tokens: Json<unknown[]>;
    status: string;
    reason: Nullable<string>;
    completion: Json<unknown>;
    exclusion: Json<unknown>;
    /** The nonce it takes, as one text, while it may still count; null for a replacement and for what has ended. */
    holds: Nullable<string>;
    /** Raw, hex: what proves to signers that they signed it. */
    signatures: NullableJson<unknown[]>;
    signedData: Nullable<string>;
    txHash: Nullable<string>;
    /** Hash of the block it was confirmed in. */
    block: Nullable<string>;
    fee: Nullable<string>;
    replacesId: Nullable<string>;
    replacementId: Nullable<string>;
    /** Not at rest: to be signed, broadcast, or looked for on the chain. */
    isWatched: boolean;
    dateRequested: string;
    dateSigned: Nullable<string>;
    dateBroadcasted: Nullable<string>;
    dateConfirmed: Nullable<string>;
  };
  events: {
    seq: Generated<number>;
    orgId: string;
    kind: string;
    recordId: string;
    dateCreated: string;
  };
  usedCiphertexts: {
    hash: string;
    orgId: string;
    dateCreated: string;
  };
  chainCursors: {
    network: string;
    /** The last block that was read; -1 before the first. */
    height: number;
    hash: string;
    dateUpdated: string;
  };
  chainBlocks: {
    network: string;
    height: number;
    hash: string;
  };
  chainMovements: {
    seq: Generated<number>;
    network: string;
    orgId: string;
    walletId: string;
    height: number;
    tx: string;
    /** Where in the transaction. */
    place: string;
    kind: string;
    direction: string;
    /** Contract, mint …; empty for the native coin. */
    asset: string;
    tokenId: Nullable<string>;
    fromAddress: Nullable<string>;
    toAddress: Nullable<string>;
    froms: NullableJson<string[]>;
    tos: NullableJson<string[]>;
    value: Nullable<string>;
    fee: Nullable<string>;
    dateBlock: string;
  };
  chainTokens: {
    network: string;
    asset: string;
    symbol: Nullable<string>;
    decimals: Nullable<number>;
  };
  chainOutputs: {
    network: string;
    outpoint: string;
    address: string;
    value: string;
    height: number;
    spentBy: Nullable<string>;
    spentHeight: Nullable<number>;
  };
}

/** An authority entry on its way to the signers. */
export interface Proposal {
  readonly height: number;
  /** Head after the entry. */
  readonly head: string;
  /** Canonical JSON of the entry. */
  readonly entry: string;
  /** Freshness tokens the assertion commits to; signers that missed the entry want to see them again. */
  readonly tokens: readonly unknown[];
  readonly nullifier: string;
  readonly dateCreated: string;
}
