/** Whether the caller may: the same question, asked of the same state, as every signer will ask. */
import { missingPermission, operationsOf } from '@holdfast/authority/reduce';
import { refuse } from '@holdfast/contract/errors';
import type { PermissionName } from '@holdfast/contract/permissions';
import type { Context } from '../context.ts';
import type { Principal } from '../pipeline/types.ts';
import { stateOf } from './state.ts';

export async function authorize(ctx: Context, principal: Principal, needs: readonly PermissionName[]): Promise<void> {
  const { userKind, userId, tokenKind, tokenId, appId } = principal;
  const actor = { userId, tokenId: tokenKind === 'Pat' ? tokenId : undefined };
  const state = await stateOf(ctx, principal.orgId, principal.orgHead);
  // An application that was given permissions opens those and no others, whoever calls through it (auth.md §9).
  if (appId !== undefined && state.apps.get(appId)?.restricted === true) {
    const open = operationsOf(state, appId);
    const closed = needs.find((name) => !open.has(name));
    if (closed !== undefined)
      refuse('E_FORBIDDEN', `the application is not authorized to perform operation (${closed})`, {
        operation: closed,
      });
  }
  const missing = missingPermission(state, actor, needs);
  if (missing === undefined) return;
  refuse('E_FORBIDDEN', `${userKind} ${userId} is not authorized to perform operation (${missing})`, {
    operation: missing,
  });
}
