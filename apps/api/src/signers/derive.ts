/**
 * Derivation: everybody who is there takes part, and three of them suffice. An output counts when three signers give the
 * same one: at most two of five lie, so one of the three is honest, and an honest signer gives only the right one.
 */
import type { WalletError } from '@holdfast/contract/errors';
import { fromHex } from '@holdfast/contract/wire';
import type { UserActionGrant } from '../pipeline/types.ts';
import { epochNow } from './epochs.ts';
import { failureOf, isPassing, refusalsOf, resultsOf } from './outcomes.ts';
import { requireThree, THRESHOLD } from './participants.ts';
import type { ActOrder, Room } from './room.ts';
import type { Outcome } from './types.ts';

const ATTEMPTS_MAX = 2;
/** Signers end a run after 3 s. */
const ATTEMPT_MS_MAX = 4_000;

export async function derive(
  room: Room,
  grant: UserActionGrant,
  key?: { readonly id: string; readonly epoch: string },
): Promise<Uint8Array> {
  let failure: WalletError | undefined;
  let keyEpoch = key?.epoch;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const participants = requireThree(room.link.online());
    // A run nonce of its own, hence an execution id and proofs of its own; the output is the same.
    const outcomes = await attemptOnce(
      room,
      room.act(grant, { participants, ...(keyEpoch === undefined ? {} : { keyEpoch }) }),
      participants,
    );
    const output = agreed(outcomes);
    if (output !== undefined) return fromHex(output, { bytes: 32 });
    failure = failureOf(outcomes);
    room.env.log('derive.attempt', { attempt, participants, code: failure.code });
    if (isFinal(outcomes)) break;
    keyEpoch = await epochNow(room, { key, keyEpoch, outcomes });
  }
  throw failure ?? new TypeError('no attempt was made');
}

/** Ends with the third equal output, or when everybody has answered. */
function attemptOnce(room: Room, order: ActOrder, participants: readonly number[]): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    const outcomes: Outcome[] = [];
    for (const answer of room.ask.each(order, participants, ATTEMPT_MS_MAX)) {
      answer
        .then((outcome) => {
          outcomes.push(outcome);
          if (outcomes.length === participants.length || agreed(outcomes) !== undefined) resolve([...outcomes]);
        })
        .catch(reject);
    }
  });
}

function agreed(outcomes: readonly Outcome[]): string | undefined {
  const outputs = resultsOf('output', outcomes).map(({ result }) => result.output);
  return outputs.find((output) => outputs.filter((other) => other === output).length >= THRESHOLD);
}

/** Three refusals of the request itself, with one code: at most two of them can be lying. */
function isFinal(outcomes: readonly Outcome[]): boolean {
  const firm = refusalsOf(outcomes).filter(({ refusal }) => !isPassing(refusal.code));
  return firm.some(({ refusal }) => firm.filter((each) => each.refusal.code === refusal.code).length >= THRESHOLD);
}
