/**
 * The votes of one signer at one height of one chain, and nothing else: no clock, no disk, no signatures. A signer
 * acknowledges one head at a time and none twice; what it promised never to acknowledge it never acknowledges. Why two
 * heads of one height are then never both certified: docs/specs/authority-log.md §6.
 */
import { refuse } from '../errors/index.ts';
import type { Base64Url } from '../types/index.ts';

export interface Votes {
  /** Head of the entry this signer acknowledged and holds. */
  readonly held: Base64Url | undefined;
  /** Heads never to be acknowledged (again): promised without having been acknowledged, or acknowledged and let go. */
  readonly never: ReadonlyMap<Base64Url, 'withdrawn' | 'released'>;
  /** It does not know what it acknowledged here before it was restored, and says nothing more at this height. */
  readonly isSilent?: boolean;
}

/** A height at which nothing has been asked yet. */
export const NO_VOTES: Votes = { held: undefined, never: new Map() };

/**
 * Promises of one height. An honest api needs at most three for an attempt that failed; whoever asks for more wants to
 * fill the disk.
 */
export const WITHDRAWALS_MAX = 256;

/** The votes after an acknowledgement of `head`; the same votes where it is held already. */
export function acknowledge(votes: Votes, head: Base64Url): Votes {
  if (votes.isSilent === true) refuse('E_WITHDRAWN', 'this signer has no vote for this change; sign again');
  if (votes.held === head) return votes;
  if (votes.never.has(head)) refuse('E_WITHDRAWN', 'this signer gave up its vote for that change; sign again');
  if (votes.held !== undefined) refuse('E_STALE_HEAD', 'another change waits for its acknowledgements; try again');
  return { ...votes, held: head };
}

/** The votes after the promise never to acknowledge `head`; refused where that has happened. */
export function withdraw(votes: Votes, head: Base64Url): Votes {
  const known = votes.never.get(head);
  if (known === 'withdrawn') return votes;
  if (votes.isSilent === true)
    refuse('E_ACKNOWLEDGED', 'this signer may have acknowledged that change before it was restored');
  if (votes.held === head || known === 'released')
    refuse('E_ACKNOWLEDGED', 'this signer has acknowledged that change and cannot promise otherwise');
  if (votes.never.size >= WITHDRAWALS_MAX)
    refuse('E_CLUSTER_BUSY', `this signer has given ${WITHDRAWALS_MAX} promises at this height`);
  return { ...votes, never: new Map(votes.never).set(head, 'withdrawn') };
}

/** The votes after letting go of `head`, which three others promised never to acknowledge; the same where it is not held. */
export function release(votes: Votes, head: Base64Url): Votes {
  if (votes.held !== head) return votes;
  return { ...votes, held: undefined, never: new Map(votes.never).set(head, 'released') };
}
