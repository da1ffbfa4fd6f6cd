/**
 * Signing: a request is tried until an answer verifies. With FROST a signer that fails is left out of the next attempt,
 * which has a run nonce of its own and hence new nonces everywhere (rulings 18); ECDSA needs all five (rulings 22).
 */
import type { RawSignature } from '@holdfast/chains/families';
import type { GroupProtocol } from '@holdfast/cluster/commands';
import { refuse, type WalletError } from '@holdfast/contract/errors';
import type { UserActionGrant } from '../pipeline/types.ts';
import { failureOf, isPassing, refusalsOf } from './outcomes.ts';
import { chooseThree, requireAll, THRESHOLD } from './participants.ts';
import type { Room } from './room.ts';
import type { Seating, SignQueue } from './sign-queue.ts';
import type { Outcome, SignOrder } from './types.ts';

const ATTEMPTS_MAX = 3;
const SESSION_MS_MAX = 4_000;

export async function sign(
  room: Room,
  queue: SignQueue,
  grant: UserActionGrant,
  o: SignOrder,
): Promise<readonly RawSignature[]> {
  const { protocol, org, items, verifies } = o;
  const avoid = signersWithoutToken(room, grant);
  let failure: WalletError | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const run = await queue.attempt(protocol, { org, grant, items, avoid, verifies });
    if (run.signatures) return run.signatures;

    failure = failureOf(run.outcomes);
    room.env.log('sign.attempt', { attempt, participants: run.participants, code: failure.code });
    if (isFinal(run.outcomes, protocol)) throw failure;
    for (const index of run.blamed) avoid.add(index);
  }
  throw failure ?? new TypeError('no attempt was made');
}

/** Who takes part in a run of this protocol. */
export function seatingOf(room: Room, protocol: GroupProtocol): Seating {
  if (!isEcdsa(protocol))
    return async (avoid) => ({ participants: chooseThree(room.link.online(), { avoid, env: room.env }) });
  return async () => {
    const participants = requireAll(room.link.online());
    return { participants, session: await sessionOf(room) };
  };
}

const isEcdsa = (protocol: GroupProtocol): boolean => protocol.startsWith('ecdsa-h/');

/** Those whose token the challenge does not hold would refuse it as stale: they come last. */
function signersWithoutToken(room: Room, grant: UserActionGrant): Set<number> {
  const named = new Set(grant.tokens.map(([index]) => index));
  return new Set(room.roster.signers.map(({ index }) => index).filter((index) => !named.has(index)));
}

async function sessionOf(room: Room): Promise<string> {
  const session = room.session() ?? (await room.awaitSession(SESSION_MS_MAX));
  return session ?? refuse('E_CLUSTER_BUSY', 'the five signers are still preparing for ECDSA signatures; try again');
}

/**
 * Three signers that refuse the request with one code leave no doubt: at most two can be lying. Where all five are
 * needed, one that refuses it is enough.
 */
function isFinal(outcomes: readonly Outcome[], protocol: GroupProtocol): boolean {
  const firm = refusalsOf(outcomes).filter(({ refusal }) => !isPassing(refusal.code));
  if (isEcdsa(protocol)) return firm.length > 0;
  const count = (code: string) => firm.filter(({ refusal }) => refusal.code === code).length;
  return firm.some(({ refusal }) => count(refusal.code) >= THRESHOLD);
}
