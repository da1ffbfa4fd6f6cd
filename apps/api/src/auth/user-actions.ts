/**
 * User actions: a user signs one request, the api trades the signature for a token, and the token opens exactly that
 * request once (auth.md §4). Messages of refusals are those of the public service.
 */
import { createHash } from 'node:crypto';
import { isSigningKind } from '@holdfast/authority/assertion';
import { freshDigest, isSignablePath, nullifier } from '@holdfast/authority/challenge';
import type { Assertion, FreshToken } from '@holdfast/authority/types';
import { refuse } from '@holdfast/contract/errors';
import { auth, effectOf, matchOperation, type Operation } from '@holdfast/contract/operations';
import { check } from '@holdfast/contract/schema';
import { equalJson, type JsonValue, parseStrictJson, WireError } from '@holdfast/contract/wire';
import { type Executor, inTransaction } from '@holdfast/storage/database';
import {
  type ChallengeRow,
  findChallenge,
  findCredential,
  findOrganisationFacts,
  listCredentials,
  type OrganisationFacts,
  signChallenge,
  spendUserAction,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { settleProposal } from '../governance/recover.ts';
import { readQuery } from '../pipeline/request.ts';
import type { Principal, ReceivedRequest, UserActionGrant } from '../pipeline/types.ts';
import { authenticationChallenge, makeChallenge, openChallenge, payloadMac } from './challenges.ts';
import { type Factors, isSecretKind, proveFactors } from './factors.ts';
import { isoDate } from './ids.ts';
import { shortFingerprint } from './shapes.ts';
import { equalSecret, issueToken, readToken } from './tokens.ts';

interface ActionWish {
  readonly userActionHttpMethod: 'POST' | 'PUT' | 'DELETE' | 'GET';
  readonly userActionHttpPath: string;
  readonly userActionPayload?: string | undefined;
}

/** POST /auth/action/init: the challenge for a request that is checked now, before anybody signs it. */
export async function createUserActionChallenge(ctx: Context, principal: Principal, wish: ActionWish) {
  const method = wish.userActionHttpMethod;
  const payload = wish.userActionPayload ?? '';
  const { path, query } = splitPath(wish.userActionHttpPath);
  const operation = isSignablePath(path) ? matchOperation(method, path)?.operation : undefined;
  if (operation?.userAction !== true) refuse('E_USER_ACTION_PATH');
  if (principal.tokenKind === 'Pat' && operation.domain === 'auth') refuse('E_PAT');
  if (query !== null) checkQuery(operation, query);
  const body = checkPayload(operation, payload);
  const organisation = await organisationOf(ctx, principal.orgId, effectOf(operation, body) === 'governance');
  const { confirmed, hasCodes } = await signingCredentials(ctx, principal);
  const tokens = ctx.signers.tokens();
  const challenge = await makeChallenge(ctx, {
    use: 'UserAction',
    organisation,
    userId: principal.userId,
    tokenId: principal.tokenId,
    request: { method, path, query, payload },
    fresh: { tokens, digest: freshDigest(tokens) },
    hidesPayload: holdsSecret(operation, body),
  });
  const { appId } = principal;
  return authenticationChallenge(ctx, challenge, { organisation, credentials: confirmed, appId, hasCodes });
}

/** POST /auth/action: the signed challenge for a single-use token. */
export async function createUserActionSignature(
  ctx: Context,
  principal: Principal,
  body: Factors & { readonly challengeIdentifier: string },
): Promise<{ userAction: string }> {
  const { orgId, userId, tokenId, credentialId, appId } = principal;
  // Signers count keys alone, whatever stands beside them.
  if (isSecretKind(body.firstFactor.kind)) refuse('E_CREDENTIAL_KIND');
  const row = await openChallenge(ctx, body.challengeIdentifier, { use: 'UserAction', orgId, userId, tokenId });
  const organisation = await organisationOf(ctx, orgId, false);
  const { challenge } = row;
  const proven = await proveFactors(ctx, body, { organisation, appId, challenge, userId, credentialId });
  const [first, second] = proven.keys;
  if (first === undefined) refuse('E_CREDENTIAL_KIND');
  for (const { credential } of proven.keys)
    if (!credential.isConfirmed) refuseUnconfirmed(userId, credential.publicKey);
  const assertion: Assertion =
    second === undefined ? first.assertion : { ...first.assertion, second: second.assertion };
  const spend = async (tx: Executor): Promise<void> => {
    if (!(await signChallenge(tx, row.id, assertion))) refuse('E_CHALLENGE_USED');
    await proven.spend(tx);
  };
  // Without a counter to raise it is one statement, which needs no transaction around it.
  if (first.signCount === undefined && body.secondFactor === undefined) await spend(ctx.db.kysely);
  else await inTransaction(ctx.db, spend);
  const claims = { id: row.id, orgId, userId, kind: 'Temp' } as const;
  return { userAction: await issueToken(ctx, 'user-action', claims, Date.parse(row.dateExpires)) };
}

/**
 * Spends the user action that came with a request and answers what was signed. Of any number of callers with one
 * token exactly one gets past; a request that does not match spends nothing.
 */
export async function consumeUserAction(
  ctx: Context,
  request: ReceivedRequest,
  principal: Principal,
): Promise<UserActionGrant> {
  const claims = request.userAction === undefined ? undefined : await readToken(ctx, 'user-action', request.userAction);
  const row = claims === undefined ? undefined : await findChallenge(ctx.db.kysely, claims.id);
  if (row === undefined || !isOf(row, principal) || Date.parse(row.dateExpires) <= ctx.env.now())
    refuse('E_USER_ACTION');
  if (row.status === 'Used') refuse('E_USER_ACTION_USED');
  if (row.status !== 'Signed') refuse('E_USER_ACTION');
  checkTarget(row, request);
  if (row.payloadMac === null) checkBody(row.payload ?? '', request.payload);
  else checkHidden(ctx, row.payloadMac, request.payload);
  if (!(await spendUserAction(ctx.db.kysely, row.id, isoDate(ctx.env.now())))) refuse('E_USER_ACTION_USED');
  ctx.env.point('user-action.spent');
  return {
    request: {
      method: row.method as UserActionGrant['request']['method'],
      path: row.path ?? '',
      payload: row.payloadMac === null ? (row.payload ?? '') : request.payload,
    },
    assertion: row.assertion as Assertion,
    tokens: (row.tokens ?? []) as FreshToken[],
    challenge: row.challenge,
    nullifier: nullifier(row.challenge),
  };
}

/** The delegated client signs path and query, the direct client the path alone (auth.md §4). */
function splitPath(text: string): { path: string; query: string | null } {
  const at = text.indexOf('?');
  return at < 0 ? { path: text, query: null } : { path: text.slice(0, at), query: text.slice(at + 1) };
}

/** The delegated client signs `?force=true` where that is documented; any other query would be refused at the call. */
function checkQuery(operation: Operation, query: string): void {
  if (operation.query === undefined) {
    refuse('E_USER_ACTION_PATH', 'userActionHttpPath must not contain a query', { path: 'body.userActionHttpPath' });
  }
  readQuery(operation, query);
}

/** Reads the payload as the request's handler will, so that nobody signs what is going to be refused. */
function checkPayload(operation: Operation, payload: string): JsonValue {
  if (payload === '' && operation.bodyOptional === true) return {};
  let body: JsonValue;
  try {
    body = parseStrictJson(payload);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return refuse('E_USER_ACTION_PAYLOAD', `userActionPayload: ${error.message}`, {
      path: 'body.userActionPayload',
      reason: error.code,
    });
  }
  const problem = operation.request === undefined ? undefined : check(operation.request, body, 'body');
  if (problem !== undefined) {
    refuse('E_USER_ACTION_PAYLOAD', `userActionPayload: ${problem.message}`, { path: 'body.userActionPayload' });
  }
  return body;
}

/** The organisation with its head; before governance, with what a crash left unfinished settled. */
async function organisationOf(ctx: Context, orgId: string, forGovernance: boolean): Promise<OrganisationFacts> {
  const row = await findOrganisationFacts(ctx.db.kysely, orgId);
  if (row === undefined) refuse('E_UNAUTHENTICATED');
  if (!forGovernance || row.proposal === null) return row;
  await settleProposal(ctx, orgId);
  return (await findOrganisationFacts(ctx.db.kysely, orgId)) ?? row;
}

/** The credentials that may sign: confirmed ones, or the one the token is bound to. */
async function signingCredentials(ctx: Context, principal: Principal) {
  const { orgId, userId, credentialId } = principal;
  const bound = credentialId === undefined ? undefined : await findCredential(ctx.db.kysely, orgId, credentialId);
  const rows = credentialId === undefined ? await listCredentials(ctx.db.kysely, orgId, userId) : bound ? [bound] : [];
  const active = rows.filter((row) => row.isActive && row.userId === userId && isSigningKind(row.kind));
  const confirmed = active.filter((row) => row.isConfirmed);
  const [unconfirmed] = active;
  if (confirmed.length === 0 && unconfirmed !== undefined) refuseUnconfirmed(principal.userId, unconfirmed.publicKey);
  if (confirmed.length === 0) refuse('E_NO_CREDENTIAL');
  return { confirmed, hasCodes: rows.some((row) => row.isActive && row.kind === 'Totp') };
}

function refuseUnconfirmed(userId: string, publicKey: string): never {
  const key = shortFingerprint(publicKey);
  return refuse('E_UNCONFIRMED', `user ${userId} is not confirmed; ask an admin to confirm key ${key}`, {
    userId,
    key,
  });
}

const isOf = (row: ChallengeRow, principal: Principal): boolean =>
  row.kind === 'UserAction' &&
  row.orgId === principal.orgId &&
  row.userId === principal.userId &&
  row.tokenId === principal.tokenId;

function checkTarget(row: ChallengeRow, request: ReceivedRequest): void {
  const sameQuery = row.query === null || row.query === request.query;
  if (row.method === request.method && row.path === request.path && sameQuery) return;
  refuse('E_USER_ACTION_TARGET', `user action was signed for ${row.method} ${row.path}`);
}

/** First byte for byte; then as JSON, because clients build the body twice. No body, an empty one and {} are equal. */
function checkBody(signed: string, received: string): void {
  if (signed === received || equalJson(readJson(signed), readJson(received))) return;
  const [expected, got] = [signed, received].map((text) =>
    createHash('sha256').update(text).digest('hex').slice(0, 16),
  );
  refuse(
    'E_USER_ACTION_BODY',
    `body does not match the signed payload (sha256 ${expected}… expected, ${got}… received)`,
  );
}

/** The same for a body that was never stored. It has no hash in the refusal either. */
function checkHidden(ctx: Context, signed: string, received: string): void {
  const mac = readJson(received) === undefined ? '' : payloadMac(ctx, received === '' ? '{}' : received);
  if (!equalSecret(signed, mac)) refuse('E_USER_ACTION_BODY');
}

/** A password that is signed for must not lie in the database, nor in the audit log that is made from it. */
function holdsSecret(of: Operation, body: JsonValue): boolean {
  return of === auth.createCredential && isSecretKind((body as { readonly credentialKind: string }).credentialKind);
}

function readJson(text: string): JsonValue | undefined {
  if (text === '') return {};
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
