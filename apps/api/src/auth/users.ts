/** People of an organisation (auth.md §9). */
import { deriveId } from '@holdfast/authority/ids';
import { refuse } from '@holdfast/contract/errors';
import { updateUser as changeUser, findUser, listUsers as listUserRows, type Paging } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { govern } from '../governance/govern.ts';
import { ssoClientOf } from '../identity/clients.ts';
import type { Principal, UserActionGrant } from '../pipeline/types.ts';
import { sendRegistrationCode } from './codes.ts';
import { userShape, userShapes } from './shapes.ts';

interface Signed {
  readonly principal: Principal;
  readonly grant: UserActionGrant;
}

/** POST /auth/users: the user exists at the signers; the code that registers a credential goes by mail. */
export async function createUser(
  ctx: Context,
  { principal, grant }: Signed,
  body: { readonly isSSORequired?: boolean | undefined },
) {
  const { orgId } = principal;
  const isSsoRequired = body.isSSORequired === true;
  if (isSsoRequired) needSso(ctx, orgId);
  const { acknowledgedBy } = await govern(ctx, orgId, grant);
  const user = await findUser(ctx.db.kysely, orgId, deriveId('us', grant.nullifier));
  if (user === undefined) refuse('E_INTERNAL');
  if (isSsoRequired) await changeUser(ctx.db.kysely, orgId, user.id, { isSsoRequired });
  await sendRegistrationCode(ctx, user).catch((error: Error) => {
    // The user is made; another code can be asked for.
    ctx.log('outbox.failed', { userId: user.id, reason: error.message });
  });
  return { ...(await userShape(ctx.db.kysely, { ...user, isSsoRequired })), acknowledgedBy };
}

export async function listUsers(ctx: Context, principal: Principal, o: { kind?: string | undefined; paging: Paging }) {
  const { items, ...page } = await listUserRows(ctx.db.kysely, { orgId: principal.orgId, kind: o.kind }, o.paging);
  return { items: await userShapes(ctx.db.kysely, items), ...page };
}

export async function getUser(ctx: Context, { orgId }: Principal, userId: string) {
  const user = await findUser(ctx.db.kysely, orgId, userId);
  if (user === undefined || user.isServiceAccount) refuse('E_NOT_FOUND', 'user not found');
  return userShape(ctx.db.kysely, user);
}

/** PUT /auth/users/:userId. How somebody logs in is the api's affair; the chain knows that it was asked for. */
export async function updateUser(
  ctx: Context,
  call: Signed,
  userId: string,
  body: { readonly isSSORequired: boolean },
) {
  const { orgId } = call.principal;
  const isSsoRequired = body.isSSORequired;
  if (isSsoRequired) needSso(ctx, orgId);
  const { acknowledgedBy } = await govern(ctx, orgId, call.grant, {
    also: (tx) => changeUser(tx, orgId, userId, { isSsoRequired }),
  });
  return { ...(await getUser(ctx, call.principal, userId)), acknowledgedBy };
}

/** Nobody is sent where nobody answers. */
function needSso(ctx: Context, orgId: string): void {
  if (ssoClientOf(ctx, orgId) === undefined)
    refuse('E_SSO_CLIENT', 'no single sign-on is configured for this organisation');
}

/** PUT /auth/users/:userId/activate and /deactivate, DELETE …; which of them is in the request that was signed. */
export async function setUserActive(ctx: Context, { principal, grant }: Signed, userId: string) {
  const { acknowledgedBy } = await govern(ctx, principal.orgId, grant);
  return { ...(await getUser(ctx, principal, userId)), acknowledgedBy };
}
