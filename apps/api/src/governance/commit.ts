/** The last steps of every entry: acknowledgements verified, rows written in one transaction, signers told. */

import { AuthorityError } from '@holdfast/authority/errors';
import { type EntryAfterGenesis, encodeEntry, QUORUM, verifyAcks } from '@holdfast/authority/log';
import type { State } from '@holdfast/authority/reduce';
import type { Ack } from '@holdfast/authority/types';
import { nodeVerify } from '@holdfast/authority/verify-node';
import { refuse, statusOf, WalletError } from '@holdfast/contract/errors';
import { type Executor, inTransaction } from '@holdfast/storage/database';
import { advanceOrganisation, insertEntry } from '@holdfast/storage/records';
import { isoDate } from '../auth/ids.ts';
import type { Context } from '../context.ts';
import type { GovernOutcome } from '../signers/types.ts';
import { project } from './project.ts';
import { encodeState } from './state.ts';

export interface Step {
  readonly before: State;
  readonly after: State;
  readonly entry: EntryAfterGenesis;
  /** base64url of 32 bytes. */
  readonly nullifier: string;
  readonly acks: readonly Ack[];
}

/** Writes entry, state and rows together, with `also` in the same transaction; then tells the signers. */
export async function commitStep<T>(ctx: Context, step: Step, also: (tx: Executor) => Promise<T>): Promise<T> {
  const { before, after, entry, nullifier, acks } = step;
  const now = isoDate(ctx.env.now());
  const result = await inTransaction(ctx.db, async (tx) => {
    const { height, head, org } = after;
    const moved = await advanceOrganisation(tx, org, { height, head, prev: before.head, state: encodeState(after) });
    if (!moved) refuse('E_STALE_HEAD');
    await insertEntry(tx, { orgId: org, height, head, entry: encodeEntry(entry), nullifier, acks, dateCreated: now });
    await project(tx, before, after, { entry, now });
    return also(tx);
  });
  ctx.env.point('governance.written');
  await tellSigners(ctx, after.org, acks);
  return result;
}

/**
 * A signer that is not told now is told later, with the entries it missed: what is in the database with three
 * acknowledgements is committed, whoever has heard of it.
 */
export async function tellSigners(ctx: Context, org: string, acks: readonly Ack[]): Promise<void> {
  try {
    await ctx.signers.commit(org, acks);
  } catch (error) {
    ctx.log('governance.commit-not-told', { org, reason: (error as Error).message });
  }
}

/** What became of an entry that was shown to the signers. */
export type Verdict =
  | { readonly t: 'acknowledged'; readonly acks: Ack[] }
  /** Too many signers said no for three to say yes: the entry will not be. */
  | { readonly t: 'refused'; readonly error: WalletError; readonly voters: readonly number[] }
  /** Some have not answered: it may have three acknowledgements already. */
  | { readonly t: 'unknown'; readonly error: WalletError };

/** `asked` signers were shown the entry, now or before; every acknowledgement is verified for this very head. */
export function judge(
  ctx: Pick<Context, 'signers'>,
  outcome: GovernOutcome,
  at: Pick<State, 'org' | 'height' | 'head'>,
  asked: number,
): Verdict {
  const acks = validAcks(ctx, outcome.acks, at);
  if (acks.length >= QUORUM) return { t: 'acknowledged', acks };
  const firm = outcome.refusals.filter(({ code }) => statusOf(code) < 500);
  if (asked - firm.length < QUORUM) {
    return { t: 'refused', error: refusalOf(firm), voters: acks.map(({ index }) => index) };
  }
  const details = { needed: QUORUM, reached: acks.length };
  const message = `${acks.length} of ${QUORUM} needed signers acknowledged the change; whether it was made is not known yet`;
  return { t: 'unknown', error: new WalletError('E_CLUSTER_TIMEOUT', message, { details }) };
}

/** The refusal that most signers gave. */
function refusalOf(refusals: GovernOutcome['refusals']): WalletError {
  const count = (code: string) => refusals.filter((each) => each.code === code).length;
  const [first] = [...refusals].sort((a, b) => count(b.code) - count(a.code));
  if (first === undefined) return new WalletError('E_CLUSTER_DISAGREES');
  const refusedBy = refusals.filter(({ code }) => code === first.code).map(({ index }) => index);
  return new WalletError(first.code, first.message, { details: { refusedBy } });
}

/** The acknowledgements of this very head, one per signer, each verified. */
function validAcks(
  ctx: Pick<Context, 'signers'>,
  acks: readonly Ack[],
  at: Pick<State, 'org' | 'height' | 'head'>,
): Ack[] {
  const { identityKeys } = ctx.signers;
  const { org, height, head } = at;
  return acks.filter((ack, k) => {
    if (acks.findIndex((other) => other.index === ack.index) !== k) return false;
    try {
      verifyAcks({ acks: [ack], org, height, head, identityKeys, verify: nodeVerify, quorum: 1 });
      return true;
    } catch (error) {
      // One that does not verify is left out; the caller counts what is left.
      if (error instanceof AuthorityError) return false;
      throw error;
    }
  });
}
