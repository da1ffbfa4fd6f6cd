/** Logins and registrations by what an identity provider says (auth.md §5, §6): they read, and never count at signers. */
import { createHash } from 'node:crypto';
import { refuse } from '@holdfast/contract/errors';
import { toBase64Url } from '@holdfast/contract/wire';
import { type Executor, inTransaction } from '@holdfast/storage/database';
import {
  findExternalIdentity,
  findOrganisation,
  findUser,
  findUserByUsername,
  insertSsoState,
  linkExternalIdentity,
  spendNonce,
  takeSsoState,
  type UserRow,
} from '@holdfast/storage/records';
import { isoDate } from '../auth/ids.ts';
import { registrationChallenge } from '../auth/registration.ts';
import { bindingOf, openSession } from '../auth/sessions.ts';
import type { Context } from '../context.ts';
import { stateOf } from '../governance/state.ts';
import { claimedProvider, type Identity } from './oidc.ts';
import type { IdentityProvider } from './providers.ts';

interface SocialBody {
  readonly orgId?: string | undefined;
  readonly idToken: string;
}

const STATE_BYTES = 32;
const STATE_MS = 10 * 60_000;

/** POST /auth/login/social. */
export async function socialLogin(
  ctx: Context,
  body: SocialBody,
  appId: string | undefined,
): Promise<{ token: string }> {
  const identity = await socialIdentity(ctx, body);
  const row = await findExternalIdentity(ctx.db.kysely, identity.provider.orgId, of(identity));
  if (row === undefined) refuse('E_USER_NOT_FOUND');
  return enter(ctx, { userId: row.userId, identity, appId, also: (tx) => spendToken(tx, identity, body.idToken) });
}

/**
 * POST /auth/registration/social: the token stands for the code that would have been mailed to the same address. The user
 * exists already, made by somebody whom signers know; a provider makes nobody.
 */
export async function createSocialRegistrationChallenge(ctx: Context, body: SocialBody, appId: string | undefined) {
  const identity = await socialIdentity(ctx, body);
  const { orgId } = identity.provider;
  const organisation = await findOrganisation(ctx.db.kysely, orgId);
  const user = await userOfEmail(ctx, identity);
  if (organisation === undefined || user?.isActive !== true || user.isRegistered) refuse('E_USER_NOT_FOUND');
  await inTransaction(ctx.db, async (tx) => {
    await spendToken(tx, identity, body.idToken);
    await link(ctx, tx, identity, user);
  });
  return registrationChallenge(ctx, { organisation, user, appId });
}

/** POST /auth/login/sso/init. */
export async function ssoLoginInit(
  ctx: Context,
  body: { readonly orgId: string; readonly clientId: string; readonly redirectUri: string },
): Promise<{ ssoRedirectUrl: string }> {
  const provider = ctx.identity
    .providers()
    .find((one) => one.orgId === body.orgId && one.clientId === body.clientId && one.uses.includes('sso'));
  if (provider === undefined) refuse('E_SSO_CLIENT');
  if (!provider.redirectUris.includes(body.redirectUri)) refuse('E_SSO_CLIENT', 'redirectUri is not configured');
  const [state, nonce, verifier] = [1, 2, 3].map(() => toBase64Url(ctx.env.random(STATE_BYTES))) as [
    string,
    string,
    string,
  ];
  const url = new URL(await ctx.identity.authorizationEndpoint(provider));
  const now = ctx.env.now();
  const row = {
    hash: hashOf(state),
    orgId: provider.orgId,
    issuer: provider.issuer,
    clientId: provider.clientId,
    redirectUri: body.redirectUri,
    nonce,
    verifier,
    dateExpires: isoDate(now + STATE_MS),
  };
  await insertSsoState(ctx.db.kysely, row, isoDate(now));
  const members = {
    response_type: 'code',
    client_id: provider.clientId,
    redirect_uri: body.redirectUri,
    scope: 'openid email',
    state,
    nonce,
    // RFC 7636: a code that is stolen on its way is worth nothing without the verifier, which stays here.
    code_challenge: hashOf(verifier),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(members)) url.searchParams.set(name, value);
  return { ssoRedirectUrl: url.toString() };
}

/** POST /auth/login/sso. */
export async function ssoLogin(
  ctx: Context,
  body: { readonly code: string; readonly state: string },
  appId: string | undefined,
): Promise<{ token: string }> {
  const row = await takeSsoState(ctx.db.kysely, hashOf(body.state), isoDate(ctx.env.now()));
  const provider = ctx.identity
    .providers()
    .find((one) => one.orgId === row?.orgId && one.issuer === row.issuer && one.clientId === row.clientId);
  if (row === undefined || provider === undefined) refuse('E_SSO_STATE');
  const { redirectUri, verifier, nonce } = row;
  const idToken = await ctx.identity.redeem(provider, { code: body.code, redirectUri, verifier });
  const identity = await ctx.identity.verify(provider, idToken, { nonce });
  const linked = await findExternalIdentity(ctx.db.kysely, provider.orgId, of(identity));
  const user = linked === undefined ? await userOfEmail(ctx, identity) : undefined;
  const userId = linked?.userId ?? user?.id ?? refuse('E_USER_NOT_FOUND');
  return enter(ctx, {
    userId,
    identity,
    appId,
    also: async (tx) => {
      if (user !== undefined) await link(ctx, tx, identity, user);
    },
  });
}

async function socialIdentity(ctx: Context, { orgId, idToken }: SocialBody): Promise<Identity> {
  const providers = ctx.identity.providers().filter((one) => one.uses.includes('social'));
  const provider: IdentityProvider | undefined = claimedProvider(idToken, providers);
  if (provider === undefined || (orgId !== undefined && provider.orgId !== orgId)) return refuse('E_ID_TOKEN');
  return ctx.identity.verify(provider, idToken);
}

async function enter(
  ctx: Context,
  o: {
    readonly userId: string;
    readonly identity: Identity;
    readonly appId: string | undefined;
    also(tx: Executor): Promise<void>;
  },
): Promise<{ token: string }> {
  const { orgId } = o.identity.provider;
  const user = await findUser(ctx.db.kysely, orgId, o.userId);
  if (user?.isRegistered !== true) refuse('E_USER_NOT_FOUND');
  if (!user.isActive) refuse('E_USER_INACTIVE');
  if (user.isSsoRequired && !o.identity.provider.uses.includes('sso'))
    refuse('E_FORBIDDEN', 'this user logs in by single sign-on');
  const boundTo = bindingOf(await stateOf(ctx, orgId), o.appId);
  return inTransaction(ctx.db, async (tx) => {
    await o.also(tx);
    return { token: await openSession(ctx, tx, user, boundTo) };
  });
}

async function userOfEmail(ctx: Context, { email, provider }: Identity): Promise<UserRow | undefined> {
  return email === undefined ? undefined : findUserByUsername(ctx.db.kysely, provider.orgId, email);
}

const of = ({ provider, subject }: Identity) => ({ issuer: provider.issuer, subject });

/**
 * One user for each subject of a provider and one subject for each user, for good: an address can pass to somebody else, a
 * subject does not.
 */
async function link(ctx: Context, tx: Executor, identity: Identity, user: UserRow): Promise<void> {
  const dateCreated = isoDate(ctx.env.now());
  const linked = await linkExternalIdentity(tx, {
    orgId: user.orgId,
    ...of(identity),
    userId: user.id,
    dateCreated,
  });
  // As whoever comes with an address that is nobody's.
  if (linked === undefined) refuse('E_USER_NOT_FOUND');
  if (linked.userId !== user.id) refuse('E_ID_TOKEN');
}

/** A token that was sent here has been seen by whoever carried it: it enters once. */
async function spendToken(tx: Executor, { provider, expiresAt }: Identity, idToken: string): Promise<void> {
  const isNew = await spendNonce(tx, {
    owner: `${provider.orgId}/oidc`,
    nonce: hashOf(idToken.split('.').slice(0, 2).join('.')),
    dateExpires: isoDate(expiresAt + STATE_MS),
  });
  if (!isNew) refuse('E_ID_TOKEN');
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');
