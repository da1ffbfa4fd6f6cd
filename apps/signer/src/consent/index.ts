/**
 * What this signer makes sure of itself before it takes part in anything: security-model.md 2.6 (h), in that order.
 * `authority` does steps 2–9, 11 and 12; here are the state it is asked against, and steps 1, 10 and 13–17 around it.
 */
import { checkAct, claimedChallenge, type State, verifyRequest } from '@holdfast/authority/consent';
import { isFullAdmin } from '@holdfast/authority/reduce';
import type { Assertion, ChallengeRecord, SignedRequest } from '@holdfast/authority/types';
import type { ActEvidence, Command } from '@holdfast/cluster/commands';
import type { Context } from '../commands/context.ts';
import { refuse } from '../refusal/index.ts';

export { createOrganisations } from './organisations.ts';

export type ConsentedEffect =
  | 'governance'
  | 'createKey'
  | 'importKey'
  | 'exportKey'
  | 'sign'
  | 'derive'
  | 'archive'
  | 'delegate'
  | 'wallet';

/** A signed request that passed every check of who, what, where and when. What it does to keys is still to be checked. */
export interface ConsentedAct {
  readonly org: string;
  readonly userId: string;
  /** With its domain: `keys.generateSignature`. */
  readonly operation: string;
  readonly effect: ConsentedEffect;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly request: SignedRequest;
  readonly assertion: Assertion;
  readonly challenge: ChallengeRecord;
  readonly nullifier: Uint8Array;
  /** The organisation's committed state that the request was judged by. */
  readonly state: State;
  /** The api's hint: which sharing of the key to use. */
  readonly keyEpoch?: string;
}

/** Steps 2–12 for a live request. */
export function consentTo(
  ctx: Context,
  command: Pick<Extract<Command, { kind: 'Act' }>, 'request' | 'assertion' | 'tokens' | 'keyEpoch'>,
): ConsentedAct {
  const { request, assertion, tokens, keyEpoch } = command;
  const state = stateFor(ctx, assertion);
  const checked = checkAct(state, { request, assertion, tokens }, ctx.env.now(), {
    ...ctx.organisations.deps,
    holdsOwnToken: (list) => ctx.freshness.holds(list),
    // Step 10 at its place; which intent and digest the assertion was spent on is compared once they are known.
    checkNullifier: (nullifier) => checkNotExhausted(ctx, nullifier),
  });
  const act = consented({
    state,
    request,
    assertion,
    checked: { ...checked, params: checked.operation.params, name: checked.operation.name },
  });
  return keyEpoch === undefined ? act : { ...act, keyEpoch };
}

/**
 * The same for a request of the past: all but freshness and replay, and but whether its user still may. Three other
 * signers, one of them honest, judged that when it was asked; what happened to the user since does not undo it.
 */
export function consentToPast(ctx: Context, act: ActEvidence): ConsentedAct {
  const { request, assertion } = act;
  const state = stateFor(ctx, assertion);
  const then = asOfThen(state, assertion.credId);
  const verified = verifyRequest(then, { request, assertion }, ctx.organisations.deps);
  const { operation, body } = verified;
  return consented({
    state,
    request,
    assertion,
    checked: {
      ...verified,
      userId: verified.user.userId,
      effect: operation.effect(body),
      params: operation.params,
      name: operation.name,
    },
  });
}

/**
 * The state with this credential's user active and allowed, with all that the user ever signed by and every page it was
 * ever done on: a second factor, a token or an application may have ended since as well. Used to read one old request and
 * thrown away.
 */
function asOfThen(state: State, credentialId: string): State {
  const credential = state.credentials.get(credentialId);
  const user = credential === undefined ? undefined : state.users.get(credential.userId);
  const everything = [...state.permissions.values()].find(isFullAdmin);
  if (credential === undefined || user === undefined || everything === undefined) return state;
  const { userId } = user;
  const own = [...state.credentials].filter(([, each]) => each.userId === userId);
  const tokens = [...state.personalTokens].filter(([, each]) => each.userId === userId);
  return {
    ...state,
    apps: new Map([...state.apps].map(([id, each]) => [id, { ...each, active: true }])),
    credentials: new Map([...state.credentials, ...own.map(([id, each]) => [id, { ...each, active: true }] as const)]),
    personalTokens: new Map([
      ...state.personalTokens,
      ...tokens.map(([id, each]) => [id, { ...each, active: true, restricted: false }] as const),
    ]),
    users: new Map(state.users).set(userId, { ...user, active: true }),
    assignments: new Map(state.assignments).set('as-then', {
      id: 'as-then',
      permissionId: everything.id,
      identityId: userId,
    }),
  };
}

/** An assertion is good for this many attempts at one thing (rulings 4). */
export const ATTEMPTS_MAX = 10;

function checkNotExhausted(ctx: Context, nullifier: Uint8Array): void {
  const before = ctx.store.used.spent(nullifier);
  if (before !== undefined && before.attempts >= ATTEMPTS_MAX)
    refuse('E_REPLAY', 'this signed request has been used before');
}

/**
 * The organisation in which the credential is enrolled; of several, the one the challenge names. Only its state can
 * say yes, so it does not matter that this much is taken from an unverified text.
 */
function stateFor(ctx: Context, assertion: Assertion): State {
  const named = claimedChallenge(assertion)?.o;
  const states = ctx.organisations.statesWith(assertion.credId);
  const state =
    states.find((each) => each.org === named) ??
    states[0] ??
    (named === undefined ? undefined : ctx.organisations.state(named));
  if (state !== undefined) return state;
  return refuse(
    'E_CREDENTIAL_UNKNOWN',
    'credential is not known to this signer; if it was enrolled by a code, ask an admin to confirm it',
  );
}

const effects: readonly string[] = [
  'governance',
  'createKey',
  'importKey',
  'exportKey',
  'sign',
  'derive',
  'archive',
  'delegate',
  'wallet',
];

function consented(o: {
  state: State;
  request: SignedRequest;
  assertion: Assertion;
  checked: {
    userId: string;
    name: string;
    effect: string;
    params: Readonly<Record<string, string>>;
    body: Readonly<Record<string, unknown>>;
    challenge: ChallengeRecord;
    nullifier: Uint8Array;
  };
}): ConsentedAct {
  const { userId, name, effect, params, body, challenge, nullifier } = o.checked;
  if (!effects.includes(effect))
    refuse('E_USER_ACTION_PATH', 'the path does not name an operation that signers act on');
  const { method, path, payload } = o.request;
  return {
    org: o.state.org,
    userId,
    operation: name,
    effect: effect as ConsentedEffect,
    params,
    body,
    challenge,
    nullifier,
    request: { method, path, payload },
    assertion: o.assertion,
    state: o.state,
  };
}
