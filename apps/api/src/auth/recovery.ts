/**
 * Recovery of an account by its user's own recovery key (auth.md §8). The api mails a code so that not everybody can make
 * it work; what counts is the recovery key's signature over the new credentials, which every signer verifies.
 */
import { signingKinds } from '@holdfast/authority/assertion';
import { freshDigest, nullifier } from '@holdfast/authority/challenge';
import { recoveryContext } from '@holdfast/authority/consent';
import type { FreshToken } from '@holdfast/authority/types';
import { refuse } from '@holdfast/contract/errors';
import {
  type CredentialRow,
  findChallenge,
  findCredential,
  findOrganisation,
  findUserByUsername,
  listCredentials,
  type OrganisationRow,
  type UserRow,
  useChallenge,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { govern } from '../governance/govern.ts';
import { settleProposal } from '../governance/recover.ts';
import type { Principal } from '../pipeline/types.ts';
import { creationMembers, makeChallenge } from './challenges.ts';
import { checkCode, mailCode } from './codes.ts';
import { issueToken } from './tokens.ts';

interface Credential {
  readonly credentialInfo: object;
  readonly credentialName?: string | undefined;
  readonly encryptedPrivateKey?: string | undefined;
}

interface RecoveryBody {
  readonly recovery: { readonly credentialAssertion: { readonly credId: string } };
  readonly newCredentials: {
    readonly firstFactorCredential: Credential;
    readonly secondFactorCredential?: Credential | undefined;
    readonly recoveryCredential?: Credential | undefined;
  };
}

const PATH = '/auth/recover/user';

/** POST /auth/recover/user/code: the same answer whether or not there is such a user. */
export async function sendRecoveryCode(
  ctx: Context,
  body: { readonly orgId: string; readonly username: string },
): Promise<{ message: string }> {
  const user = await findUserByUsername(ctx.db.kysely, body.orgId, body.username);
  const keys = user?.isActive === true ? await recoveryKeysOf(ctx, user) : [];
  await mailCode(ctx, 'recovery', { ...body, user: keys.length > 0 ? user : undefined });
  return { message: 'success' };
}

/** POST /auth/recover/user/init. Whoever is unknown, inactive or without that recovery key answers like a wrong code. */
export async function createRecoveryChallenge(
  ctx: Context,
  body: {
    readonly orgId: string;
    readonly username: string;
    readonly verificationCode: string;
    readonly credentialId: string;
  },
  appId: string | undefined,
) {
  const user = await findUserByUsername(ctx.db.kysely, body.orgId, body.username);
  const keys = user?.isActive === true ? await recoveryKeysOf(ctx, user) : [];
  const key = keys.find((row) => row.credentialId === unpadded(body.credentialId));
  await checkCode(ctx, 'recovery', { ...body, user: key === undefined ? undefined : user }, body.verificationCode);
  if (user === undefined || key === undefined) refuse('E_RECOVERY_CODE');
  return recoveryChallenge(ctx, { user, key, appId });
}

/** POST /auth/recover/user/delegated: a service account stands for the code, not for the recovery key. */
export async function createDelegatedRecoveryChallenge(
  ctx: Context,
  principal: Principal,
  body: { readonly username: string; readonly credentialId: string },
) {
  if (!principal.isServiceAccount) refuse('E_FORBIDDEN', 'only a service account recovers for somebody else');
  const user = await findUserByUsername(ctx.db.kysely, principal.orgId, body.username);
  if (user?.isActive !== true) refuse('E_NOT_FOUND', 'user not found');
  const key = (await recoveryKeysOf(ctx, user)).find((row) => row.credentialId === unpadded(body.credentialId));
  if (key === undefined) refuse('E_NOT_FOUND', 'credential not found');
  return recoveryChallenge(ctx, { user, key, appId: principal.appId });
}

/** POST /auth/recover/user, with the temporary token of the challenge: an entry of the chain like any other. */
export async function recover(ctx: Context, principal: Principal, body: RecoveryBody) {
  const { orgId, userId, tokenId: challengeId } = principal;
  const row = await findChallenge(ctx.db.kysely, challengeId);
  if (row?.kind !== 'Recovery') refuse('E_UNAUTHENTICATED');
  await refuseOthersIds(ctx, principal, body);
  if (!(await useChallenge(ctx.db.kysely, challengeId))) refuse('E_CHALLENGE_USED');
  const { newCredentials } = body;
  const { after } = await govern(ctx, orgId, {
    request: { method: 'POST', path: PATH, payload: JSON.stringify(body) },
    assertion: { kind: 'RecoveryKey', credId: body.recovery.credentialAssertion.credId },
    tokens: (row.tokens ?? []) as FreshToken[],
    challenge: row.challenge,
    nullifier: nullifier(row.challenge),
  });
  const made = after.credentials.get(credentialIdOf(newCredentials.firstFactorCredential));
  const user = after.users.get(userId);
  if (made === undefined || user === undefined) refuse('E_INTERNAL');
  return {
    credential: { uuid: made.uuid, kind: made.kind, name: made.name },
    user: { id: userId, username: user.username, orgId },
  };
}

/** One that waits to be confirmed is unknown to the chain: its row would become the recovering user's, sealed key and all. */
async function refuseOthersIds(ctx: Context, { orgId, userId }: Principal, { newCredentials }: RecoveryBody) {
  for (const credential of Object.values(newCredentials) as readonly (Credential | undefined)[]) {
    if (credential === undefined) continue;
    const known = await findCredential(ctx.db.kysely, orgId, credentialIdOf(credential));
    if (known !== undefined && known.userId !== userId) refuse('E_CREDENTIAL_EXISTS');
  }
}

async function recoveryChallenge(
  ctx: Context,
  o: { readonly user: UserRow; readonly key: CredentialRow; readonly appId: string | undefined },
) {
  const { user, key, appId } = o;
  const organisation = await settledOrganisation(ctx, user.orgId);
  const tokens = ctx.signers.tokens();
  const challenge = await makeChallenge(ctx, {
    use: 'Recovery',
    organisation,
    userId: user.id,
    tokenId: null,
    request: { method: 'POST', path: PATH, query: null, payload: '' },
    fresh: { tokens, digest: freshDigest(tokens) },
    context: recoveryContext(key.credentialId),
  });
  const claims = { id: challenge.id, orgId: user.orgId, userId: user.id, kind: 'Temp' } as const;
  return {
    ...(await creationMembers(ctx, user, { organisation, appId })),
    temporaryAuthenticationToken: await issueToken(ctx, 'bearer', claims, challenge.expiresAtMs),
    challenge: challenge.text,
    supportedCredentialKinds: { firstFactor: signingKinds, secondFactor: signingKinds },
    excludeCredentials: [],
    otpUrl: '',
    allowedRecoveryCredentials: [{ id: key.credentialId, encryptedRecoveryKey: key.encryptedPrivateKey ?? '' }],
  };
}

/** The head that the new credentials will answer for: nothing may be left half done below it. */
async function settledOrganisation(ctx: Context, orgId: string): Promise<OrganisationRow> {
  const row = await findOrganisation(ctx.db.kysely, orgId);
  if (row === undefined) refuse('E_NOT_FOUND', 'organisation not found');
  if (row.proposal === null) return row;
  await settleProposal(ctx, orgId);
  return (await findOrganisation(ctx.db.kysely, orgId)) ?? row;
}

/** Those that signers know: an unconfirmed one recovers nothing. */
async function recoveryKeysOf(ctx: Context, user: Pick<UserRow, 'id' | 'orgId'>): Promise<CredentialRow[]> {
  const rows = await listCredentials(ctx.db.kysely, user.orgId, user.id);
  return rows.filter((row) => row.kind === 'RecoveryKey' && row.isActive && row.isConfirmed);
}

const unpadded = (text: string): string => text.replace(/={1,2}$/, '');
const credentialIdOf = (credential: Credential): string =>
  (credential.credentialInfo as { readonly credId: string }).credId;
