/**
 * What a user signed and the signers are asked to do, noted before the first command leaves: a crash leaves a trace,
 * and a signer that was away can be shown the evidence later.
 */
import { refuse, statusOf, type WalletError } from '@holdfast/contract/errors';
import { fullName, type Operation } from '@holdfast/contract/operations';
import { toBase64Url } from '@holdfast/contract/wire';
import type { Executor } from '@holdfast/storage/database';
import { finishAct, type NewAct, startAct } from '@holdfast/storage/records';
import { type Context, timestamp } from '../context.ts';
import { toWalletError } from '../pipeline/errors.ts';
import type { Principal, UserActionGrant } from '../pipeline/types.ts';
import { openActs } from './open-acts.ts';

export interface ActCall {
  readonly operation: Operation;
  readonly principal: Principal;
  readonly grant: UserActionGrant;
}

/** What its results are written with: all that is left of an act whose process has ended. */
export interface ActRef {
  readonly operation: Operation;
  readonly principal: Pick<Principal, 'orgId' | 'userId'>;
  readonly grant: Pick<UserActionGrant, 'nullifier'>;
}

/** Notes the act; to be called in the same transaction as whatever else is written before the first command. */
export async function beginAct(ctx: Context, tx: Executor, call: ActCall): Promise<void> {
  if (!(await startAct(tx, newAct(ctx, call)))) refuse('E_USER_ACTION_USED');
}

/** The act as it is noted. */
export function newAct(ctx: Context, { operation, principal, grant }: ActCall): NewAct {
  return {
    nullifier: toBase64Url(grant.nullifier),
    orgId: principal.orgId,
    userId: principal.userId,
    tokenId: principal.tokenId,
    operation: fullName(operation),
    method: grant.request.method,
    path: grant.request.path,
    payload: grant.request.payload,
    assertion: grant.assertion,
    dateCreated: timestamp(ctx),
  };
}

/** Ends the act well; belongs into the transaction that writes its result. */
export async function completeAct(ctx: Context, tx: Executor, call: ActRef, recordId: string): Promise<void> {
  const dateResolved = timestamp(ctx);
  await finishAct(tx, toBase64Url(call.grant.nullifier), { status: 'Done', recordId, dateResolved });
}

export async function failAct(ctx: Context, tx: Executor, call: ActRef, error: unknown): Promise<WalletError> {
  const refused = toWalletError(error);
  const dateResolved = timestamp(ctx);
  await finishAct(tx, toBase64Url(call.grant.nullifier), { status: 'Failed', reason: refused.code, dateResolved });
  return refused;
}

/**
 * Begins the act, lets the signers work, and on a refusal ends it with the reason. `work` itself completes the act, in
 * the transaction that makes its result visible. An end that says nothing about what the signers did (silence, a run
 * that broke off, a database that failed) leaves the act open: what it made is asked for later.
 */
export async function carryOut<T>(ctx: Context, call: ActCall, work: () => Promise<T>): Promise<T> {
  await beginAct(ctx, ctx.db.kysely, call);
  ctx.env.point(`${fullName(call.operation)}.begun`);
  try {
    return await work();
  } catch (error) {
    if (isKnown(toWalletError(error))) await failAct(ctx, ctx.db.kysely, call, error);
    else openActs(ctx).add(toBase64Url(call.grant.nullifier), call.principal.orgId);
    throw error;
  }
}

/** Refused by the caller's fault, or never sent: nothing was made, or three signers say that nothing is to be. */
const isKnown = ({ code }: WalletError): boolean => statusOf(code) < 500 || code === 'E_SIGNERS_UNAVAILABLE';
