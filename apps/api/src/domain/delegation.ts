/**
 * Keys of end users (docs/specs/delegation.md): what signers would refuse is refused here first, with a sentence of its own;
 * they look again.
 */
import { canSign } from '@holdfast/authority/reduce';
import { refuse } from '@holdfast/contract/errors';
import { fullName } from '@holdfast/contract/operations';
import { findUser, type KeyRow } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { stateOf } from '../governance/state.ts';
import type { Principal } from '../pipeline/types.ts';
import { type ActCall, carryOut } from './acts.ts';
import { writeKeyDelegated } from './wallets.ts';

export async function delegate(
  ctx: Context,
  call: ActCall,
  o: {
    readonly key: KeyRow;
    readonly to: { readonly delegateTo?: string | undefined; readonly userId?: string | undefined };
  },
): Promise<void> {
  const { key } = o;
  const { delegateTo, userId } = o.to;
  const to = delegateTo ?? userId;
  if (to === undefined || (delegateTo !== undefined && userId !== undefined))
    return refuse('E_BODY', 'body.delegateTo must be the id of a user', { path: 'body.delegateTo' });
  // Asked again by whoever did not hear the answer: it is so already.
  if (key.ownerId === to) return;
  if (key.ownerId !== null) refuse('E_DELEGATED', `key is delegated to ${key.ownerId}`);
  if (key.isExported) refuse('E_KEY_EXPORTED');
  if (key.status !== 'Active') refuse('E_KEY_INACTIVE');
  await requireEndUser(ctx, key.orgId, to);
  await carryOut(ctx, call, async () => {
    const marks = await ctx.signers.delegate(call.grant, { org: key.orgId, recordId: key.id });
    ctx.env.point(`${fullName(call.operation)}.made`);
    await writeKeyDelegated(ctx, call, { key, ownerId: to, marks });
  });
}

/** Whose a new key will be: an end user's own, or the one's that the request names; null is the organisation's. */
export async function ownerOfNew(
  ctx: Context,
  principal: Pick<Principal, 'orgId' | 'userId'>,
  delegateTo: string | undefined,
): Promise<string | null> {
  const user = await findUser(ctx.db.kysely, principal.orgId, principal.userId);
  return user?.kind === 'EndUser' ? user.id : (delegateTo ?? null);
}

/** What a request for a new key says of its owner, before anything is asked of anybody. */
export async function checkDelegation(
  ctx: Context,
  principal: Principal,
  body: {
    readonly delegateTo?: string | undefined;
    readonly delayDelegation?: boolean | undefined;
    readonly masterKey?: boolean | undefined;
  },
): Promise<void> {
  const { delegateTo, delayDelegation = false, masterKey = false } = body;
  if (delegateTo !== undefined && delayDelegation)
    refuse('E_DELEGATION', 'give delegateTo or delayDelegation, not both');
  if (principal.userKind === 'EndUser') {
    const isOwn = (delegateTo === undefined || delegateTo === principal.userId) && !delayDelegation;
    if (!isOwn) refuse('E_DELEGATION', 'an end user owns what it makes');
    return;
  }
  if (delayDelegation && masterKey) refuse('E_DELEGATION', 'a master key is delegated at once or never');
  if (delegateTo !== undefined) await requireEndUser(ctx, principal.orgId, delegateTo);
}

/** An active end user with a credential that signers know. Another organisation's is as unknown as one that never was. */
async function requireEndUser(ctx: Context, orgId: string, userId: string): Promise<void> {
  const state = await stateOf(ctx, orgId);
  const user = state.users.get(userId) ?? refuse('E_NOT_FOUND', 'user not found');
  if (user.kind !== 'EndUser') refuse('E_DELEGATION', 'keys are delegated to end users only');
  if (!user.active || !canSign(state, userId))
    refuse('E_DELEGATION', 'the end user is not active or has no confirmed credential yet');
}
