/**
 * What signers say to each other about auxiliary set-ups, outside any run (docs/specs/auxiliary.md §7). The session
 * between them says who speaks.
 */
import { utf8 } from '@holdfast/contract/wire';
import { decode, enc, f, i as item, sha256 } from '@holdfast/crypto/transcript';

/** Belongs to no run: an id of its own that no run can have. */
export const CHANNEL = sha256(utf8('holdfast/auxiliary-proposal/v1'));
/** To the proposer: what I hold, and whether I have primes for a run. */
export const STATE = 0;
/** From the proposer: somebody lacks the common set-up, make primes. */
export const WANTED = 1;
/** From the proposer: the run begins, with this nonce. */
export const PROPOSE = 2;
/** From the proposer: say your state again, it did not arrive. */
export const ASK = 3;
/** From the proposer: all hold one set-up, nothing is wanted any more. */
export const SETTLED = 4;
export const NONCE_BYTES = 32;

export interface PartyState {
  readonly epoch: Uint8Array | undefined;
  readonly isReady: boolean;
}

const TAG = 'holdfast/auxiliary-state/v1';

export function encodeState({ epoch, isReady }: PartyState): Uint8Array {
  return enc(TAG, epoch === undefined ? item.absent : item.bytes(epoch), item.uint(isReady ? 1 : 0));
}

/** Undefined for anything but a state. */
export function decodeState(body: Uint8Array): PartyState | undefined {
  try {
    const [epoch, ready] = decode(TAG, body, [f.optional(f.bytes(32)), f.uint(1)]);
    return { epoch, isReady: ready === 1 };
  } catch {
    return undefined; // Said by a faulty signer: as if it had said nothing.
  }
}
