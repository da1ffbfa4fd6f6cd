/** Logins: a challenge, a signed challenge for a token, and the end of it (auth.md §6). */
import type { State } from '@holdfast/authority/reduce';
import { refuse } from '@holdfast/contract/errors';
import { type Executor, inTransaction } from '@holdfast/storage/database';
import {
  endAccessToken,
  endAccessTokens,
  findOrganisation,
  findUser,
  findUserByUsername,
  insertAccessToken,
  listCredentials,
  type OrganisationRow,
  type UserRow,
  useChallenge,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { stateOf } from '../governance/state.ts';
import type { Principal } from '../pipeline/types.ts';
import { authenticationChallenge, makeChallenge, openChallenge } from './challenges.ts';
import { type Factors, proveFactors } from './factors.ts';
import { isoDate, randomId } from './ids.ts';
import { hashToken, issueToken } from './tokens.ts';

/** A working day: a login reads, every write is signed anew. */
const LOGIN_MS = 8 * 3_600_000;

/** POST /auth/login/init. Without a user name the passkey says who it is. */
export async function createLoginChallenge(
  ctx: Context,
  body: { readonly orgId: string; readonly username?: string | undefined },
  appId: string | undefined,
) {
  const organisation = await findOrganisation(ctx.db.kysely, body.orgId);
  if (organisation === undefined) refuse('E_USER_NOT_FOUND');
  const user = body.username === undefined ? undefined : await loginUser(ctx, organisation, body.username);
  const credentials = user === undefined ? [] : await listCredentials(ctx.db.kysely, organisation.id, user.id);
  const challenge = await makeChallenge(ctx, {
    use: 'Login',
    organisation,
    userId: user?.id ?? '',
    tokenId: null,
    request: { method: 'POST', path: '/auth/login', query: null, payload: '' },
  });
  return authenticationChallenge(ctx, challenge, {
    organisation,
    // Protected keys are given out to whoever has the code that was mailed, and to nobody else.
    credentials: credentials.filter((row) => row.isActive && row.kind !== 'PasswordProtectedKey'),
    appId,
    hasCodes: false,
    forLogin: true,
  });
}

/** POST /auth/login. */
export async function login(
  ctx: Context,
  body: Factors & { readonly challengeIdentifier: string },
  appId: string | undefined,
): Promise<{ token: string }> {
  const row = await openChallenge(ctx, body.challengeIdentifier, { use: 'Login' });
  const organisation = await findOrganisation(ctx.db.kysely, row.orgId);
  if (organisation === undefined) refuse('E_CHALLENGE_TOKEN');
  const { id: challengeId, challenge, userId } = row;
  const proven = await proveFactors(ctx, body, { organisation, appId, challenge, userId });
  const user = await findUser(ctx.db.kysely, row.orgId, proven.userId);
  if (user === undefined) refuse('E_USER_NOT_FOUND');
  if (!user.isActive) refuse('E_USER_INACTIVE');
  const boundTo = bindingOf(await stateOf(ctx, organisation.id), appId);
  return inTransaction(ctx.db, async (tx) => {
    if (!(await useChallenge(tx, challengeId))) refuse('E_CHALLENGE_USED');
    await proven.spend(tx);
    return { token: await openSession(ctx, tx, user, boundTo) };
  });
}

/** PUT /auth/logout. Long-lived tokens have no session to end. */
export async function logout(
  ctx: Context,
  principal: Principal,
  body: { readonly allSessions?: boolean | undefined },
): Promise<{ message: string }> {
  if (principal.tokenKind !== 'Token') refuse('E_UNSUPPORTED', 'this token is not a login; deactivate it instead');
  await endAccessToken(ctx.db.kysely, principal.tokenId);
  if (body.allSessions === true) await endAccessTokens(ctx.db.kysely, principal.userId, 'Token');
  return { message: 'success' };
}

/** A new login token of a user, and its row. */
export async function openSession(
  ctx: Context,
  tx: Executor,
  user: Pick<UserRow, 'id' | 'orgId'>,
  /** The server-signed application that the login is bound to. */
  boundTo: string | null = null,
): Promise<string> {
  const now = ctx.env.now();
  const id = randomId(ctx, 'to');
  const claims = { id, orgId: user.orgId, userId: user.id, kind: 'Token' } as const;
  const token = await issueToken(ctx, 'bearer', claims, now + LOGIN_MS);
  await insertAccessToken(tx, {
    id,
    orgId: user.orgId,
    userId: user.id,
    kind: 'Token',
    name: 'login',
    hash: hashToken(token),
    credentialId: null,
    appId: boundTo,
    isActive: true,
    dateExpires: isoDate(now + LOGIN_MS),
    dateCreated: isoDate(now),
  });
  return token;
}

/** A login through a server-signed application serves that application alone; others stand for themselves. */
export function bindingOf(state: State, appId: string | undefined): string | null {
  return appId !== undefined && state.apps.get(appId)?.kind === 'ServerSideApplication' ? appId : null;
}

async function loginUser(ctx: Context, organisation: OrganisationRow, username: string): Promise<UserRow> {
  const user = await findUserByUsername(ctx.db.kysely, organisation.id, username);
  if (user === undefined) refuse('E_USER_NOT_FOUND');
  if (!user.isActive) refuse('E_USER_INACTIVE');
  return user;
}
