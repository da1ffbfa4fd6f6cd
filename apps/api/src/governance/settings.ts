/** What an organisation has switched on. */
import { refuse } from '@holdfast/contract/errors';
import type { Context } from '../context.ts';
import type { Principal, UserActionGrant } from '../pipeline/types.ts';
import { govern } from './govern.ts';
import { stateOf } from './state.ts';

export async function getOrgSettings(ctx: Context, principal: Principal, orgId: string) {
  // Another organisation's id answers like one that does not exist.
  if (orgId !== principal.orgId) refuse('E_NOT_FOUND', 'organisation not found');
  return (await stateOf(ctx, orgId)).settings;
}

export async function updateOrgSettings(
  ctx: Context,
  { principal, grant }: { readonly principal: Principal; readonly grant: UserActionGrant },
  orgId: string,
) {
  if (orgId !== principal.orgId) refuse('E_NOT_FOUND', 'organisation not found');
  const { after, acknowledgedBy } = await govern(ctx, orgId, grant);
  return { ...after.settings, acknowledgedBy };
}
