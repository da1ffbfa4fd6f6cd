/** What a signer checks itself before it takes part. Pure: clock, tokens and stores arrive as arguments. */
import { checkAssertionForm, claimedChallengeText, factorsOf } from '../assertion/index.ts';
import { decodeChallenge, encodeChallenge, nullifier } from '../challenge/index.ts';
import { AuthorityError, refuse } from '../errors/index.ts';
import type { AuthorityDeps, KnownOperation, State } from '../reduce/state.ts';
import type { Assertion, ChallengeRecord, FreshToken, SignedRequest } from '../types/index.ts';
import { recoveryChallengeText } from './recovery.ts';
import { type Live, type VerifiedRequest, verifyRequest } from './request.ts';

export { recoveryContext } from '../challenge/index.ts';
export { attestNewCredentials, type NewCredential } from './recovery.ts';
export {
  EXPIRY_S_MAX,
  type Live,
  PAYLOAD_BYTES_MAX,
  SKEW_S_MAX,
  type VerifiedRequest,
  verifyRequest,
} from './request.ts';
export { type ConsentStep, consentSteps, stepOf } from './steps.ts';

export interface Act {
  readonly request: SignedRequest;
  readonly assertion: Assertion;
  readonly tokens: readonly FreshToken[];
}

export interface ActDeps extends AuthorityDeps, Pick<Live, 'holdsOwnToken' | 'checkNullifier'> {}

export interface CheckedAct extends VerifiedRequest {
  readonly userId: string;
  /** `operation.effect(body)`, once. */
  readonly effect: string;
}

/**
 * Steps 2–9, 11 and 12 of 2.6 (h), and 10 through `checkNullifier` at its place. The caller owes 1 and 13–17.
 *
 *     const { operation, userId, nullifier, challenge } = checkAct(state, act, env.now(), deps);
 */
export function checkAct(state: State, act: Act, now: number, deps: ActDeps): CheckedAct {
  const { tokens } = act;
  const holdsOwnToken = deps.holdsOwnToken.bind(deps);
  const live: Live =
    deps.checkNullifier === undefined
      ? { now, tokens, holdsOwnToken }
      : { now, tokens, holdsOwnToken, checkNullifier: deps.checkNullifier.bind(deps) };
  const verified = verifyRequest(state, act, deps, live);
  return { ...verified, userId: verified.user.userId, effect: verified.operation.effect(verified.body) };
}

/** The organisation's part of step 13: import and export stay off until a governance entry switches them on. */
export function checkOrgSettings(state: State, effect: string): void {
  if (effect === 'importKey' && !state.settings.keyImport) {
    refuse('E_IMPORT_DISABLED', 'key import is not enabled; switch it on: holdfast org enable import');
  }
  if (effect === 'exportKey' && !state.settings.keyExport) {
    refuse('E_EXPORT_DISABLED', 'key export is not enabled; switch it on: holdfast org enable export');
  }
}

/**
 * The challenge an assertion claims to answer, unverified: good for finding the organisation's state and for nothing
 * else. Undefined when there is none to read.
 */
export function claimedChallenge(assertion: Assertion): ChallengeRecord | undefined {
  if (assertion?.kind === 'RecoveryKey') return undefined;
  try {
    const [first] = factorsOf(assertion);
    const { clientData } = checkAssertionForm(first);
    return decodeChallenge(claimedChallengeText(clientData, first.kind));
  } catch (error) {
    if (error instanceof AuthorityError) return undefined;
    throw error;
  }
}

/** The nullifier of a request that `verifyRequest` accepted once: of its challenge, wherever that stands. */
export function nullifierOfAct(act: {
  readonly request: SignedRequest;
  readonly assertion: Assertion;
}): Uint8Array | undefined {
  const text =
    act.assertion.kind === 'RecoveryKey' ? recoveryChallengeText(act.request) : challengeTextOf(act.assertion);
  return text === undefined ? undefined : nullifier(text);
}

function challengeTextOf(assertion: Assertion): string | undefined {
  const challenge = claimedChallenge(assertion);
  return challenge === undefined ? undefined : encodeChallenge(challenge);
}

export type { AuthorityDeps, KnownOperation, State };
