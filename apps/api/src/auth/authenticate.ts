/** Who is asking: from the authorization header to an identity the api knows and that is still allowed in. */
import { isSetupCode } from '@holdfast/authority/setup-code';
import { refuse } from '@holdfast/contract/errors';
import type { Operation } from '@holdfast/contract/operations';
import { findChallenge, findSession } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import type { Principal } from '../pipeline/types.ts';
import { equalSecret, hashToken, readToken, type TokenKind } from './tokens.ts';

const bearerKinds: readonly TokenKind[] = ['Token', 'Pat', 'ServiceAccount'];

/** The owner of a token of the right kind; refuses everything else with the same words. */
export function authenticate(
  ctx: Context,
  authorization: string | undefined,
  use: 'bearer' | 'temp',
): Promise<Principal> {
  return use === 'temp' ? authenticateTemporary(ctx, authorization) : authenticateBearer(ctx, authorization);
}

async function authenticateBearer(ctx: Context, authorization: string | undefined): Promise<Principal> {
  const token = bearerOf(authorization);
  const claims = await readToken(ctx, 'bearer', token);
  if (claims === undefined || !bearerKinds.includes(claims.kind)) refuse('E_UNAUTHENTICATED');
  const session = await findSession(ctx.db.kysely, claims.id);
  const isValid =
    session?.isActive === true &&
    session.isUserActive &&
    session.orgId === claims.orgId &&
    session.userId === claims.userId &&
    session.kind === claims.kind &&
    Date.parse(session.dateExpires) > ctx.env.now() &&
    equalSecret(session.hash, hashToken(token));
  if (!isValid) refuse('E_UNAUTHENTICATED');
  return {
    orgId: session.orgId,
    userId: session.userId,
    userKind: session.userKind as Principal['userKind'],
    isServiceAccount: session.isServiceAccount,
    tokenId: session.id,
    tokenKind: session.kind as Principal['tokenKind'],
    orgHead: session.orgHead,
    ...(session.appId === null ? {} : { boundTo: session.appId }),
    ...(session.credentialId === null ? {} : { credentialId: session.credentialId }),
  };
}

/** The holder of a temporary token whose registration or recovery is still open; `tokenId` is the challenge's id. */
async function authenticateTemporary(ctx: Context, authorization: string | undefined): Promise<Principal> {
  const claims = await readToken(ctx, 'bearer', bearerOf(authorization));
  if (claims === undefined || claims.kind !== 'Temp') refuse('E_UNAUTHENTICATED');
  const row = await findChallenge(ctx.db.kysely, claims.id);
  const isValid =
    (row?.kind === 'Registration' || row?.kind === 'Recovery') &&
    row.status === 'Open' &&
    row.orgId === claims.orgId &&
    row.userId === claims.userId &&
    Date.parse(row.dateExpires) > ctx.env.now();
  if (!isValid) refuse('E_UNAUTHENTICATED');
  const { orgId, userId, id: tokenId } = claims;
  return { orgId, userId, userKind: 'CustomerEmployee', isServiceAccount: false, tokenId, tokenKind: 'Temp' };
}

/** Refuses unless the header carries the operator's own token, or a code that stands for it where one is founding. */
export async function authenticateOperator(
  ctx: Context,
  authorization: string | undefined,
  operation: Pick<Operation, 'domain' | 'name'>,
): Promise<void> {
  const [, token] = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(authorization ?? '') ?? [];
  const own = ctx.secrets.operatorToken.trim();
  if (token !== undefined && equalSecret(token, own)) return;
  const founds = operation.domain === 'orgs' && operation.name === 'createOrg';
  if (!founds || token === undefined || !isSetupCode(token, own, ctx.env.now() / 1000)) refuse('E_OPERATOR_TOKEN');
}

function bearerOf(authorization: string | undefined): string {
  const [, token] = /^Bearer ([A-Za-z0-9_.-]+)$/i.exec(authorization ?? '') ?? [];
  return token ?? refuse('E_UNAUTHENTICATED');
}
