/** One attempt at a request for signatures: the first answer that verifies wins, whoever gives it. */
import type { RawSignature } from '@holdfast/chains/families';
import type { RawSignature as SentSignature } from '@holdfast/cluster/commands';
import { fromHex, WireError } from '@holdfast/contract/wire';
import type { Room } from './room.ts';
import type { Outcome } from './types.ts';

export interface Attempt {
  readonly participants: readonly number[];
  readonly signatures?: readonly RawSignature[];
  readonly outcomes: readonly Outcome[];
  /** Who was lost, refused, or answered what does not verify. */
  readonly blamed: readonly number[];
}

export interface Collector {
  readonly attempt: Promise<Attempt>;
  /** One signer's answer, in any order. */
  take(outcome: Outcome): void;
  fail(error: unknown): void;
}

/** After the first failure the others' refusals, if they have any, are already on their way. */
const GRACE_MS = 300;

/** Ends at the first verified answer; after a first failure it waits only for what must be under way already. */
export function collect(
  room: Pick<Room, 'env'>,
  o: {
    readonly participants: readonly number[];
    readonly verifies: (signatures: readonly RawSignature[]) => boolean;
  },
): Collector {
  const { participants } = o;
  const outcomes: Outcome[] = [];
  const blamed: number[] = [];
  let resolve: (attempt: Attempt) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const attempt = new Promise<Attempt>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  let cancelGrace: (() => void) | undefined;
  let over = false;
  const end = (how: Attempt) => {
    over = true;
    cancelGrace?.();
    resolve(how);
  };
  const giveUp = () => end({ participants, outcomes, blamed });
  return {
    attempt,
    take(outcome) {
      // Every participant sends the same signature; verifying it again would cost more than making it did.
      if (over) return;
      const signatures = signaturesIn(outcome);
      if (signatures && o.verifies(signatures)) return end({ participants, signatures, outcomes, blamed });
      outcomes.push(outcome);
      blamed.push(outcome.index);
      if (signatures) room.env.log('sign.invalid', { signer: outcome.index });
      if (outcomes.length === participants.length) giveUp();
      else cancelGrace ??= room.env.setTimer(GRACE_MS, giveUp);
    },
    fail(error) {
      over = true;
      cancelGrace?.();
      reject(error);
    },
  };
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
