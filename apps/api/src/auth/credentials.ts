/** A user's own credentials: further ones, signed for or by code, the list, on and off (auth.md §7). */
import { refuse } from '@holdfast/contract/errors';
import { inTransaction } from '@holdfast/storage/database';
import {
  type ChallengeRow,
  type CredentialRow,
  findCredential,
  findCredentialAnywhere,
  findCredentialByUuid,
  findOrganisation,
  findUser,
  listCredentials,
  listUnconfirmed,
  type OrganisationRow,
  type UserRow,
  updateCredential,
  useChallenge,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { govern } from '../governance/govern.ts';
import type { Principal, UserActionGrant } from '../pipeline/types.ts';
import type { CredentialWish } from './attestations.ts';
import { creationMembers, makeChallenge, openChallenge } from './challenges.ts';
import { makeCredentialCode, readCredentialCode } from './codes.ts';
import { type Enrolment, newTotp, prepareEnrolment, refuseSecond, translateConflict } from './enrolment.ts';
import { isSecretKind } from './factors.ts';
import { credentialShape, fingerprint, shortFingerprint } from './shapes.ts';
import { issueToken } from './tokens.ts';

type NewCredential = CredentialWish & { readonly credentialName: string; readonly challengeIdentifier: string };

interface Signed {
  readonly principal: Principal;
  readonly grant: UserActionGrant;
}

/** GET /auth/credentials. */
export async function listOwnCredentials(ctx: Context, { orgId, userId }: Principal) {
  return { items: (await listCredentials(ctx.db.kysely, orgId, userId)).map(credentialShape) };
}

/** GET /holdfast/credentials/pending: of active users, the oldest first. Whose key it is, a person asks its user. */
export async function listPendingCredentials(ctx: Context, { orgId }: Principal) {
  const rows = await listUnconfirmed(ctx.db.kysely, orgId);
  return {
    items: rows.map(({ uuid: credentialUuid, ...row }) => ({
      ...row,
      credentialUuid,
      fingerprint: fingerprint(row.publicKey),
      key: shortFingerprint(row.publicKey),
    })),
  };
}

/** POST /auth/credentials/init. */
export async function createCredentialChallenge(ctx: Context, principal: Principal, body: { readonly kind: string }) {
  const { orgId, userId, tokenId, appId } = principal;
  return credentialChallenge(ctx, { orgId, userId, tokenId, kind: body.kind, appId });
}

/**
 * POST /auth/credentials: the new key's proof travels in the body that an existing credential signed. What signers have
 * no use for, they are not shown.
 */
export async function createCredential(ctx: Context, { principal, grant }: Signed, body: NewCredential) {
  const { orgId, userId } = principal;
  const { row, enrolment } = await attested(ctx, body, { orgId, userId, byCode: false });
  if (isSecretKind(enrolment.kind)) return enrol(ctx, row, enrolment);
  const { place } = enrolment;
  // Spent before the signers are asked: afterwards nothing may stand in the way of writing what they accepted.
  if (!(await useChallenge(ctx.db.kysely, row.id))) refuse('E_CHALLENGE_USED');
  const { encryptedPrivateKey } = body;
  await govern(ctx, orgId, grant, {
    also: async (tx) => {
      const written = await findCredential(tx, orgId, credentialIdOf(body));
      if (written === undefined) return;
      await updateCredential(tx, orgId, written.uuid, {
        ...place,
        ...(encryptedPrivateKey === undefined ? {} : { encryptedPrivateKey }),
      });
    },
  });
  const created = await findCredential(ctx.db.kysely, orgId, credentialIdOf(body));
  return credentialShape(created ?? refuse('E_INTERNAL'));
}

/** POST /auth/credentials/code: a minute to enrol a credential on another device. */
export async function createCredentialCode(
  ctx: Context,
  { orgId, userId }: Principal,
  body: { readonly expiration: string | number },
): Promise<{ code: string; expiration: string }> {
  return makeCredentialCode(ctx, { orgId, userId, expiration: body.expiration });
}

/** POST /auth/credentials/code/init. */
export async function createCredentialChallengeWithCode(
  ctx: Context,
  body: { readonly credentialKind: string; readonly code: string },
  appId: string | undefined,
) {
  const { orgId, userId } = await readCredentialCode(ctx, body.code);
  return credentialChallenge(ctx, { orgId, userId, tokenId: null, kind: body.credentialKind, appId });
}

/** POST /auth/credentials/code/verify: may log in; signers wait for a confirmation (rulings 3). */
export async function createCredentialWithCode(ctx: Context, body: NewCredential) {
  const { row, enrolment } = await attested(ctx, body, { byCode: true });
  return enrol(ctx, row, enrolment);
}

/** PUT /auth/credentials/activate and /deactivate. Signers hear of it when they know the credential. */
export async function setCredentialActive(
  ctx: Context,
  { principal, grant }: Signed,
  o: { readonly credentialUuid: string; readonly active: boolean },
): Promise<{ message: string; acknowledgedBy?: number[] }> {
  const { orgId, userId } = principal;
  const row = await findCredentialByUuid(ctx.db.kysely, orgId, o.credentialUuid);
  if (row?.userId !== userId) refuse('E_NOT_FOUND', 'credential not found');
  if (o.active && !row.isActive) refuseSecond(row.kind, await listCredentials(ctx.db.kysely, orgId, userId));
  if (row.isConfirmed) {
    const { acknowledgedBy } = await govern(ctx, orgId, grant);
    return { message: 'success', acknowledgedBy };
  }
  await updateCredential(ctx.db.kysely, orgId, row.uuid, { isActive: o.active });
  return { message: 'success' };
}

/** POST /holdfast/credentials/confirm: exactly the credential that was enrolled, so that a slip confirms nothing. */
export async function confirmCredential(
  ctx: Context,
  { principal, grant }: Signed,
  body: { readonly userId: string; readonly credentialId: string; readonly kind: string; readonly publicKey: string },
) {
  const { orgId } = principal;
  const row = await findCredential(ctx.db.kysely, orgId, body.credentialId);
  const isThatOne = row?.userId === body.userId && row.kind === body.kind && row.publicKey === body.publicKey;
  if (!isThatOne) refuse('E_NOT_FOUND', 'credential not found');
  if (row.isConfirmed) refuse('E_CREDENTIAL_EXISTS');
  // Confirmed it would count again: its user has switched it off, or recovered from it.
  if (!row.isActive) refuse('E_NOT_FOUND', 'credential not found');
  await govern(ctx, orgId, grant);
  const confirmed = await findCredential(ctx.db.kysely, orgId, body.credentialId);
  return credentialShape(confirmed ?? refuse('E_INTERNAL'));
}

async function credentialChallenge(
  ctx: Context,
  o: { orgId: string; userId: string; tokenId: string | null; kind: string; appId: string | undefined },
) {
  const { kind } = o;
  const { organisation, user, credentials } = await ownerOf(ctx, o);
  if (user.isServiceAccount) refuse('E_UNSUPPORTED', 'a service account has the one credential it was created with');
  refuseSecond(kind, credentials);
  const { rp, ...members } = await creationMembers(ctx, user, { organisation, appId: o.appId });
  const totp = kind === 'Totp' ? newTotp(ctx, { organisation: rp.name, username: user.username }) : undefined;
  const challenge = await makeChallenge(ctx, {
    use: 'Credential',
    organisation,
    userId: user.id,
    tokenId: o.tokenId,
    request: { method: 'POST', path: '/auth/credentials', query: null, payload: '' },
    credentialKind: kind,
    ...(totp === undefined ? {} : { secret: totp.secret }),
  });
  const claims = { id: challenge.id, orgId: organisation.id, userId: user.id, kind: 'Temp' } as const;
  const common = {
    kind,
    rp,
    user: members.user,
    challengeIdentifier: challenge.identifier,
    temporaryAuthenticationToken: await issueToken(ctx, 'bearer', claims, challenge.expiresAtMs),
  };
  if (totp !== undefined) return { ...common, otpUrl: totp.url };
  if (isSecretKind(kind)) return common;
  const { attestation, pubKeyCredParams, authenticatorSelection } = members;
  return {
    ...common,
    challenge: challenge.text,
    attestation,
    pubKeyCredParams,
    ...(kind !== 'Fido2' ? {} : { authenticatorSelection, excludeCredentials: passkeys(credentials) }),
  };
}

/** The challenge and the new credential, checked against each other. */
async function attested(
  ctx: Context,
  body: NewCredential,
  expected: { orgId?: string; userId?: string; byCode: boolean },
) {
  const { byCode, ...owner } = expected;
  const row = await openChallenge(ctx, body.challengeIdentifier, { use: 'Credential', ...owner });
  // A challenge got with a code is good for a code's enrolment only, and the other way round (auth.md §7).
  if ((row.tokenId === null) !== byCode || row.credentialKind !== body.credentialKind) refuse('E_CHALLENGE_TOKEN');
  const { organisation, user, credentials } = await ownerOf(ctx, { orgId: row.orgId, userId: row.userId ?? '' });
  refuseSecond(body.credentialKind, credentials);
  const enrolment = await prepareEnrolment(ctx, body, body.credentialName, { organisation, userId: user.id, row });
  const isTaken =
    !isSecretKind(body.credentialKind) && (await findCredentialAnywhere(ctx.db.kysely, credentialIdOf(body)));
  if (isTaken) refuse('E_CREDENTIAL_EXISTS');
  return { row, enrolment };
}

/** Writes what no signer is asked about. */
async function enrol(ctx: Context, row: ChallengeRow, enrolment: Enrolment) {
  const uuid = await inTransaction(ctx.db, async (tx) => {
    if (!(await useChallenge(tx, row.id))) refuse('E_CHALLENGE_USED');
    return enrolment.write(tx);
  }).catch(translateConflict);
  const created = await findCredentialByUuid(ctx.db.kysely, row.orgId, uuid);
  return credentialShape(created ?? refuse('E_INTERNAL'));
}

async function ownerOf(
  ctx: Context,
  o: { orgId: string; userId: string },
): Promise<{ organisation: OrganisationRow; user: UserRow; credentials: CredentialRow[] }> {
  const organisation = await findOrganisation(ctx.db.kysely, o.orgId);
  const user = await findUser(ctx.db.kysely, o.orgId, o.userId);
  if (organisation === undefined || user?.isActive !== true) refuse('E_USER_NOT_FOUND');
  return { organisation, user, credentials: await listCredentials(ctx.db.kysely, o.orgId, o.userId) };
}

const credentialIdOf = (body: NewCredential): string => (body.credentialInfo as { readonly credId: string }).credId;

const passkeys = (credentials: readonly CredentialRow[]) =>
  credentials
    .filter((row) => row.kind === 'Fido2')
    .map((row) => ({ type: 'public-key' as const, id: row.credentialId }));
