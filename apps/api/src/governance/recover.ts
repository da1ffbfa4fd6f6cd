/**
 * What a crash, or silence of the signers, left in the middle: an entry that was noted and perhaps accepted. It is
 * shown to the signers again. Those that accepted it acknowledge it again, so three acknowledgements finish it as if
 * nothing had happened; an entry that can never get them gives way to the next one (rulings 2).
 */
import type { EntryAfterGenesis } from '@holdfast/authority/log';
import { apply } from '@holdfast/authority/reduce';
import type { Ack, FreshToken } from '@holdfast/authority/types';
import { parseStrictJson } from '@holdfast/contract/wire';
import { findOrganisation, listEntries, listOrganisations } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { commitStep, judge, tellSigners } from './commit.ts';
import { freeVotes, tryToFreeVotes } from './free-votes.ts';
import { drop, holdingChain } from './govern.ts';
import { depsOf, stateOf } from './state.ts';

/** Settles what is unfinished in one organisation. */
export function settleProposal(ctx: Context, orgId: string): Promise<void> {
  return holdingChain(ctx, orgId, () => settleHeld(ctx, orgId));
}

/** The same, for a caller that holds the chain. Throws while it is not known what became of the entry. */
export async function settleHeld(ctx: Context, orgId: string): Promise<void> {
  const proposal = (await findOrganisation(ctx.db.kysely, orgId))?.proposal;
  if (proposal === null || proposal === undefined) return;
  const before = await stateOf(ctx, orgId);
  const entry = parseStrictJson(proposal.entry, { name: 'entry' }) as unknown as EntryAfterGenesis;
  const after = apply(before, entry, depsOf(ctx));
  const { request, assertion } = entry;
  const shown = { request, assertion, tokens: proposal.tokens as FreshToken[] };
  // Signers that are away now may have taken the entry before the crash, so all five count as asked.
  const verdict = judge(ctx, await ctx.signers.govern(orgId, shown), after, ctx.signers.identityKeys.length);
  if (verdict.t === 'acknowledged') {
    const step = { before, after, entry, nullifier: proposal.nullifier, acks: verdict.acks };
    await commitStep(ctx, step, async () => undefined);
    ctx.log('governance.recovered', { org: orgId, height: proposal.height });
    return;
  }
  // Given up only when three signers have refused it for good: with two left it can never have three
  // acknowledgements. Until then whoever is away may hold one, and a second entry of that height might get no three.
  if (verdict.t === 'unknown') throw verdict.error;
  await drop(ctx, after, verdict);
  ctx.log('governance.dropped', { org: orgId, height: proposal.height, reason: verdict.error.code });
}

/**
 * At the start of the api, once three signers are there: finishes what is unfinished, and repeats the last commit of
 * every organisation in case the signers were not told.
 */
export async function recoverGovernance(ctx: Context): Promise<void> {
  for (const { id, height, hasProposal, hasSpentVotes } of await listOrganisations(ctx.db.kysely)) {
    const [last] = await listEntries(ctx.db.kysely, id, height, 1);
    if (last !== undefined) await tellSigners(ctx, id, last.acks as Ack[]);
    if (hasSpentVotes && !hasProposal) await holdingChain(ctx, id, () => tryToFreeVotes(ctx, id));
    if (!hasProposal) continue;
    await settleProposal(ctx, id).catch((error: Error) => {
      // Tried again at the next change of this organisation, which waits for it.
      ctx.log('governance.not-recovered', { org: id, reason: error.message });
    });
  }
}

/**
 * A signer that was restored uses nothing of an organisation as long as it does not know what it acknowledged there. Where
 * no entry is on its way that would pass that, nobody has to wait for the next change: its votes are settled now.
 */
export function keepVotesKnown(ctx: Context): () => void {
  const running = new Set<string>();
  return ctx.signers.onSilent((orgId) => {
    if (running.has(orgId)) return;
    running.add(orgId);
    holdingChain(ctx, orgId, async () => {
      await settleHeld(ctx, orgId);
      await freeVotes(ctx, orgId);
    })
      .catch((error: Error) => {
        // The signer goes on saying that it waits, and each time this is tried again.
        ctx.log('governance.votes-not-known', { org: orgId, reason: error.message });
      })
      .finally(() => running.delete(orgId));
  });
}
