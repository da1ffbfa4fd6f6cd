/** Whether the caller may: the same question, asked of the same state, as every signer will ask. */
import { missingPermission } from '@holdfast/authority/reduce';
import { refuse } from '@holdfast/contract/errors';
import type { PermissionName } from '@holdfast/contract/permissions';
import type { Context } from '../context.ts';
import type { Principal } from '../pipeline/types.ts';
import { stateOf } from './state.ts';

export async function authorize(ctx: Context, principal: Principal, needs: readonly PermissionName[]): Promise<void> {
  const { userKind, userId, tokenKind, tokenId } = principal;
  const actor = { userId, tokenId: tokenKind === 'Pat' ? tokenId : undefined };
  const missing = missingPermission(await stateOf(ctx, principal.orgId, principal.orgHead), actor, needs);
  if (missing === undefined) return;
  refuse('E_FORBIDDEN', `${userKind} ${userId} is not authorized to perform operation (${missing})`, {
    operation: missing,
  });
}
