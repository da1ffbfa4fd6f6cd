/**
 * One signed request, from its bytes to what it asks for and who may ask: security-model.md 2.6 (h). The order is
 * part of the specification; the first failing step decides the answer.
 */
import { asJsonObject, type JsonObject, parseStrictJson, utf8, WireError } from '@holdfast/contract/wire';
import {
  checkAssertionContent,
  checkAssertionForm,
  checkCredentialOf,
  factorsOf,
  isCredentialId,
  verifyAssertionSignature,
} from '../assertion/index.ts';
import { decodeChallenge, freshDigest, isSignablePath, methods, nullifier, payloadHash } from '../challenge/index.ts';
import { AuthorityError, refuse } from '../errors/index.ts';
import {
  type AuthorityDeps,
  type KnownOperation,
  missingPermission,
  placesOf,
  type State,
  type UserRecord,
} from '../reduce/state.ts';
import type {
  Assertion,
  ChallengeRecord,
  CredentialRecord,
  FactorAssertion,
  FreshToken,
  SignedRequest,
} from '../types/index.ts';
import { RECOVERY, verifyRecovery } from './recovery.ts';

/** A PSBT with the whole previous transaction of each of some hundred inputs fits. */
export const PAYLOAD_BYTES_MAX = 512 * 1024;
const PAYLOAD_DEPTH_MAX = 16;
export const EXPIRY_S_MAX = 300;
/** How far the api's clock may run ahead of a signer's; the tokens, not the clocks, carry the freshness. */
export const SKEW_S_MAX = 30;

export interface VerifiedRequest {
  readonly operation: KnownOperation;
  readonly body: JsonObject;
  readonly user: UserRecord;
  readonly credential: CredentialRecord;
  readonly challenge: ChallengeRecord;
  /** Where a passkey signed it; absent for keys, which nobody but their holder vouches for. */
  readonly origin?: string;
  /** 32 bytes: names the request, and everything made by it. */
  readonly nullifier: Uint8Array;
}

/** What only a live request has. Absent when an old entry is read again. */
export interface Live {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly tokens: readonly FreshToken[];
  /** True if the list holds a token that this signer issued, in this process, in the last five minutes. */
  holdsOwnToken(tokens: readonly FreshToken[]): boolean;
  /** Step 10, if the caller keeps nullifiers: throws its own refusal. */
  checkNullifier?(nullifier: Uint8Array): void;
}

export function verifyRequest(
  state: State,
  act: { readonly request: SignedRequest; readonly assertion: Assertion },
  deps: AuthorityDeps,
  live?: Live,
): VerifiedRequest {
  const { request, assertion } = act;
  // 2: envelope and strict JSON
  if (typeof request !== 'object' || request === null) refuse('E_COMMAND', 'request is missing');
  const body = readPayload(request.payload);
  if (assertion?.kind === 'RecoveryKey') return verifyRecoveryRequest(state, { request, assertion, body }, deps, live);
  const [first, second] = factorsOf(assertion);
  const parts = checkAssertionForm(first);
  const secondParts = second === undefined ? undefined : checkAssertionForm(second);
  // 3: path
  const operation = readTarget(request, deps);
  if (operation.name === RECOVERY) refuse('E_CREDENTIAL_KIND', 'a recovery is signed by a recovery key');
  // 4: credential
  const { credential, user } = readCredential(state, first, live);
  const secondCredential = second === undefined ? undefined : readSecond(state, second, credential, live);
  // 5: signature
  verifyAssertionSignature({ parts, credential, verify: deps.verify });
  if (secondParts !== undefined && secondCredential !== undefined)
    verifyAssertionSignature({ parts: secondParts, credential: secondCredential, verify: deps.verify });
  // 6: client data
  const content = checkAssertionContent({ parts, credential, ...placesOf(state) });
  if (secondParts !== undefined && secondCredential !== undefined) {
    const { challenge: other } = checkAssertionContent({
      parts: secondParts,
      credential: secondCredential,
      ...placesOf(state),
    });
    if (other !== content.challenge)
      refuse('E_CLIENT_DATA', 'clientData is not valid', { reason: 'the second factor answers another challenge' });
  }
  // 7: challenge
  const challenge = decodeChallenge(content.challenge);
  checkAddressee(challenge, state, user, deps);
  // 8: what the challenge commits to
  checkCommitment(challenge, request);
  const id = nullifier(content.challenge);
  if (live !== undefined) {
    // 9: expiry and tokens
    checkFresh(challenge, live);
    // 10: replay
    live.checkNullifier?.(id);
  }
  // 11: permission
  checkPermission(state, { user, credential }, operation, body);
  // 12: schema
  const problem = operation.problem(body);
  if (problem !== undefined) refuse(problem.code, problem.message, { path: problem.path });
  const { origin } = content;
  return {
    operation,
    body,
    user,
    credential,
    challenge,
    nullifier: id,
    ...(origin === undefined ? {} : { origin }),
  };
}

/** The same steps for the one request that has no challenge in its assertion: see recovery.ts. */
function verifyRecoveryRequest(
  state: State,
  act: {
    readonly request: SignedRequest;
    readonly assertion: Extract<Assertion, { readonly kind: 'RecoveryKey' }>;
    readonly body: JsonObject;
  },
  deps: AuthorityDeps,
  live: Live | undefined,
): VerifiedRequest {
  const { request, assertion, body } = act;
  if (Object.keys(assertion).length !== 2 || !isCredentialId(assertion.credId))
    refuse('E_COMMAND', 'assertion.credId is not a credential id');
  const operation = readTarget(request, deps);
  if (operation.name !== RECOVERY) refuse('E_CREDENTIAL_KIND', 'a recovery key signs nothing but a recovery');
  const { challenge, challengeText, credential, user } = verifyRecovery(
    state,
    { request, credId: assertion.credId, body },
    deps,
  );
  const id = nullifier(challengeText);
  if (live !== undefined) {
    checkFresh(challenge, live);
    live.checkNullifier?.(id);
  }
  const problem = operation.problem(body);
  if (problem !== undefined) refuse(problem.code, problem.message, { path: problem.path });
  return { operation, body, user, credential, challenge, nullifier: id };
}

/** An absent body is signed as the empty text (auth.md §4) and means an empty object. */
function readPayload(payload: string): JsonObject {
  if (typeof payload !== 'string') refuse('E_COMMAND', 'request.payload must be text');
  try {
    utf8(payload);
    return payload === ''
      ? {}
      : asJsonObject(parseStrictJson(payload, { bytesMax: PAYLOAD_BYTES_MAX, depthMax: PAYLOAD_DEPTH_MAX }));
  } catch (error) {
    if (error instanceof WireError)
      throw new AuthorityError(
        error.code,
        error.message,
        error.path === undefined ? undefined : { path: error.path },
        error,
      );
    throw error;
  }
}

function readTarget({ method, path }: SignedRequest, deps: AuthorityDeps): KnownOperation {
  const operation =
    methods.includes(method) && typeof path === 'string' && isSignablePath(path)
      ? deps.operation(method, path)
      : undefined;
  return operation ?? refuse('E_USER_ACTION_PATH', 'the path does not name an operation that signers act on');
}

function readCredential(
  state: State,
  assertion: Assertion,
  live: Live | undefined,
): { credential: CredentialRecord; user: UserRecord } {
  const credential = state.credentials.get(assertion.credId);
  const user = credential === undefined ? undefined : state.users.get(credential.userId);
  // A credential that nobody confirmed is not in the chain, so it is as unknown as any other (rulings 3).
  if (credential === undefined || user === undefined) {
    return refuse(
      'E_CREDENTIAL_UNKNOWN',
      'credential is not known to this signer; if it was enrolled by a code, ask an admin to confirm it',
    );
  }
  if (!credential.active) refuse('E_CREDENTIAL_UNKNOWN', 'credential is deactivated');
  if (!user.active) refuse('E_CREDENTIAL_UNKNOWN', 'the user of this credential is deactivated');
  if (live !== undefined && credential.expires !== undefined && live.now > credential.expires * 1000) {
    refuse('E_CREDENTIAL_UNKNOWN', 'credential has expired');
  }
  checkCredentialOf(assertion, credential);
  return { credential, user };
}

/** Another credential of the same user's own: a second proof by the first one would be none. */
function readSecond(
  state: State,
  second: FactorAssertion,
  first: CredentialRecord,
  live: Live | undefined,
): CredentialRecord {
  const { credential } = readCredential(state, second, live);
  const isAnother = credential.credentialId !== first.credentialId && credential.userId === first.userId;
  if (!isAnother || credential.tokenId !== undefined)
    refuse('E_CREDENTIAL_UNKNOWN', 'the second factor must be another credential of the same user');
  return credential;
}

function checkAddressee(challenge: ChallengeRecord, state: State, user: UserRecord, deps: AuthorityDeps): void {
  if (challenge.k !== 'UserAction')
    refuse('E_CHALLENGE_KIND', `challenge kind ${challenge.k} cannot authorise an action`);
  if (challenge.c !== deps.clusterFingerprint)
    refuse('E_CHALLENGE_CLUSTER', 'challenge was issued for another cluster');
  if (challenge.o !== state.org) refuse('E_CHALLENGE_ORG', 'challenge was issued for another organisation');
  if (challenge.u !== user.userId) refuse('E_CHALLENGE_USER', 'challenge was issued for another user');
}

function checkCommitment(challenge: ChallengeRecord, request: SignedRequest): void {
  if (challenge.m !== request.method || challenge.p !== request.path) {
    refuse('E_CHALLENGE_REQUEST', `user action was signed for ${challenge.m} ${challenge.p.slice(0, 64)}`, {
      field: challenge.m !== request.method ? 'm' : 'p',
    });
  }
  if (challenge.h !== payloadHash(request.payload))
    refuse('E_CHALLENGE_REQUEST', 'body does not match the signed payload', { field: 'h' });
  // Approval decisions will bind an activity here; nothing of this release is one.
  if (challenge.x !== '')
    refuse('E_CHALLENGE_REQUEST', 'challenge carries a context that this operation does not have', { field: 'x' });
}

function checkFresh(challenge: ChallengeRecord, live: Live): void {
  const nowS = live.now / 1000;
  if (nowS > challenge.e) refuse('E_CHALLENGE_EXPIRED', 'challenge has expired; sign again');
  if (challenge.e - nowS > EXPIRY_S_MAX + SKEW_S_MAX)
    refuse('E_CHALLENGE_EXPIRED', `challenge expires more than ${EXPIRY_S_MAX} s ahead`);
  if (freshDigest(live.tokens) !== challenge.b)
    refuse('E_CHALLENGE_TOKENS', 'the freshness tokens do not match the challenge');
  if (!live.holdsOwnToken(live.tokens))
    refuse('E_CHALLENGE_STALE', 'challenge predates signer start or is too old; sign again');
}

/** A personal access token changes nothing about people, machines, credentials and tokens (auth.md §1). */
const ofIdentities = /^auth\./;

function checkPermission(
  state: State,
  { user, credential }: { readonly user: UserRecord; readonly credential: CredentialRecord },
  operation: KnownOperation,
  body: JsonObject,
): void {
  const { tokenId } = credential;
  if (tokenId !== undefined && ofIdentities.test(operation.name))
    refuse('E_PAT', 'Personal Access Token not allowed', { operation: operation.name });
  const missing = missingPermission(state, { userId: user.userId, tokenId }, operation.permissions(body));
  if (missing !== undefined) {
    refuse('E_FORBIDDEN', `${user.kind} ${user.userId} is not authorized to perform operation (${missing})`, {
      operation: missing,
    });
  }
}
