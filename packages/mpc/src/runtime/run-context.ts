/** What every run demands of its frame, whatever the protocol: refused before anything is sent. */
import { refuse } from './guards.ts';
import type { RunContext } from './types.ts';

export const partiesMax = 32;

export function requireRun(ctx: RunContext): void {
  if (ctx.execId.length !== 32) refuse('E_EXEC_ID', 'An execution id has 32 bytes.');
  // A constant session id voids every freshness argument; a real product once shipped with zeros.
  if (ctx.execId.every((byte) => byte === 0)) refuse('E_EXEC_ID', 'An execution id must not be zero.');
  if (ctx.parties.length < 2 || ctx.parties.length > partiesMax) refuse('E_PARTIES', 'A run has 2 to 32 parties.');
  // Evaluation points: never 0, which is where the secret lies, and never twice the same (attack row 16).
  if (!ctx.parties.every((p) => Number.isSafeInteger(p) && p >= 1 && p <= 0xffff))
    refuse('E_PARTIES', 'A party index is an integer of 1 to 65535.');
  if (!ctx.parties.every((p, k) => k === 0 || p > (ctx.parties[k - 1] ?? p)))
    refuse('E_PARTIES', 'Parties must be sorted and distinct.');
  if (!ctx.parties.includes(ctx.self)) refuse('E_PARTIES', 'This signer is not a party of the run.');
}
