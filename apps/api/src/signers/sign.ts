/**
 * Signing: a request is tried until an answer verifies, every time under a run nonce of its own and hence with new
 * nonces everywhere. A signer that fails is left out of the next attempt (rulings 18). ECDSA is tried by engine H once,
 * then by engine C; nothing of one attempt goes into another.
 */
import type { RawSignature } from '@holdfast/chains/families';
import type { GroupProtocol } from '@holdfast/cluster/commands';
import { refuse, WalletError } from '@holdfast/contract/errors';
import type { Attempt } from './attempts.ts';
import { accusationsIn, type Controller, culpritsOf } from './controller.ts';
import { epochNow } from './epochs.ts';
import { failureOf, isPassing, refusalsOf } from './outcomes.ts';
import { chooseThree, chooseThreeApart, pairOf, requireAll, requireThree, SIGNERS, THRESHOLD } from './participants.ts';
import type { GrantForSigners, Room } from './room.ts';
import type { Lane, Seating, SignQueue, Wish } from './sign-queue.ts';
import type { Outcome, SignOrder } from './types.ts';

const ATTEMPTS_MAX = 3;
/** Two liars can spoil so many sets of three before every accusation has told them apart. */
const C_ATTEMPTS_MAX = 4;
const SESSION_MS_MAX = 4_000;
/**
 * Signers that have just started are connected here before they are to each other: a handshake later they sign. Three rounds
 * of three attempts are within what signers take of one request, and the waits within what a client does not notice.
 */
const MEETING_MS: readonly number[] = [500, 1_000];
/** Signers that miss each other say so at once; one that was waited for in a run, 4 s or more, is silent and was met. */
const MEETING_MS_MAX = 3_500;
/** Where engine C can sign, nobody waits for five signers to make a session. */
const SESSION_MS_BESIDE_C = 300;

export interface SignParts {
  readonly queue: SignQueue;
  readonly controller: Controller;
}

export async function sign(
  room: Room,
  parts: SignParts,
  grant: GrantForSigners,
  { protocol, org, items, key, verifies, completion, originals }: SignOrder,
): Promise<readonly RawSignature[]> {
  const late = signersWithoutToken(room, grant);
  const avoid = new Set([...late, ...parts.controller.quarantined()]);
  const wish: Wish = {
    org,
    grant,
    items,
    avoid,
    verifies,
    ...(key === undefined ? {} : { keyEpoch: key.epoch }),
    ...(completion === undefined ? {} : { completion }),
    ...(originals === undefined ? {} : { originals }),
  };
  const request: Request = { ...wish, avoid, ...(key === undefined ? {} : { keyId: key.id }) };
  try {
    return await (isEcdsa(protocol)
      ? signEcdsa(room, parts, protocol, request)
      : untilSigned(room, parts, protocol, request));
  } catch (error) {
    throw isOnlyLate(late, error) ? new WalletError('E_CLUSTER_BUSY', LATE, { cause: error }) : error;
  }
}

const LATE = 'signers that are needed came after the challenge was made; sign again';

/** Refused by nobody but signers that the challenge could not name: they were not there yet, and it is no fault of the caller. */
function isOnlyLate(late: ReadonlySet<number>, error: unknown): boolean {
  if (!(error instanceof WalletError) || error.code !== 'E_CHALLENGE_STALE') return false;
  const by = error.details?.['refusedBy'];
  return Array.isArray(by) && by.length > 0 && by.every((index) => late.has(index as number));
}

/** What attempts change between them: whom to do without, and which sharing of the key to name. */
interface Request extends Wish {
  readonly avoid: Set<number>;
  readonly keyId?: string;
}

/** Refuses what cannot be signed now, before anything is written. */
export function requireSigners(
  room: Room,
  { queue, controller }: SignParts,
  o: Pick<SignOrder, 'org' | 'protocol'>,
): void {
  const online = room.link.online();
  const three = !isEcdsa(o.protocol) || (controller.engines.includes('C') && controller.isCReady());
  if (three) requireThree(online);
  else requireAll(online);
  queue.checkRoom(isEcdsa(o.protocol) ? ecdsaLane(room, controller, o.protocol) : o.protocol, o.org);
}

const ecdsaLane = (room: Room, controller: Controller, protocol: GroupProtocol): Lane =>
  mayTryH(room, controller) ? protocol : 'ecdsa-c';

const mayTryH = (room: Room, controller: Controller): boolean =>
  controller.triesH() && (room.link.online().length === SIGNERS || !controller.engines.includes('C'));

/** H once where it may do, then C. Refused by three signers with one code, a request is not tried again. */
async function signEcdsa(
  room: Room,
  parts: SignParts,
  protocol: GroupProtocol,
  wish: Request,
): Promise<readonly RawSignature[]> {
  const { queue, controller } = parts;
  let next = wish;
  if (!controller.engines.includes('C')) return untilSigned(room, parts, protocol, wish);
  if (mayTryH(room, controller)) {
    const run = await queue.attempt(protocol, wish).catch(whenUnseated);
    if (run !== undefined) {
      if (run.signatures || room.link.online().length === SIGNERS) controller.endedH(run);
      if (run.signatures) return run.signatures;
      noteFailure(room, { by: protocol, attempt: 1 }, run);
      if (refusedByThree(run.outcomes)) throw failureOf(run.outcomes);
      for (const index of run.blamed) if (isMissing(run.outcomes, index)) wish.avoid.add(index);
      next = await inStep(room, wish, run);
    }
  }
  try {
    return await untilSigned(room, parts, 'ecdsa-c', next);
  } catch (error) {
    if (error instanceof WalletError && error.code === 'E_ENGINE') throw withoutC(room);
    throw error;
  }
}

/** Until the set-up of C is there, ECDSA needs what H needs. */
function withoutC(room: Room): WalletError {
  try {
    requireAll(room.link.online());
  } catch (error) {
    if (error instanceof WalletError) return error;
    throw error;
  }
  return new WalletError(
    'E_CLUSTER_BUSY',
    'the five signers could not sign together, and engine C is not set up yet; try again',
  );
}

async function untilSigned(room: Room, parts: SignParts, lane: Lane, wish: Request): Promise<readonly RawSignature[]> {
  const begun = room.env.now();
  for (const waitMs of [...MEETING_MS, undefined]) {
    try {
      return await inAttempts(room, parts, lane, { ...wish, avoid: new Set(wish.avoid) });
    } catch (error) {
      if (room.env.now() - begun > MEETING_MS_MAX || !haveNotMet(room, error)) throw error;
      if (waitMs === undefined)
        throw new WalletError('E_CLUSTER_BUSY', 'the signers are still connecting to each other; try again', {
          cause: error,
        });
      await new Promise<void>((resolve) => void room.env.setTimer(waitMs, resolve));
    }
  }
  throw new TypeError('the last round ends in an answer');
}

/** Whether signers miss others that are connected here: nobody is gone, and nobody is at fault. */
function haveNotMet(room: Room, error: unknown): boolean {
  if (!(error instanceof WalletError) || error.code !== 'E_PEER_GONE') return false;
  const missing = error.details?.['missing'];
  if (typeof missing !== 'string' || !/^[1-5](,[1-5])*$/.test(missing)) return false;
  const online = room.link.online();
  return missing.split(',').every((index) => online.includes(Number(index)));
}

async function inAttempts(
  room: Room,
  { queue, controller }: SignParts,
  lane: Lane,
  wish: Request,
): Promise<readonly RawSignature[]> {
  let failure: WalletError | undefined;
  let next = wish;
  const apart = new Set<string>();
  const attemptsMax = lane === 'ecdsa-c' ? C_ATTEMPTS_MAX : ATTEMPTS_MAX;
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const run = await queue.attempt(lane, { ...next, apart });
    if (lane === 'ecdsa-c') controller.endedC(run);
    if (run.signatures) return run.signatures;

    failure = failureOf(run.outcomes);
    noteFailure(room, { by: lane, attempt }, run);
    if (isFinal(run.outcomes, lane)) throw failure;
    for (const { by, named } of accusationsIn(run)) for (const index of named) apart.add(pairOf(by, index));
    for (const index of whomToAvoid(lane, run)) wish.avoid.add(index);
    next = await inStep(room, next, run);
  }
  throw failure ?? new TypeError('no attempt was made');
}

/** The next attempt names the sharing that is the key's by then. */
async function inStep(room: Room, wish: Request, run: Attempt): Promise<Request> {
  const { keyId, keyEpoch } = wish;
  if (keyId === undefined) return wish;
  const epoch = await epochNow(room, { key: { id: keyId }, keyEpoch, outcomes: run.outcomes });
  return epoch === undefined ? wish : { ...wish, keyEpoch: epoch };
}

/** Who takes part in a run. */
export function seatingOf(room: Room, controller: Controller, lane: Lane): Seating {
  if (lane === 'ecdsa-c')
    return async (avoid, apart) => ({
      participants: chooseThreeApart(room.link.online(), { avoid, apart, env: room.env }),
    });
  if (!isEcdsa(lane))
    return async (avoid) => ({ participants: chooseThree(room.link.online(), { avoid, env: room.env }) });
  const sessionMsMax = controller.engines.includes('C') ? SESSION_MS_BESIDE_C : SESSION_MS_MAX;
  return async () => {
    const participants = requireAll(room.link.online());
    const { nonces } = controller;
    return { participants, session: await sessionOf(room, sessionMsMax), nonces };
  };
}

const isEcdsa = (protocol: GroupProtocol): boolean => protocol.startsWith('ecdsa-h/');

/** Those whose token the challenge does not hold would refuse it as stale: they come last. */
function signersWithoutToken(room: Room, grant: GrantForSigners): Set<number> {
  const named = new Set(grant.tokens.map(([index]) => index));
  return new Set(room.roster.signers.map(({ index }) => index).filter((index) => !named.has(index)));
}

async function sessionOf(room: Room, msMax: number): Promise<string> {
  const session = room.session() ?? (await room.awaitSession(msMax));
  return session ?? refuse('E_CLUSTER_BUSY', 'the five signers are still preparing for ECDSA signatures; try again');
}

/** H could not be tried: somebody left, or there is no session yet. A full queue is an answer. */
function whenUnseated(error: unknown): undefined {
  const unseated = error instanceof WalletError && ['E_SIGNERS_UNAVAILABLE', 'E_CLUSTER_BUSY'].includes(error.code);
  if (!unseated) throw error;
  return undefined;
}

/**
 * After C: the named where both others agree, and whoever was silent or refused; accusations beside that keep pairs apart.
 * After FROST: whoever failed. Who was merely let down by others says so and stays.
 */
function whomToAvoid(lane: Lane, run: Attempt): readonly number[] {
  if (lane !== 'ecdsa-c') return run.blamed.filter((index) => !isOutOfStep(run.outcomes, index));
  const culprits = culpritsOf(run);
  const missing = run.blamed.filter((index) => isMissing(run.outcomes, index));
  return [...culprits, ...missing];
}

/** Lost, or refused the request itself: not one that only reports that a peer was gone or misbehaved. */
function isMissing(outcomes: readonly Outcome[], index: number): boolean {
  const own = outcomes.find((each) => each.index === index);
  if (own === undefined || 'lost' in own) return own !== undefined;
  if (own.reply.ok || isOutOfStep(outcomes, index)) return false;
  return own.reply.error.code !== 'E_PEER_GONE' && (own.reply.error.culprits ?? []).length === 0;
}

/** Not at fault: it does not hold the sharing of the key that was named, or not yet. */
function isOutOfStep(outcomes: readonly Outcome[], index: number): boolean {
  return refusalsOf(outcomes).some((each) => each.index === index && each.refusal.code === 'E_EPOCH');
}

/**
 * Three signers that refuse the request with one code leave no doubt: at most two can be lying. Where all five are
 * needed, one that refuses it is enough.
 */
function isFinal(outcomes: readonly Outcome[], lane: Lane): boolean {
  if (lane !== 'ecdsa-c' && isEcdsa(lane)) return firmRefusals(outcomes).length > 0;
  return refusedByThree(outcomes);
}

function refusedByThree(outcomes: readonly Outcome[]): boolean {
  const firm = firmRefusals(outcomes);
  const count = (code: string) => firm.filter(({ refusal }) => refusal.code === code).length;
  return firm.some(({ refusal }) => count(refusal.code) >= THRESHOLD);
}

const firmRefusals = (outcomes: readonly Outcome[]) =>
  refusalsOf(outcomes).filter(({ refusal }) => !isPassing(refusal.code));

function noteFailure(
  room: Room,
  which: { readonly by: string; readonly attempt: number },
  { participants, outcomes }: Attempt,
): void {
  room.env.log('sign.attempt', { ...which, participants, code: failureOf(outcomes).code });
}
