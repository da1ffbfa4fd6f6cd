/** Logins: a challenge, a signed challenge for a token, and the end of it (auth.md §6). */
import type { State } from '@holdfast/authority/reduce';
import { refuse } from '@holdfast/contract/errors';
import { type Executor, inTransaction } from '@holdfast/storage/database';
import {
  type CredentialRow,
  endAccessToken,
  endAccessTokens,
  findOrganisation,
  findUser,
  findUserByUsername,
  insertAccessToken,
  listCredentials,
  type UserRow,
  useChallenge,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { stateOf } from '../governance/state.ts';
import { ssoClientOf } from '../identity/clients.ts';
import type { Principal } from '../pipeline/types.ts';
import { authenticationChallenge, makeChallenge, openChallenge } from './challenges.ts';
import { checkCode, mailCode } from './codes.ts';
import { decoyCredential, decoyUserId } from './decoys.ts';
import { type Factors, proveFactors } from './factors.ts';
import { isoDate, randomId } from './ids.ts';
import { hashToken, issueToken } from './tokens.ts';

/** A working day: a login reads, every write is signed anew. */
const LOGIN_MS = 8 * 3_600_000;

/**
 * POST /auth/login/init. Without a user name the passkey says who it is; with the name of nobody the answer is that of
 * somebody (decoys.ts). Whether a user is active is told after the proof.
 */
export async function createLoginChallenge(
  ctx: Context,
  body: { readonly orgId: string; readonly username?: string | undefined; readonly loginCode?: string | undefined },
  appId: string | undefined,
) {
  const organisation = await findOrganisation(ctx.db.kysely, body.orgId);
  if (organisation === undefined) refuse('E_USER_NOT_FOUND');
  const { id: orgId } = organisation;
  const { userId, credentials } = await candidate(ctx, orgId, body.username);
  // Protected keys are given out to whoever has the code that was mailed, and to nobody else.
  const hasCode = body.loginCode !== undefined && body.loginCode !== '';
  if (hasCode) await spendLoginCode(ctx, { orgId, username: body.username ?? '', loginCode: body.loginCode });
  const challenge = await makeChallenge(ctx, {
    use: 'Login',
    organisation,
    userId,
    tokenId: null,
    request: { method: 'POST', path: '/auth/login', query: null, payload: '' },
  });
  const active = credentials.filter((row) => row.isActive);
  return authenticationChallenge(ctx, challenge, {
    organisation,
    credentials: active.filter((row) => hasCode || row.kind !== 'PasswordProtectedKey'),
    appId,
    hasCodes: hasCode && active.some((row) => row.kind === 'Totp'),
    forLogin: true,
  });
}

/** POST /auth/login/code: the same answer whether or not there is such a user, or one who has protected keys. */
export async function sendLoginCode(
  ctx: Context,
  body: { readonly orgId: string; readonly username: string },
): Promise<{ message: string }> {
  await mailCode(ctx, 'login', { ...body, user: await holderOfProtectedKeys(ctx, body) });
  return { message: 'success' };
}

/** POST /auth/login. */
export async function login(
  ctx: Context,
  body: Factors & { readonly challengeIdentifier: string },
  appId: string | undefined,
): Promise<{ token: string } | { ssoClientId: string }> {
  const row = await openChallenge(ctx, body.challengeIdentifier, { use: 'Login' });
  const organisation = await findOrganisation(ctx.db.kysely, row.orgId);
  if (organisation === undefined) refuse('E_CHALLENGE_TOKEN');
  const { id: challengeId, challenge, userId } = row;
  const proven = await proveFactors(ctx, body, { organisation, appId, challenge, userId });
  const user = await findUser(ctx.db.kysely, row.orgId, proven.userId);
  if (user === undefined) refuse('E_USER_NOT_FOUND');
  if (!user.isActive) refuse('E_USER_INACTIVE');
  // Asked for again after the client was taken out of the settings, a user logs in as before.
  const ssoClientId = user.isSsoRequired ? ssoClientOf(ctx, organisation.id) : undefined;
  if (ssoClientId !== undefined) {
    return inTransaction(ctx.db, async (tx) => {
      if (!(await useChallenge(tx, challengeId))) refuse('E_CHALLENGE_USED');
      await proven.spend(tx);
      return { ssoClientId };
    });
  }
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

/** Whom the challenge is for, and with which credentials; nobody in particular where no name is given. */
async function candidate(
  ctx: Context,
  orgId: string,
  username: string | undefined,
): Promise<{ userId: string; credentials: readonly CredentialRow[] }> {
  if (username === undefined) return { userId: '', credentials: [] };
  const user = await findUserByUsername(ctx.db.kysely, orgId, username);
  const userId = user?.id ?? decoyUserId(ctx, orgId, username);
  const credentials = await listCredentials(ctx.db.kysely, orgId, userId);
  return { userId, credentials: user === undefined ? [decoyCredential(ctx, orgId, userId)] : credentials };
}

async function holderOfProtectedKeys(
  ctx: Context,
  { orgId, username }: { readonly orgId: string; readonly username: string },
): Promise<UserRow | undefined> {
  const user = await findUserByUsername(ctx.db.kysely, orgId, username);
  const rows = await listCredentials(ctx.db.kysely, orgId, user?.id ?? decoyUserId(ctx, orgId, username));
  const hasOne = rows.some((row) => row.isActive && row.kind === 'PasswordProtectedKey');
  return user?.isActive === true && hasOne ? user : undefined;
}

async function spendLoginCode(
  ctx: Context,
  o: { readonly orgId: string; readonly username: string; readonly loginCode: string | undefined },
): Promise<void> {
  await checkCode(ctx, 'login', { ...o, user: await holderOfProtectedKeys(ctx, o) }, o.loginCode ?? '');
}
