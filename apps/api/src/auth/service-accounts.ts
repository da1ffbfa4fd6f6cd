/** Machines of an organisation: a user with one key and one long-lived token (auth.md §9). */
import { deriveId } from '@holdfast/authority/ids';
import { refuse } from '@holdfast/contract/errors';
import {
  findUser,
  insertAccessToken,
  listServiceAccounts as listServiceAccountRows,
  type UserRow,
  updateUser,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { govern } from '../governance/govern.ts';
import type { Principal, UserActionGrant } from '../pipeline/types.ts';
import { isoDate } from './ids.ts';
import { serviceAccountShape } from './shapes.ts';
import { hashToken, issueToken } from './tokens.ts';

interface Signed {
  readonly principal: Principal;
  readonly grant: UserActionGrant;
}

const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 730;

/** POST /auth/service-accounts: the token is in this reply and nowhere else. */
export async function createServiceAccount(
  ctx: Context,
  { principal, grant }: Signed,
  body: { readonly name: string; readonly daysValid?: number | undefined },
) {
  const { orgId } = principal;
  const [userId, tokenId] = [deriveId('us', grant.nullifier), deriveId('to', grant.nullifier)];
  const now = ctx.env.now();
  const expiresAt = now + (body.daysValid ?? DAYS_DEFAULT) * DAY_MS;
  const accessToken = await issueToken(
    ctx,
    'bearer',
    { id: tokenId, orgId, userId, kind: 'ServiceAccount' },
    expiresAt,
  );
  const { acknowledgedBy } = await govern(ctx, orgId, grant, {
    also: async (tx, after) => {
      await insertAccessToken(tx, {
        id: tokenId,
        orgId,
        userId,
        kind: 'ServiceAccount',
        name: body.name,
        hash: hashToken(accessToken),
        credentialId: after.serviceAccounts.get(userId)?.credentialId ?? null,
        isActive: true,
        dateExpires: isoDate(expiresAt),
        dateCreated: isoDate(now),
      });
    },
  });
  const row = await rowOf(ctx, orgId, userId);
  return withAcks(await serviceAccountShape(ctx.db.kysely, row, { accessToken, tokenId }), acknowledgedBy);
}

export async function listServiceAccounts(ctx: Context, { orgId }: Principal) {
  const rows = await listServiceAccountRows(ctx.db.kysely, orgId);
  const items = [];
  for (const row of rows) items.push(await serviceAccountShape(ctx.db.kysely, row));
  return { items };
}

export async function getServiceAccount(ctx: Context, { orgId }: Principal, userId: string) {
  return serviceAccountShape(ctx.db.kysely, await rowOf(ctx, orgId, userId));
}

/** PUT …: the chain knows the name; the label is the api's alone. */
export async function updateServiceAccount(
  ctx: Context,
  { principal, grant }: Signed,
  userId: string,
  body: { readonly externalId?: string | undefined },
) {
  const { externalId } = body;
  const { acknowledgedBy } = await govern(ctx, principal.orgId, grant, {
    also: async (tx) => {
      if (externalId !== undefined) await updateUser(tx, principal.orgId, userId, { externalId });
    },
  });
  return withAcks(await getServiceAccount(ctx, principal, userId), acknowledgedBy);
}

/** PUT …/activate and …/deactivate, DELETE …; which of them is in the request that was signed. */
export async function setServiceAccountActive(ctx: Context, { principal, grant }: Signed, userId: string) {
  const { acknowledgedBy } = await govern(ctx, principal.orgId, grant);
  return withAcks(await getServiceAccount(ctx, principal, userId), acknowledgedBy);
}

async function rowOf(ctx: Context, orgId: string, userId: string): Promise<UserRow> {
  const row = await findUser(ctx.db.kysely, orgId, userId);
  if (row?.isServiceAccount !== true) refuse('E_NOT_FOUND', 'service account not found');
  return row;
}

function withAcks<S extends { readonly userInfo: object }>(shape: S, acknowledgedBy: readonly number[]) {
  return { ...shape, userInfo: { ...shape.userInfo, acknowledgedBy: [...acknowledgedBy] } };
}
