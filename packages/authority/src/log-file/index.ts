/**
 * Verifies a whole log file (docs/specs/log-file.md) from nothing but the pinned cluster and organisation: the chain,
 * and for every signature who asked for it, with which credential, by which grants, and that it is what they asked for.
 * Pure; what chains sign for a request is a port.
 */
import { fromBase64Url, fromHex, type JsonObject, toBase64Url, toHex, utf8, WireError } from '@holdfast/contract/wire';
import { enc, i, sha256 } from '@holdfast/crypto/transcript';
import { claimedChallenge } from '../consent/index.ts';
import { EXPIRY_S_MAX, SKEW_S_MAX, type VerifiedRequest, verifyRequest } from '../consent/request.ts';
import { AuthorityError, refuse } from '../errors/index.ts';
import { deriveId } from '../ids/index.ts';
import { type EntryAfterGenesis, keyStatementBytes, QUORUM, verifyAcks, verifyStatement } from '../log/index.ts';
import { apply, initialState } from '../reduce/apply.ts';
import type { AuthorityDeps, State } from '../reduce/state.ts';
import type { CredentialRecord, LogEntry, SignedRequest } from '../types/index.ts';
import {
  type ClusterLine,
  decodeLine,
  type EndLine,
  encodeLine,
  type KeyLine,
  type Line,
  type LineAct,
  malformed,
  type SignatureLine,
} from './lines.ts';
import { type Grant, Provenance } from './provenance.ts';

export * from './lines.ts';
export type { Grant } from './provenance.ts';

/** What the reader knows before it opens the file. */
export interface LogPins {
  readonly org: string;
  /** hex; absent where the organisation's id, which derives from it, is all that was kept. */
  readonly genesisHash?: string;
  /**
   * The signers of today by roster index, if the pinned cluster is theirs: E_LOG_CLUSTER otherwise. Given the first
   * line, because a roster that followed from the pinned one carries its own proof.
   */
  members(cluster: ClusterLine): readonly Uint8Array[];
  /** A head that the chain must contain, base64url: what keeps an older file from passing for all there is. */
  readonly head?: string;
}

/** What chains know: implemented over the code that signers plan with. */
export interface SignedBytes {
  /**
   * What the cluster signs for a request of effect `sign`, in order; the caller of this room verifies nothing of it.
   * Throws its own refusals. `original` gives the request that an earlier line of this file verified under an id.
   */
  items(o: Asked): Promise<readonly { readonly digest: Uint8Array; verifies(raw: RawSignature): boolean }[]>;
}

export interface RawSignature {
  /** 64 bytes. */
  readonly signature: Uint8Array;
  readonly recid?: number;
}

export interface Asked {
  /** `sig-`, `tx-` or `xfr-`. */
  readonly id: string;
  readonly operation: string;
  readonly params: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  readonly key: { readonly scheme: string; readonly curve: string; readonly publicKey: Uint8Array };
  readonly network: string | undefined;
  readonly completion: JsonObject | undefined;
}

/** Everything there is to say about one signature, all of it checked. */
export interface VerifiedSignature {
  readonly id: string;
  readonly operation: string;
  readonly request: SignedRequest;
  readonly user: { readonly userId: string; readonly username: string; readonly isServiceAccount: boolean };
  readonly credential: Pick<CredentialRecord, 'credentialId' | 'uuid' | 'kind' | 'algorithm' | 'name' | 'tokenId'> & {
    /** Height of the entry that enrolled it. */
    readonly enrolledAt: number;
  };
  /** The state of the organisation that the user was shown, and that the signature names. */
  readonly height: number;
  readonly head: string;
  /** For each permission the request needs: the grants, from the user's own back to the genesis. */
  readonly permissions: readonly { readonly name: string; readonly grants: readonly Grant[] }[];
  /** Whole seconds since 1970 between which a signer that follows the rules took it. */
  readonly signed: { readonly from: number; readonly to: number };
  readonly keyId: string;
  readonly publicKey: string;
  readonly walletId?: string;
  readonly network?: string;
  /** hex, in the order of the signatures; of EdDSA the message's SHA-256. */
  readonly digests: readonly string[];
  /** hex, r‖s. */
  readonly signatures: readonly string[];
}

export interface VerifiedLog {
  readonly org: string;
  readonly name: string;
  readonly height: number;
  readonly head: string;
  readonly state: State;
  readonly signatures: readonly VerifiedSignature[];
}

/** How the hash of the end grows by a line. */
export function hashAfter(hash: Uint8Array, text: string): Uint8Array {
  return sha256(enc('holdfast/log-file/v1', i.bytes(hash), i.bytes(utf8(text))));
}

export const FIRST_HASH: Uint8Array = new Uint8Array(32);

/** The operations whose order id is not `sig-`. */
const prefixes: Readonly<Record<string, string>> = { 'wallets.transferAsset': 'xfr' };
const isSignatureRequest = (operation: string): boolean => operation.endsWith('.generateSignature');

/**
 * @param open gives the lines of the file, without line feeds, from the first one; it is read twice.
 * Refusals: E_LOG_FORM, E_LOG_CLUSTER, E_LOG_ORG, E_LOG_HEAD, E_LOG_KEY, E_LOG_SIGNATURE, E_ACKS and those of the reducer.
 *
 *     const log = await verifyLogFile(() => lines, pins, { deps, signedBytes });
 */
export async function verifyLogFile(
  open: () => AsyncIterable<string> | Iterable<string>,
  pins: LogPins,
  o: { readonly deps: AuthorityDeps; readonly signedBytes: SignedBytes },
): Promise<VerifiedLog> {
  const named = await namedHeads(open());
  const reader = new Reader(pins, named, o);
  let count = 0;
  let hash = FIRST_HASH;
  let end: EndLine | undefined;
  for await (const text of open()) {
    if (end !== undefined) malformed('something stands behind its end');
    const line = decodeLine(text);
    if (line.line === 'end') {
      end = line;
    } else {
      hash = hashAfter(hash, text);
      count += 1;
      await at(count, () => reader.take(line));
    }
  }
  if (end === undefined) malformed('it has no end');
  if (end.lines !== count || end.hash !== toBase64Url(hash)) malformed('a line is missing or altered');
  return reader.finish();
}

/** The signatures of a log that answer to an id, a digest or a signature value (hex, with or without 0x). */
export function findSignatures(log: VerifiedLog, wanted: string): readonly VerifiedSignature[] {
  const hex = wanted.replace(/^0x/i, '').toLowerCase();
  const found = log.signatures.filter(
    ({ id, digests, signatures }) =>
      id === wanted || digests.includes(hex) || signatures.some((each) => each === hex || each === hex.slice(0, 128)),
  );
  return found.length > 0 ? found : refuse('E_LOG_NOTHING', 'the log file holds no such signature');
}

/** A refusal says in which line it was found. */
async function at<T>(line: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AuthorityError)) throw error;
    throw new AuthorityError(error.code, `line ${line}: ${error.message}`, { ...error.details, line }, error);
  }
}

/** Heads that acts of the file name, so that no other state has to be kept. */
async function namedHeads(lines: AsyncIterable<string> | Iterable<string>): Promise<ReadonlySet<string>> {
  const heads = new Set<string>();
  for await (const text of lines) {
    const line = decodeLine(text);
    if (line.line === 'act' || line.line === 'signature')
      heads.add(claimedChallenge(line.act.assertion)?.a ?? malformed('an act without a challenge'));
  }
  return heads;
}

/** Who alone may ask for the use of a key. */
interface Ownership {
  readonly userId: string;
  /** That its giver was shown. */
  readonly height: number;
  /** Seconds since 1970 at which it was given at the latest. */
  readonly until: number;
}

/** Seconds since 1970 before which no signer that follows the rules took the request. */
const signedFrom = ({ challenge }: VerifiedRequest): number => challenge.e - EXPIRY_S_MAX - SKEW_S_MAX;

interface KnownWallet {
  readonly keyId: string;
  readonly network: string;
}

class Reader {
  readonly #pins: LogPins;
  readonly #named: ReadonlySet<string>;
  readonly #deps: AuthorityDeps;
  readonly #signedBytes: SignedBytes;
  #identityKeys: readonly Uint8Array[] | undefined;
  #state: State | undefined;
  #provenance: Provenance | undefined;
  #hasHead = false;
  /** At the heads that are named. */
  readonly #states = new Map<string, State>();
  readonly #keys = new Map<string, KeyLine>();
  readonly #wallets = new Map<string, KnownWallet>();
  /** Of keys of end users. */
  readonly #owners = new Map<string, Ownership>();
  readonly #signatures = new Map<string, VerifiedSignature>();

  constructor(
    pins: LogPins,
    named: ReadonlySet<string>,
    o: { readonly deps: AuthorityDeps; readonly signedBytes: SignedBytes },
  ) {
    this.#pins = pins;
    this.#named = named;
    this.#deps = o.deps;
    this.#signedBytes = o.signedBytes;
  }

  async take(line: Exclude<Line, EndLine>): Promise<void> {
    switch (line.line) {
      case 'cluster':
        return this.#cluster(line);
      case 'entry':
        return this.#entry(line);
      case 'key':
        return this.#key(line);
      case 'act':
        return this.#act(line.act);
      case 'signature':
        return this.#signature(line);
      default:
        return line satisfies never;
    }
  }

  finish(): VerifiedLog {
    const state = this.#state ?? malformed('it has no entries');
    if (this.#pins.head !== undefined && !this.#hasHead)
      refuse('E_LOG_HEAD', 'the chain of the log file does not contain the head that has to be in it');
    const { org, name, height, head } = state;
    return { org, name, height, head, state, signatures: [...this.#signatures.values()] };
  }

  #cluster(line: ClusterLine): void {
    if (this.#identityKeys !== undefined) malformed('it begins twice');
    if (line.org !== this.#pins.org) refuse('E_LOG_ORG', 'the log file is of another organisation than the pinned one');
    this.#identityKeys = this.#pins.members(line);
  }

  #entry({ entry, acks }: Extract<Line, { readonly line: 'entry' }>): void {
    if (this.#keys.size + this.#wallets.size + this.#signatures.size > 0) malformed('an entry stands behind the chain');
    const identityKeys = this.#members();
    const before = this.#state;
    const after = before === undefined ? this.#genesis(entry) : apply(before, entry as EntryAfterGenesis, this.#deps);
    const { org, height, head } = after;
    if (acks.some(({ index }, k) => index <= (acks[k - 1]?.index ?? 0))) malformed('acknowledgements are not in order');
    verifyAcks({
      acks: acks.map((ack) => ({ ...ack, org, height, head })),
      ...{ org, height, head, identityKeys, verify: this.#deps.verify },
    });
    if (before === undefined) this.#provenance = new Provenance(after);
    else this.#trusted().add(before, after, entry as EntryAfterGenesis, this.#required(entry as EntryAfterGenesis));
    this.#state = after;
    this.#hasHead ||= head === this.#pins.head;
    if (this.#named.has(head)) this.#states.set(head, after);
  }

  #genesis(entry: LogEntry): State {
    if (entry.height !== 0) malformed('the chain does not begin with a genesis');
    const state = initialState(entry as Exclude<LogEntry, EntryAfterGenesis>, this.#deps);
    const { org, genesisHash } = this.#pins;
    const isPinned = genesisHash === undefined || toHex(fromBase64Url(state.genesisHash)) === genesisHash.toLowerCase();
    if (state.org !== org || !isPinned)
      refuse('E_LOG_ORG', 'the genesis of the log file is not that of the pinned organisation');
    return state;
  }

  /** Every statement must hold, and three signers must have made one. */
  #key(line: KeyLine): void {
    const { keyId, curve, statements } = line;
    const { org } = this.#committed();
    if (this.#keys.has(keyId)) malformed(`key ${keyId} stands there twice`);
    const bytes = keyStatementBytes(
      org,
      keyId,
      curve,
      readHex(line.publicKey, 'publicKey'),
      readHex(line.epoch, 'epoch', 32),
    );
    let before = 0;
    for (const { index, signature } of statements) {
      const identityKey = this.#members()[index - 1];
      const isNext = index > before && identityKey !== undefined;
      if (!isNext || !verifyStatement({ identityKey, bytes, signature, verify: this.#deps.verify }))
        refuse('E_LOG_KEY', `a statement on key ${keyId} is not by its signer, or not about this key`, { index });
      before = index;
    }
    if (statements.length < QUORUM)
      refuse('E_LOG_KEY', `fewer than three signers state key ${keyId}`, { reached: statements.length });
    this.#keys.set(keyId, line);
  }

  #act(act: LineAct): void {
    const { verified, state } = this.#verify(act);
    const { operation, body, nullifier, user } = verified;
    const effect = operation.effect(body);
    if (effect === 'delegate') {
      const { keyId, walletId } = operation.params;
      const given = keyId ?? this.#walletOf(walletId ?? '').keyId;
      const userId = String(body['delegateTo'] ?? body['userId']);
      this.#give(given, { userId, height: state.height, until: verified.challenge.e });
      return;
    }
    if (!['createKey', 'importKey', 'wallet'].includes(effect))
      malformed(`${operation.name} makes no key and no wallet`);
    const made = deriveId('key', nullifier);
    if (operation.name.startsWith('wallets.')) {
      const walletId = deriveId('wa', nullifier);
      if (this.#wallets.has(walletId)) malformed(`wallet ${walletId} stands there twice`);
      const signingKey = body['signingKey'] as { readonly id?: string } | undefined;
      const keyId = effect === 'wallet' ? (signingKey?.id ?? '') : made;
      this.#wallets.set(walletId, { keyId, network: String(body['network']) });
    }
    const { delegateTo } = body;
    const owner = user.kind === 'EndUser' ? user.userId : delegateTo;
    // Whose it is from its beginning: no signature is older.
    if (effect !== 'wallet' && typeof owner === 'string') this.#give(made, { userId: owner, height: -1, until: 0 });
  }

  /** For good: the same key is given to nobody else. */
  #give(keyId: string, owner: Ownership): void {
    const before = this.#owners.get(keyId);
    if (before !== undefined && before.userId !== owner.userId) malformed(`key ${keyId} is given to two users`);
    if (before === undefined || owner.until < before.until) this.#owners.set(keyId, owner);
  }

  #walletOf(walletId: string): KnownWallet {
    return this.#wallets.get(walletId) ?? malformed(`the request that made ${walletId} is not in it`);
  }

  async #signature(line: SignatureLine): Promise<void> {
    const { verified, state } = this.#verify(line.act);
    const { operation, body, nullifier } = verified;
    if (operation.effect(body) !== 'sign') malformed(`${operation.name} asks for no signature`);
    const isPlain = isSignatureRequest(operation.name);
    const id = deriveId(isPlain ? 'sig' : (prefixes[operation.name] ?? 'tx'), nullifier);
    if (this.#signatures.has(id)) malformed(`${id} stands there twice`);
    const { walletId } = operation.params;
    const wallet = walletId === undefined ? undefined : this.#walletOf(walletId);
    const keyId = wallet?.keyId ?? operation.params['keyId'] ?? '';
    const key = this.#keys.get(keyId) ?? refuse('E_LOG_KEY', `no signer states key ${keyId}`);
    const owner = this.#owners.get(keyId);
    // A delegation may be carried out minutes after its state was shown, and a later state be signed for in between.
    const isLater = owner !== undefined && state.height > owner.height && signedFrom(verified) > owner.until;
    if (isLater && owner.userId !== verified.user.userId)
      refuse('E_LOG_SIGNATURE', `${id} was asked for by another user than the one whose key ${keyId} is`);
    const digests = await this.#made(line, { id, verified, key, network: wallet?.network, isPlain });
    this.#signatures.set(id, {
      ...this.#answer({ id, verified, state, request: line.act.request }),
      ...{ keyId, publicKey: key.publicKey, digests },
      ...(walletId === undefined || wallet === undefined ? {} : { walletId, network: wallet.network }),
      signatures: line.signatures.map(({ signature }) => signature),
    });
  }

  /** What was to be signed, and that this is what was signed; an order may have ended before anything was. */
  async #made(
    line: SignatureLine,
    o: {
      readonly id: string;
      readonly verified: VerifiedRequest;
      readonly key: KeyLine;
      readonly network: string | undefined;
      readonly isPlain: boolean;
    },
  ): Promise<string[]> {
    const { id, verified, key, network, isPlain } = o;
    const { name: operation, params } = verified.operation;
    const { scheme, curve, publicKey } = key;
    const { completion } = line;
    if (isPlain !== (completion === undefined)) malformed('only transfers and transactions are completed');
    const items = await this.#signedBytes.items({
      ...{ id, operation, params, body: verified.body, network, completion },
      key: { scheme, curve, publicKey: fromHex(publicKey) },
    });
    const isUnsigned = !isPlain && line.signatures.length === 0;
    if (!isUnsigned && line.signatures.length !== items.length)
      refuse('E_LOG_SIGNATURE', `${id} asks for ${items.length} signatures, and has ${line.signatures.length}`);
    for (const [k, { signature, recid }] of line.signatures.entries()) {
      const raw = { signature: readHex(signature, 'signature', 64), ...(recid === undefined ? {} : { recid }) };
      if (items[k]?.verifies(raw) !== true)
        refuse('E_LOG_SIGNATURE', `signature ${k + 1} of ${id} is not over what the user asked for, or not by its key`);
    }
    return items.map(({ digest }) => toHex(digest));
  }

  /** The act as a signer judges it, by the state that its user was shown. */
  #verify(act: LineAct): { readonly verified: VerifiedRequest; readonly state: State } {
    this.#committed();
    const state = this.#states.get(claimedChallenge(act.assertion)?.a ?? '');
    if (state === undefined)
      return refuse('E_LOG_HEAD', 'an act names a head that the chain of the log file does not contain');
    const verified = verifyRequest(state, act, this.#deps);
    const { expires } = verified.credential;
    if (expires !== undefined && signedFrom(verified) > expires)
      refuse('E_CREDENTIAL_UNKNOWN', 'credential has expired');
    return { verified, state };
  }

  #answer(o: { id: string; verified: VerifiedRequest; state: State; request: SignedRequest }) {
    const { id, verified, state, request } = o;
    const { operation, body, user, credential, challenge } = verified;
    const { credentialId, uuid, kind, algorithm, name, tokenId } = credential;
    const { userId, username, isServiceAccount } = user;
    const actor = { userId, tokenId };
    return {
      ...{ id, operation: operation.name, request },
      user: { userId, username, isServiceAccount },
      credential: {
        ...{ credentialId, uuid, kind, algorithm, name },
        ...(tokenId === undefined ? {} : { tokenId }),
        enrolledAt: this.#trusted().enrolledAt(credentialId) ?? 0,
      },
      ...{ height: state.height, head: state.head },
      permissions: operation
        .permissions(body)
        .map((each) => ({ name: each, grants: this.#trusted().wayTo(state, actor, each) })),
      signed: { from: signedFrom(o.verified), to: challenge.e },
    };
  }

  #required({ request }: EntryAfterGenesis): readonly string[] {
    const operation = this.#deps.operation(request.method, request.path);
    const body = request.payload === '' ? {} : (JSON.parse(request.payload) as JsonObject);
    return operation?.permissions(body) ?? [];
  }

  #members(): readonly Uint8Array[] {
    return this.#identityKeys ?? malformed('its first line names no cluster');
  }

  #committed(): State {
    return this.#state ?? malformed('it has no entries');
  }

  #trusted(): Provenance {
    return this.#provenance ?? malformed('it has no entries');
  }
}

function readHex(text: string, name: string, bytes?: number): Uint8Array {
  try {
    const value = fromHex(text, bytes === undefined ? { name } : { bytes, name });
    return toHex(value) === text ? value : malformed(`${name} is not in lower case`);
  } catch (error) {
    if (error instanceof WireError) return malformed(`${name} is not hex`);
    throw error;
  }
}

/** The text of a file, line by line, with its end. */
export function* logFileText(lines: Iterable<Exclude<Line, EndLine>>): Generator<string> {
  let count = 0;
  let hash = FIRST_HASH;
  for (const line of lines) {
    const text = encodeLine(line);
    hash = hashAfter(hash, text);
    count += 1;
    yield text;
  }
  yield encodeLine({ line: 'end', lines: count, hash: toBase64Url(hash) });
}
