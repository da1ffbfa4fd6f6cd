/**
 * First credentials by code (auth.md §5). What is enrolled here may log in and read: the code passed through the api,
 * so signers wait until somebody already enrolled has confirmed the key (rulings 3).
 */

import { refuse } from '@holdfast/contract/errors';
import { type Executor, inTransaction } from '@holdfast/storage/database';
import {
  type ChallengeRow,
  deleteRegistrationCode,
  findChallenge,
  findOrganisation,
  findUser,
  findUserByUsername,
  listCredentials,
  type OrganisationRow,
  type UserRow,
  updateUser,
  useChallenge,
  voidRegistrations,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { stateOf } from '../governance/state.ts';
import type { Principal } from '../pipeline/types.ts';
import type { CredentialWish } from './attestations.ts';
import { creationMembers, makeChallenge } from './challenges.ts';
import { checkCode, mailCode } from './codes.ts';
import { type Enrolment, newTotp, prepareEnrolment, translateConflict } from './enrolment.ts';
import { bindingOf, openSession } from './sessions.ts';
import { issueToken } from './tokens.ts';

export const firstFactors = ['Fido2', 'Key', 'PasswordProtectedKey', 'Password'] as const;
export const secondFactors = ['Fido2', 'Key', 'PasswordProtectedKey', 'Totp'] as const;

interface CredentialSet {
  readonly firstFactorCredential: CredentialWish;
  readonly secondFactorCredential?: CredentialWish | undefined;
  readonly recoveryCredential?: CredentialWish | undefined;
}

/** POST /auth/registration/init. */
export async function createRegistrationChallenge(
  ctx: Context,
  body: { readonly orgId: string; readonly username: string; readonly registrationCode: string },
  appId: string | undefined,
) {
  const organisation = await findOrganisation(ctx.db.kysely, body.orgId);
  const user = organisation && (await findUserByUsername(ctx.db.kysely, organisation.id, body.username));
  // Unknown, registered and deactivated users answer like a wrong code: nobody learns who is a member.
  if (organisation === undefined) refuse('E_REGISTRATION_CODE');
  const awaited = user?.isActive === true && !user.isRegistered ? user : undefined;
  await checkCode(ctx, 'registration', { ...body, user: awaited }, body.registrationCode);
  if (awaited === undefined) refuse('E_REGISTRATION_CODE');
  return registrationChallenge(ctx, { organisation, user: awaited, appId });
}

/** A challenge for the first credentials of a user, and the token that completes it. */
export async function registrationChallenge(
  ctx: Context,
  o: { readonly organisation: OrganisationRow; readonly user: UserRow; readonly appId: string | undefined },
) {
  const { organisation, user, appId } = o;
  const members = await creationMembers(ctx, user, { organisation, appId });
  const totp = newTotp(ctx, { organisation: members.rp.name, username: user.username });
  const challenge = await makeChallenge(ctx, {
    use: 'Registration',
    organisation,
    userId: user.id,
    tokenId: null,
    request: { method: 'POST', path: '/auth/registration', query: null, payload: '' },
    secret: totp.secret,
  });
  const claims = { id: challenge.id, orgId: organisation.id, userId: user.id, kind: 'Temp' } as const;
  const credentials = await listCredentials(ctx.db.kysely, organisation.id, user.id);
  return {
    ...members,
    temporaryAuthenticationToken: await issueToken(ctx, 'bearer', claims, challenge.expiresAtMs),
    challenge: challenge.text,
    supportedCredentialKinds: { firstFactor: firstFactors, secondFactor: secondFactors },
    excludeCredentials: credentials
      .filter((row) => row.kind === 'Fido2')
      .map((row) => ({ type: 'public-key' as const, id: row.credentialId })),
    otpUrl: totp.url,
  };
}

/** POST /auth/registration, with the temporary token of the challenge. */
export async function register(ctx: Context, principal: Principal, body: CredentialSet) {
  const { credential, user } = await enrolFirst(ctx, principal, body, async () => undefined);
  return { credential, user: { id: user.id, username: user.username, orgId: user.orgId } };
}

/**
 * POST /auth/registration/enduser: the same for an end user, who is logged in at once. Nothing in this request is signed by
 * anybody whom signers know, so no wallet can come of it (security-model.md 2.6 (k)).
 */
export async function registerEndUser(
  ctx: Context,
  principal: Principal,
  body: CredentialSet & { readonly wallets: readonly unknown[] },
) {
  if (body.wallets.length > 0) refuse('E_REGISTRATION_WALLETS');
  const boundTo = bindingOf(await stateOf(ctx, principal.orgId), principal.appId);
  const { credential, user, result } = await enrolFirst(ctx, principal, body, async (tx, owner) => {
    if (owner.kind !== 'EndUser') refuse('E_FORBIDDEN', 'this registration is for end users');
    return openSession(ctx, tx, owner, boundTo);
  });
  return {
    credential,
    user: { id: user.id, username: user.username, orgId: user.orgId },
    authentication: { token: result },
    wallets: [],
  };
}

/** Spends the challenge of a registration and keeps what was attested for it, with `also` in the same transaction. */
async function enrolFirst<T>(
  ctx: Context,
  principal: Principal,
  body: CredentialSet,
  also: (tx: Executor, user: UserRow) => Promise<T>,
) {
  const { orgId, userId, tokenId: challengeId } = principal;
  const [organisation, user, row] = [
    await findOrganisation(ctx.db.kysely, orgId),
    await findUser(ctx.db.kysely, orgId, userId),
    await findChallenge(ctx.db.kysely, challengeId),
  ];
  if (organisation === undefined || user?.isActive !== true || row?.kind !== 'Registration')
    refuse('E_UNAUTHENTICATED');
  const [first, ...others] = await prepareSet(ctx, body, { organisation, user, row });
  const { uuid, result } = await inTransaction(ctx.db, async (tx) => {
    if (!(await useChallenge(tx, challengeId))) refuse('E_CHALLENGE_USED');
    // Whoever else had the code would enrol a key beside those of its owner.
    await voidRegistrations(tx, orgId, userId);
    const uuid = await first.write(tx);
    for (const other of others) await other.write(tx);
    await updateUser(tx, orgId, userId, { isRegistered: true });
    await deleteRegistrationCode(tx, userId);
    return { uuid, result: await also(tx, user) };
  }).catch(translateConflict);
  return { credential: { uuid, kind: first.kind, name: first.name }, user, result };
}

/** First factor, second, recovery key, as far as given; each at its place only, and a password never alone. */
async function prepareSet(
  ctx: Context,
  body: CredentialSet,
  { organisation, user, row }: { organisation: OrganisationRow; user: UserRow; row: ChallengeRow },
): Promise<[Enrolment, ...Enrolment[]]> {
  const { firstFactorCredential: first, secondFactorCredential: second, recoveryCredential: recovery } = body;
  const at = (wish: CredentialWish, kinds: readonly string[], called: string): Promise<Enrolment> => {
    const { credentialKind: kind } = wish;
    if (!kinds.includes(kind)) refuse('E_CREDENTIAL_KIND', `a credential of kind ${kind} cannot stand here`);
    const name = wish.credentialName ?? `${called} of ${user.username}`.slice(0, 100);
    return prepareEnrolment(ctx, wish, name, { organisation, userId: user.id, row });
  };
  if (first.credentialKind === 'Password' && second === undefined) refuse('E_SECOND_FACTOR');
  const prepared: [Enrolment, ...Enrolment[]] = [await at(first, firstFactors, first.credentialKind)];
  if (second !== undefined) prepared.push(await at(second, secondFactors, second.credentialKind));
  if (recovery !== undefined) prepared.push(await at(recovery, ['RecoveryKey'], 'Recovery key'));
  return prepared;
}

/** PUT /auth/registration/code: the same answer whether or not there is such a user. */
export async function resendRegistrationCode(
  ctx: Context,
  body: { readonly orgId: string; readonly username: string },
): Promise<{ message: string }> {
  const user = await findUserByUsername(ctx.db.kysely, body.orgId, body.username);
  const awaited = user?.isActive === true && !user.isRegistered && !user.isServiceAccount ? user : undefined;
  await mailCode(ctx, 'registration', { ...body, user: awaited });
  return { message: 'success' };
}
