/**
 * Votes that were given to an entry which can never have three acknowledgements. Three signers that do not hold it
 * promise never to acknowledge it; shown that, those that hold it are free again (docs/specs/authority-log.md §6).
 * Every caller holds the chain and has no proposal on its way but the one it names.
 */
import { QUORUM } from '@holdfast/authority/log';
import type { Disregard } from '@holdfast/authority/types';
import { findOrganisation, setSpentVotes } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import type { HeadAt, SignerHead } from '../signers/types.ts';
import { stateOf } from './state.ts';

/**
 * Frees what can be freed now and notes who still waits. `keep` is the head of a proposal that may yet get its
 * acknowledgements. Answers the signers that were freed.
 */
export async function freeVotes(ctx: Context, orgId: string, o: { readonly keep?: string } = {}): Promise<number[]> {
  const { height } = await stateOf(ctx, orgId);
  const heads = await ctx.signers.heads(orgId);
  const answering = heads.map(({ index }) => index);
  const disregards = await disregardSilent(ctx, { org: orgId, height: height + 1 }, heads);
  const silent = new Set(disregards.map(({ about }) => about));
  const freed: number[] = [];
  const waiting: number[] = [];
  for (const [head, all] of heldAt(heads, height + 1)) {
    if (head === o.keep) continue;
    const at = { org: orgId, height: height + 1, head };
    // What a silent one holds, from before it was restored, counts nothing either.
    const holders = all.filter((each) => !silent.has(each));
    const released = await freeHolders(ctx, at, {
      holders,
      others: answering.filter((each) => !holders.includes(each) && !silent.has(each)),
      disregards,
    });
    freed.push(...released);
    waiting.push(...holders.filter((each) => !released.includes(each)));
  }
  const before = (await findOrganisation(ctx.db.kysely, orgId))?.spentVotes ?? [];
  // Of a signer that does not answer, what was known before still holds.
  const spent = [...waiting, ...before.filter((index) => !answering.includes(index))].sort((a, b) => a - b);
  if (spent.join() !== before.join()) await setSpentVotes(ctx.db.kysely, orgId, height, spent);
  if (freed.length > 0) ctx.log('governance.votes-freed', { org: orgId, height: height + 1, freed, waiting });
  return freed;
}

/** The same for a caller whose own errand does not depend on it: tried again before the next change. */
export async function tryToFreeVotes(ctx: Context, orgId: string): Promise<void> {
  await freeVotes(ctx, orgId).catch((error: Error) => {
    ctx.log('governance.votes-not-freed', { org: orgId, reason: error.message });
  });
}

/** Acknowledged and not committed at this height: head to holders. */
function heldAt(heads: readonly SignerHead[], height: number): Map<string, number[]> {
  const held = new Map<string, number[]>();
  for (const { index, tail } of heads) {
    if (tail?.height === height) held.set(tail.head, [...(held.get(tail.head) ?? []), index]);
  }
  return held;
}

async function freeHolders(
  ctx: Context,
  at: HeadAt,
  o: {
    readonly holders: readonly number[];
    readonly others: readonly number[];
    readonly disregards: readonly Disregard[];
  },
): Promise<readonly number[]> {
  const { holders, others, disregards } = o;
  const needed = QUORUM - new Set(disregards.map(({ about }) => about)).size;
  // Fewer than three others: it may have its certificate, here or in a reply that was lost.
  if (holders.length === 0 || others.length < needed) return [];
  const withdrawals = await ctx.signers.withdraw(at, others);
  return withdrawals.length < needed ? [] : ctx.signers.release(at, { withdrawals, disregards }, holders);
}

/**
 * Signers that were restored and do not know what they acknowledged at this height, of which no entry is committed: all
 * five say that it counts nothing (docs/specs/authority-log.md §7). It takes all five: one that is away may have committed
 * an entry with such an acknowledgement.
 */
async function disregardSilent(
  ctx: Context,
  { org, height }: { readonly org: string; readonly height: number },
  heads: readonly SignerHead[],
): Promise<readonly Disregard[]> {
  const isBelow = heads.every((each) => each.height === height - 1);
  if (!isBelow || heads.length < ctx.signers.identityKeys.length) return [];
  const given: Disregard[] = [];
  for (const { index, silent } of heads) {
    if (silent === undefined || silent < height) continue;
    const five = await ctx.signers.disregard({ org, height, about: index });
    given.push(...(five ?? []));
    ctx.log('governance.forgotten-votes', { org, height, signer: index, isSettled: five !== undefined });
  }
  return given;
}
