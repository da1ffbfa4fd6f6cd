/** Logins: a challenge, a signed challenge for a token, and the end of it (auth.md §6). */
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
import type { Principal } from '../pipeline/types.ts';
import { countUse, type Factor, verifyFactor } from './assertions.ts';
import { authenticationChallenge, makeChallenge, openChallenge } from './challenges.ts';
import { isoDate, randomId } from './ids.ts';
import { hashToken, issueToken } from './tokens.ts';
import { refuseSecondFactor } from './user-actions.ts';

/** A working day: a login reads, every write is signed anew. */
const LOGIN_MS = 8 * 3_600_000;

/** POST /auth/login/init. Without a user name the passkey says who it is. */
export async function createLoginChallenge(
  ctx: Context,
  body: { readonly orgId: string; readonly username?: string | undefined },
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
  return authenticationChallenge(
    challenge,
    organisation,
    credentials.filter((row) => row.isActive),
  );
}

/** POST /auth/login. */
export async function login(
  ctx: Context,
  body: {
    readonly challengeIdentifier: string;
    readonly firstFactor: Factor;
    readonly secondFactor?: Factor | undefined;
  },
): Promise<{ token: string }> {
  refuseSecondFactor(body.secondFactor);
  const row = await openChallenge(ctx, body.challengeIdentifier, { use: 'Login' });
  const organisation = await findOrganisation(ctx.db.kysely, row.orgId);
  if (organisation === undefined) refuse('E_CHALLENGE_TOKEN');
  const factor = await verifyFactor(ctx, body.firstFactor, {
    organisation,
    challenge: row.challenge,
    userId: row.userId,
  });
  const user = await findUser(ctx.db.kysely, row.orgId, factor.credential.userId);
  if (user === undefined) refuse('E_USER_NOT_FOUND');
  if (!user.isActive) refuse('E_USER_INACTIVE');
  return inTransaction(ctx.db, async (tx) => {
    if (!(await useChallenge(tx, row.id))) refuse('E_CHALLENGE_USED');
    await countUse(ctx, tx, factor);
    return { token: await openSession(ctx, tx, user) };
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
export async function openSession(ctx: Context, tx: Executor, user: Pick<UserRow, 'id' | 'orgId'>): Promise<string> {
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
    isActive: true,
    dateExpires: isoDate(now + LOGIN_MS),
    dateCreated: isoDate(now),
  });
  return token;
}

async function loginUser(ctx: Context, organisation: OrganisationRow, username: string): Promise<UserRow> {
  const user = await findUserByUsername(ctx.db.kysely, organisation.id, username);
  if (user === undefined) refuse('E_USER_NOT_FOUND');
  if (!user.isActive) refuse('E_USER_INACTIVE');
  return user;
}
