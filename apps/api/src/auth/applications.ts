/**
 * Applications (auth.md §9): where passkeys are used, as the chain says. Of a server-signed one the api also keeps the
 * hash of its token and demands its signature on every request.
 */
import { deriveId } from '@holdfast/authority/ids';
import type { ApplicationRecord, State } from '@holdfast/authority/reduce';
import { refuse } from '@holdfast/contract/errors';
import {
  type ApplicationRow,
  findApplication,
  type GrantRow,
  listGrants,
  listApplications as listRows,
  updateApplication,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { govern } from '../governance/govern.ts';
import { stateOf } from '../governance/state.ts';
import type { Principal, UserActionGrant } from '../pipeline/types.ts';
import { isoDate } from './ids.ts';
import { assignmentShape, fingerprint } from './shapes.ts';
import { hashToken, issueToken } from './tokens.ts';

interface Signed {
  readonly principal: Principal;
  readonly grant: UserActionGrant;
}

const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 730;

/** POST /auth/apps: the token of a server-signed application is in this reply and nowhere else. */
export async function createApplication(
  ctx: Context,
  { principal, grant }: Signed,
  body: {
    readonly kind: string;
    readonly externalId?: string | undefined;
    readonly daysValid?: number | undefined;
  },
) {
  const { orgId, userId } = principal;
  const appId = deriveId('ap', grant.nullifier);
  const tokenId = deriveId('to', grant.nullifier);
  const expiresAt = ctx.env.now() + (body.daysValid ?? DAYS_DEFAULT) * DAY_MS;
  const accessToken =
    body.kind === 'ServerSideApplication'
      ? await issueToken(ctx, 'application', { id: tokenId, orgId, userId, kind: 'Application' }, expiresAt)
      : undefined;
  const { after, acknowledgedBy } = await govern(ctx, orgId, grant, {
    also: async (tx) => {
      const { externalId = null } = body;
      const token =
        accessToken === undefined
          ? {}
          : { tokenId, tokenHash: hashToken(accessToken), tokenExpires: isoDate(expiresAt) };
      await updateApplication(tx, orgId, appId, { externalId, ...token });
    },
  });
  const shape = await applicationOf(ctx, after, appId);
  const [token] = shape.accessTokens;
  const accessTokens = token === undefined || accessToken === undefined ? [] : [{ ...token, accessToken }];
  return { ...shape, accessTokens, acknowledgedBy };
}

/** GET /auth/apps: the first one is that of the genesis, then the newest. */
export async function listApplications(ctx: Context, { orgId }: Principal) {
  const state = await stateOf(ctx, orgId);
  const rows = await listRows(ctx.db.kysely, orgId);
  const shown = rows.filter(({ id }) => state.apps.get(id)?.archived !== true);
  const grants = await listGrants(
    ctx.db.kysely,
    orgId,
    shown.map(({ id }) => id),
  );
  return { items: [firstShape(state), ...shown.map((row) => applicationShape(state, row, grants))] };
}

export async function getApplication(ctx: Context, { orgId }: Principal, appId: string) {
  return applicationOf(ctx, await stateOf(ctx, orgId), appId);
}

/** PUT …, …/activate, …/deactivate and DELETE …; which of them is in the request that was signed. */
export async function changeApplication(
  ctx: Context,
  { principal, grant }: Signed,
  appId: string,
  body: { readonly externalId?: string | undefined } = {},
) {
  const { orgId } = principal;
  const { externalId } = body;
  const { after, acknowledgedBy } = await govern(ctx, orgId, grant, {
    also: async (tx) => {
      if (externalId !== undefined) await updateApplication(tx, orgId, appId, { externalId });
    },
  });
  return { ...(await applicationOf(ctx, after, appId)), acknowledgedBy };
}

/** Another organisation's is as unknown as one that never was. */
async function applicationOf(ctx: Context, state: State, appId: string) {
  if (appId === state.app.appId) return firstShape(state);
  const row = await findApplication(ctx.db.kysely, appId);
  if (row?.orgId !== state.org) refuse('E_NOT_FOUND', 'application not found');
  return applicationShape(state, row, await listGrants(ctx.db.kysely, state.org, [appId]));
}

/** The application that the genesis names: it has no key, no restriction, and stays. */
function firstShape({ app, org, name }: State) {
  return {
    appId: app.appId,
    kind: 'ClientSideApplication' as const,
    orgId: org,
    expectedRpId: app.rpId,
    name,
    isActive: true,
    expectedOrigin: app.origin,
    permissionAssignments: [],
    accessTokens: [],
  };
}

function applicationShape(state: State, row: ApplicationRow, all: readonly GrantRow[]) {
  const application = state.apps.get(row.id) ?? refuse('E_NOT_FOUND', 'application not found');
  const { appId, kind, rpId, origin, name, active } = application;
  const grants = all.filter(({ identityId }) => identityId === appId).map(assignmentShape);
  return {
    appId,
    kind,
    orgId: state.org,
    expectedRpId: rpId,
    name,
    isActive: active,
    expectedOrigin: origin,
    permissionAssignments: grants,
    accessTokens: tokenShapes(row, application, grants),
  };
}

function tokenShapes(
  row: ApplicationRow,
  { appId, active, name, publicKey }: ApplicationRecord,
  permissionAssignments: ReturnType<typeof assignmentShape>[],
): readonly object[] {
  if (row.tokenId === null || publicKey === undefined) return [];
  return [
    {
      dateCreated: row.dateCreated,
      credId: '',
      isActive: active,
      kind: 'Application' as const,
      linkedUserId: '',
      linkedAppId: appId,
      name,
      orgId: row.orgId,
      permissionAssignments,
      publicKey: fingerprint(publicKey),
      tokenId: row.tokenId,
    },
  ];
}
