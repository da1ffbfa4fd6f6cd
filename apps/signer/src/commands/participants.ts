/** Who takes part in a run: the api proposes, this signer holds it to what the protocol needs. */

import { type Parties, THRESHOLD } from '../cluster-view/index.ts';
import { check } from '../refusal/index.ts';
import type { Context } from './context.ts';

/** `needed` distinct signers of the roster, this one among them, the others connected to it. */
export function checkParticipants(ctx: Context, participants: readonly number[], needed: number): void {
  const { roster, index } = ctx.cluster;
  const distinct =
    new Set(participants).size === participants.length &&
    participants.every((p) => roster.signers.some((s) => s.index === p));
  check(distinct && participants.length === needed, 'E_COMMAND', `this run has exactly ${needed} participants`);
  check(participants.includes(index), 'E_COMMAND', 'this signer is not among the participants');
  const online = ctx.peers.online();
  const gone = participants.filter((p) => p !== index && !online.includes(p));
  check(gone.length === 0, 'E_PEER_GONE', `signer ${gone.join(', ')} is not connected`, { missing: gone.join(',') });
}

/**
 * Three or more distinct signers of the roster, this one among them, and enough of them connected: for a run that goes on
 * when some of them fall silent.
 */
export function checkQuorum(ctx: Context, participants: readonly number[]): void {
  const { roster, index } = ctx.cluster;
  const distinct =
    new Set(participants).size === participants.length &&
    participants.every((p) => roster.signers.some((s) => s.index === p));
  check(distinct && participants.length >= THRESHOLD, 'E_COMMAND', `this run has at least ${THRESHOLD} participants`);
  check(participants.includes(index), 'E_COMMAND', 'this signer is not among the participants');
  const online = ctx.peers.online();
  const gone = participants.filter((p) => p !== index && !online.includes(p));
  check(participants.length - gone.length >= THRESHOLD, 'E_PEER_GONE', `signer ${gone.join(', ')} is not connected`, {
    missing: gone.join(','),
  });
}

/** The participants as parties of a key: by their evaluation points (rulings 20). */
export function partiesOf(
  ctx: Context,
  o: { points: readonly { signerId: Uint8Array; index: number }[]; participants: readonly number[] },
): Parties {
  const pairs = o.participants.map((rosterIndex) => {
    const signer = ctx.cluster.roster.signers.find((s) => s.index === rosterIndex);
    const point = o.points.find((p) => signer !== undefined && Buffer.compare(p.signerId, signer.signerId) === 0);
    check(point !== undefined, 'E_COMMAND', `signer ${rosterIndex} holds no share of this key`);
    return [point.index, rosterIndex] as const;
  });
  return new Map(pairs.sort(([a], [b]) => a - b));
}
