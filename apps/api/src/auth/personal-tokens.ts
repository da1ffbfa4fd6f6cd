/** Personal access tokens: a user's own, each with a key of its own and never more than the user may (auth.md §9). */
import { accountCredentialIdOf, deriveId } from '@holdfast/authority/ids';
import { refuse } from '@holdfast/contract/errors';
import {
  type AccessTokenRow,
  findAccessToken,
  insertAccessToken,
  listAccessTokens,
  updateAccessToken,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { govern } from '../governance/govern.ts';
import type { Principal, UserActionGrant } from '../pipeline/types.ts';
import { isoDate } from './ids.ts';
import { personalTokenShape, personalTokenShapes } from './shapes.ts';
import { hashToken, issueToken } from './tokens.ts';

interface Signed {
  readonly principal: Principal;
  readonly grant: UserActionGrant;
}

const DAY_S = 86_400;
const DAYS_DEFAULT = 730;

/** POST /auth/pats: the token is in this reply and nowhere else. */
export async function createPersonalAccessToken(
  ctx: Context,
  { principal, grant }: Signed,
  body: {
    readonly name: string;
    readonly externalId?: string | undefined;
    readonly daysValid?: number | undefined;
    readonly secondsValid?: number | undefined;
  },
) {
  const { orgId, userId } = principal;
  const id = deriveId('to', grant.nullifier);
  const now = ctx.env.now();
  const expiresAt = now + (body.secondsValid ?? (body.daysValid ?? DAYS_DEFAULT) * DAY_S) * 1000;
  const accessToken = await issueToken(ctx, 'bearer', { id, orgId, userId, kind: 'Pat' }, expiresAt);
  const { acknowledgedBy } = await govern(ctx, orgId, grant, {
    also: (tx) =>
      insertAccessToken(tx, {
        id,
        orgId,
        userId,
        kind: 'Pat',
        name: body.name,
        hash: hashToken(accessToken),
        credentialId: accountCredentialIdOf(grant.nullifier),
        isActive: true,
        externalId: body.externalId ?? null,
        dateExpires: isoDate(expiresAt),
        dateCreated: isoDate(now),
      }),
  });
  return { ...(await getPersonalAccessToken(ctx, principal, id)), accessToken, acknowledgedBy };
}

export async function listPersonalAccessTokens(ctx: Context, { orgId, userId }: Principal) {
  return {
    items: await personalTokenShapes(ctx.db.kysely, await listAccessTokens(ctx.db.kysely, orgId, userId, 'Pat')),
  };
}

export async function getPersonalAccessToken(ctx: Context, principal: Principal, tokenId: string) {
  return personalTokenShape(ctx.db.kysely, await ownToken(ctx, principal, tokenId));
}

/** PUT …, …/activate, …/deactivate and DELETE …; which of them is in the request that was signed. */
export async function changePersonalAccessToken(
  ctx: Context,
  { principal, grant }: Signed,
  tokenId: string,
  body: { readonly externalId?: string | undefined } = {},
) {
  await ownToken(ctx, principal, tokenId);
  const { externalId } = body;
  const { acknowledgedBy } = await govern(ctx, principal.orgId, grant, {
    also: async (tx) => {
      if (externalId !== undefined) await updateAccessToken(tx, tokenId, { externalId });
    },
  });
  return { ...(await getPersonalAccessToken(ctx, principal, tokenId)), acknowledgedBy };
}

/** Another user's is as unknown as one that never was. */
async function ownToken(ctx: Context, { orgId, userId }: Principal, tokenId: string): Promise<AccessTokenRow> {
  const row = await findAccessToken(ctx.db.kysely, tokenId);
  if (row?.kind !== 'Pat' || row.orgId !== orgId || row.userId !== userId) refuse('E_NOT_FOUND', 'token not found');
  return row;
}
