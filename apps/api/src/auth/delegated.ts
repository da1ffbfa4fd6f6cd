/**
 * End users, who meet this platform through their organisation's own application (auth.md §5, §6): a service account
 * registers them, logs them in for reading, and tells the signers which key it saw. It can sign for none of them.
 */
import { deriveId } from '@holdfast/authority/ids';
import { refuse } from '@holdfast/contract/errors';
import { inTransaction } from '@holdfast/storage/database';
import {
  findCredential,
  findOrganisation,
  findUser,
  findUserByUsername,
  type UserRow,
  voidRegistrations,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { govern } from '../governance/govern.ts';
import { stateOf } from '../governance/state.ts';
import type { Principal, UserActionGrant } from '../pipeline/types.ts';
import { registrationChallenge } from './registration.ts';
import { bindingOf, openSession } from './sessions.ts';
import { credentialShape } from './shapes.ts';

interface Signed {
  readonly principal: Principal;
  readonly grant: UserActionGrant;
}

interface UserWish {
  readonly email: string;
  readonly kind: string;
}

/** POST /auth/registration/delegated: the user exists at the signers; the challenge goes to the user's own device. */
export async function createDelegatedRegistration(ctx: Context, { principal, grant }: Signed, body: UserWish) {
  requireServiceAccount(principal);
  requireEndUserKind(body);
  const { orgId, appId } = principal;
  await govern(ctx, orgId, grant);
  const user = await findUser(ctx.db.kysely, orgId, deriveId('us', grant.nullifier));
  return challengeFor(ctx, user ?? refuse('E_INTERNAL'), appId);
}

/** POST /auth/registration/delegated/restart: the challenge before it is void. */
export async function restartDelegatedRegistration(ctx: Context, principal: Principal, body: UserWish) {
  requireServiceAccount(principal);
  requireEndUserKind(body);
  const { orgId, appId } = principal;
  const user = await findUserByUsername(ctx.db.kysely, orgId, body.email);
  if (user?.isActive !== true || user.kind !== body.kind) refuse('E_NOT_FOUND', 'user not found');
  if (user.isRegistered) refuse('E_USER_EXISTS');
  await voidRegistrations(ctx.db.kysely, orgId, user.id);
  return challengeFor(ctx, user, appId);
}

/** POST /auth/login/delegated: what the token reads is the end user's; what changes anything the end user signs. */
export async function delegatedLogin(
  ctx: Context,
  principal: Principal,
  body: { readonly username: string },
): Promise<{ token: string }> {
  requireServiceAccount(principal);
  const { orgId, appId } = principal;
  const user = await findUserByUsername(ctx.db.kysely, orgId, body.username);
  // Of an employee it would be more than the organisation gave the service account.
  if (user?.kind !== 'EndUser') refuse('E_USER_NOT_FOUND');
  if (!user.isActive) refuse('E_USER_INACTIVE');
  const boundTo = bindingOf(await stateOf(ctx, orgId), appId);
  return { token: await inTransaction(ctx.db, (tx) => openSession(ctx, tx, user, boundTo)) };
}

/** POST /holdfast/registrations/confirm: exactly the credentials that were registered, so that a slip confirms nothing. */
export async function confirmRegistration(
  ctx: Context,
  { principal, grant }: Signed,
  body: {
    readonly userId: string;
    readonly credentials: readonly {
      readonly credentialId: string;
      readonly kind: string;
      readonly publicKey: string;
    }[];
  },
) {
  requireServiceAccount(principal);
  const { orgId } = principal;
  for (const { credentialId, kind, publicKey } of body.credentials) {
    const row = await findCredential(ctx.db.kysely, orgId, credentialId);
    const isThatOne = row?.userId === body.userId && row.kind === kind && row.publicKey === publicKey;
    if (!isThatOne) refuse('E_NOT_FOUND', 'credential not found');
    if (row.isConfirmed) refuse('E_CREDENTIAL_EXISTS');
    if (!row.isActive) refuse('E_NOT_FOUND', 'credential not found');
  }
  await govern(ctx, orgId, grant);
  const items = [];
  for (const { credentialId } of body.credentials) {
    const row = await findCredential(ctx.db.kysely, orgId, credentialId);
    items.push(credentialShape(row ?? refuse('E_INTERNAL')));
  }
  return { items };
}

async function challengeFor(ctx: Context, user: UserRow, appId: string | undefined) {
  const organisation = await findOrganisation(ctx.db.kysely, user.orgId);
  return registrationChallenge(ctx, { organisation: organisation ?? refuse('E_INTERNAL'), user, appId });
}

/** An employee's registration would hand the service account a login with all that the employee may read. */
function requireEndUserKind({ kind }: UserWish): void {
  if (kind !== 'EndUser') refuse('E_UNSUPPORTED', 'kind must be EndUser; employees register by code');
}

function requireServiceAccount({ isServiceAccount }: Principal): void {
  if (!isServiceAccount) refuse('E_FORBIDDEN', 'only a service account acts for end users');
}
