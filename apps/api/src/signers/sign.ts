/**
 * Signing: the first answer that verifies wins. With FROST a signer that fails is left out of the next attempt, which
 * has a run nonce of its own and hence new nonces everywhere (rulings 18); ECDSA needs all five (rulings 22).
 */
import type { RawSignature } from '@holdfast/chains/families';
import type { RawSignature as SentSignature } from '@holdfast/cluster/commands';
import { refuse, type WalletError } from '@holdfast/contract/errors';
import { fromHex, WireError } from '@holdfast/contract/wire';
import type { UserActionGrant } from '../pipeline/types.ts';
import { failureOf, isPassing, refusalsOf } from './outcomes.ts';
import { chooseThree, requireAll, THRESHOLD } from './participants.ts';
import type { ActOrder, Room } from './room.ts';
import type { Outcome, Signers } from './types.ts';

type SignOrder = Parameters<Signers['sign']>[1];

const ATTEMPTS_MAX = 3;
/** Signers end a run after 4 s. */
const ATTEMPT_MS_MAX = 5_000;
/** After the first failure the others' refusals, if they have any, are already on their way. */
const GRACE_MS = 300;
const SESSION_MS_MAX = 4_000;

export async function sign(room: Room, grant: UserActionGrant, o: SignOrder): Promise<readonly RawSignature[]> {
  const avoid = signersWithoutToken(room, grant);
  let failure: WalletError | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const participants =
      o.engine === 'frost' ? chooseThree(room.link.online(), { avoid, env: room.env }) : requireAll(room.link.online());
    const session = o.engine === 'frost' ? undefined : await sessionOf(room);
    const order = room.act(grant, { participants, ...(session === undefined ? {} : { session }) });
    const run = await attemptOnce(room, order, { participants, verifies: o.verifies });
    if (run.signatures) return run.signatures;

    failure = failureOf(run.outcomes);
    room.env.log('sign.attempt', { attempt, participants, code: failure.code });
    if (isFinal(run.outcomes, o.engine)) throw failure;
    for (const index of run.blamed) avoid.add(index);
  }
  throw failure ?? new TypeError('no attempt was made');
}

/** Those whose token the challenge does not hold would refuse it as stale: they come last. */
function signersWithoutToken(room: Room, grant: UserActionGrant): Set<number> {
  const named = new Set(grant.tokens.map(([index]) => index));
  return new Set(room.roster.signers.map(({ index }) => index).filter((index) => !named.has(index)));
}

async function sessionOf(room: Room): Promise<string> {
  const session = room.session() ?? (await room.awaitSession(SESSION_MS_MAX));
  return session ?? refuse('E_CLUSTER_BUSY', 'the five signers are still preparing for ECDSA signatures; try again');
}

interface Attempt {
  readonly signatures?: readonly RawSignature[];
  readonly outcomes: readonly Outcome[];
  /** Who was lost, refused, or answered what does not verify. */
  readonly blamed: readonly number[];
}

/** Ends at the first verified answer; after a first failure it waits only for what must be under way already. */
function attemptOnce(
  room: Room,
  order: ActOrder,
  o: { readonly participants: readonly number[]; readonly verifies: SignOrder['verifies'] },
): Promise<Attempt> {
  return new Promise((resolve, reject) => {
    const outcomes: Outcome[] = [];
    const blamed: number[] = [];
    let cancelGrace: (() => void) | undefined;
    let over = false;
    const end = (attempt: Attempt) => {
      over = true;
      cancelGrace?.();
      resolve(attempt);
    };
    const giveUp = () => end({ outcomes, blamed });
    const take = (outcome: Outcome) => {
      // Every participant sends the same signature; verifying it again would cost more than making it did.
      if (over) return;
      const signatures = signaturesIn(outcome);
      if (signatures && o.verifies(signatures)) return end({ signatures, outcomes, blamed });
      outcomes.push(outcome);
      blamed.push(outcome.index);
      if (signatures) room.env.log('sign.invalid', { signer: outcome.index });
      if (outcomes.length === o.participants.length) giveUp();
      else cancelGrace ??= room.env.setTimer(GRACE_MS, giveUp);
    };
    for (const answer of room.ask.each(order, o.participants, ATTEMPT_MS_MAX)) answer.then(take).catch(reject);
  });
}

function signaturesIn(outcome: Outcome): readonly RawSignature[] | undefined {
  if (!('reply' in outcome) || !outcome.reply.ok || outcome.reply.result.t !== 'signatures') return undefined;
  try {
    return outcome.reply.result.signatures.map(readSignature);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function readSignature({ signature, recid }: SentSignature): RawSignature {
  return { signature: fromHex(signature, { bytes: 64 }), ...(recid === undefined ? {} : { recid }) };
}

/**
 * Three signers that refuse the request with one code leave no doubt: at most two can be lying. Where all five are
 * needed, one that refuses it is enough.
 */
function isFinal(outcomes: readonly Outcome[], engine: SignOrder['engine']): boolean {
  const firm = refusalsOf(outcomes).filter(({ refusal }) => !isPassing(refusal.code));
  if (engine === 'honest-majority') return firm.length > 0;
  const count = (code: string) => firm.filter(({ refusal }) => refusal.code === code).length;
  return firm.some(({ refusal }) => count(refusal.code) >= THRESHOLD);
}
