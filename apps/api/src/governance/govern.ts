/**
 * Every change of authority goes this way: reducer here first, then the signers, then the database, in that order.
 * docs/specs/api-database.md says what a crash between two of the steps leaves and how it is settled.
 */

import { type EntryAfterGenesis, encodeEntry, QUORUM } from '@holdfast/authority/log';
import { apply, type State } from '@holdfast/authority/reduce';
import type { Ack } from '@holdfast/authority/types';
import { refuse } from '@holdfast/contract/errors';
import { toBase64Url } from '@holdfast/contract/wire';
import { type Executor, inTransaction } from '@holdfast/storage/database';
import { dropProposal, findOrganisation, proposeEntry } from '@holdfast/storage/records';
import { isoDate } from '../auth/ids.ts';
import type { Context } from '../context.ts';
import type { UserActionGrant } from '../pipeline/types.ts';
import { tooFew } from '../signers/participants.ts';
import { commitStep, judge, type Verdict } from './commit.ts';
import { freeVotes, tryToFreeVotes } from './free-votes.ts';
import { settleHeld } from './recover.ts';
import { depsOf, stateOf } from './state.ts';

export interface Governed<T> {
  readonly before: State;
  readonly after: State;
  /** Roster indices of the signers that hold the change. */
  readonly acknowledgedBy: number[];
  readonly result: T;
}

/** One entry takes the signers well under a second; this many callers' worth of waiting is a queue, not a wait. */
const LOCK_WAIT_MS_MAX = 20_000;

/** Runs `work` while nobody else changes the authority of this organisation. */
export function holdingChain<T>(ctx: Context, orgId: string, work: () => Promise<T>): Promise<T> {
  return ctx.db.locks.hold(`authority/${orgId}`, LOCK_WAIT_MS_MAX, work);
}

/**
 * Makes a signed request an entry of the organisation's chain. `precheck` sees the state it would lead to before any
 * signer does; `also` writes what only the api keeps, in the transaction of the entry.
 */
export function govern<T = undefined>(
  ctx: Context,
  orgId: string,
  grant: UserActionGrant,
  o: {
    precheck?: (after: State, before: State) => Promise<void>;
    also?: (tx: Executor, after: State) => Promise<T>;
  } = {},
): Promise<Governed<T>> {
  return holdingChain(ctx, orgId, async () => {
    await settleHeld(ctx, orgId);
    const before = await stateOf(ctx, orgId);
    const entry: EntryAfterGenesis = {
      v: 1,
      org: orgId,
      height: before.height + 1,
      prev: before.head,
      request: grant.request,
      assertion: grant.assertion,
    };
    const after = apply(before, entry, depsOf(ctx));
    await o.precheck?.(after, before);
    await needVotes(ctx, orgId);
    await propose(ctx, entry, after, grant);
    const acks = await acknowledged(ctx, grant, after);
    ctx.env.point('governance.acknowledged');
    const nullifier = toBase64Url(grant.nullifier);
    const step = { before, after, entry, nullifier, acks };
    const result = await commitStep(ctx, step, async (tx) => (await o.also?.(tx, after)) as T);
    return { before, after, acknowledgedBy: acks.map(({ index }) => index).sort((a, b) => a - b), result };
  });
}

/** Said before anything is noted anywhere: a change that cannot be acknowledged now leaves no trace. */
export function needSigners(ctx: Pick<Context, 'signers'>): void {
  const online = ctx.signers.online().length;
  if (online < QUORUM) throw tooFew(online);
}

/**
 * A signer acknowledges one entry of a height at a time. Those that hold one that was given up are freed if that is
 * possible now; asking fewer than three others would spend their votes as well, for nothing.
 */
async function needVotes(ctx: Context, orgId: string): Promise<void> {
  needSigners(ctx);
  if ((await spentVotes(ctx, orgId)).length === 0) return;
  await tryToFreeVotes(ctx, orgId);
  const spent = await spentVotes(ctx, orgId);
  const free = ctx.signers.online().filter((index) => !spent.includes(index));
  if (free.length < QUORUM) {
    const message = `signers ${spent.join(', ')} wait for a change that was given up; ${free.length} others available, ${QUORUM} needed`;
    refuse('E_SIGNERS_UNAVAILABLE', message, { needed: QUORUM, reached: free.length, waiting: spent });
  }
}

async function spentVotes(ctx: Context, orgId: string): Promise<readonly number[]> {
  return (await findOrganisation(ctx.db.kysely, orgId))?.spentVotes ?? [];
}

/** The entry is in the database before a signer sees it, so that no crash can leave signers ahead of it. */
async function propose(ctx: Context, entry: EntryAfterGenesis, after: State, grant: UserActionGrant): Promise<void> {
  const noted = await proposeEntry(ctx.db.kysely, after.org, {
    height: after.height,
    head: after.head,
    entry: encodeEntry(entry),
    tokens: grant.tokens,
    nullifier: toBase64Url(grant.nullifier),
    dateCreated: isoDate(ctx.env.now()),
  });
  if (!noted) refuse('E_STALE_HEAD');
  ctx.env.point('governance.proposed');
}

/** A change that fails over votes held elsewhere is shown once more when these could be freed. */
async function acknowledged(ctx: Context, grant: UserActionGrant, after: State): Promise<Ack[]> {
  const first = await show(ctx, grant, after);
  const isWorthAgain = first.t === 'refused' && (await freeVotes(ctx, after.org, { keep: after.head })).length > 0;
  const verdict = isWorthAgain ? await show(ctx, grant, after) : first;
  if (verdict.t === 'acknowledged') return verdict.acks;
  // A refusal is an answer: the entry will not be. Silence is none: the proposal stays until it is settled.
  if (verdict.t === 'refused') await drop(ctx, after, verdict);
  throw verdict.error;
}

async function show(ctx: Context, grant: UserActionGrant, after: State): Promise<Verdict> {
  const asked = ctx.signers.online().length;
  const { request, assertion, tokens } = grant;
  return judge(ctx, await ctx.signers.govern(after.org, { request, assertion, tokens }), after, asked);
}

/** The entry will not be: it is forgotten here, and who acknowledged it is freed as far as that is possible now. */
export async function drop(
  ctx: Context,
  after: Pick<State, 'org' | 'head'>,
  verdict: { readonly voters: readonly number[] },
) {
  await inTransaction(ctx.db, (tx) => dropProposal(tx, after.org, after.head, verdict.voters));
  if (verdict.voters.length > 0) await tryToFreeVotes(ctx, after.org);
}
