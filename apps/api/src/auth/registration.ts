/**
 * First credentials by code (auth.md §5). What is enrolled here may log in and read: the code passed through the api,
 * so signers wait until somebody already enrolled has confirmed the key (rulings 3).
 */

import type { VerifiedAttestation } from '@holdfast/authority/assertion';
import type { State } from '@holdfast/authority/reduce';
import { refuse } from '@holdfast/contract/errors';
import { conflictOf, type Executor, inTransaction } from '@holdfast/storage/database';
import {
  deleteRegistrationCode,
  findChallenge,
  findOrganisation,
  findUser,
  findUserByUsername,
  insertCredential,
  listCredentials,
  type OrganisationRow,
  type UserRow,
  updateUser,
  useChallenge,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { stateOf } from '../governance/state.ts';
import type { Principal } from '../pipeline/types.ts';
import { type CredentialWish, verifyNewCredential } from './attestations.ts';
import { creationMembers, makeChallenge } from './challenges.ts';
import { checkRegistrationCode, sendRegistrationCode } from './codes.ts';
import { isoDate, randomId } from './ids.ts';
import { bindingOf, openSession } from './sessions.ts';
import { issueToken } from './tokens.ts';

/** POST /auth/registration/init. */
export async function createRegistrationChallenge(
  ctx: Context,
  body: { readonly orgId: string; readonly username: string; readonly registrationCode: string },
  appId: string | undefined,
) {
  const organisation = await findOrganisation(ctx.db.kysely, body.orgId);
  const user = organisation && (await findUserByUsername(ctx.db.kysely, organisation.id, body.username));
  // Unknown, registered and deactivated users answer like a wrong code: nobody learns who is a member.
  if (organisation === undefined || user?.isActive !== true || user.isRegistered) refuse('E_REGISTRATION_CODE');
  await checkRegistrationCode(ctx, user.id, body.registrationCode);
  return registrationChallenge(ctx, { organisation, user, appId });
}

/** A challenge for the first credentials of a user, and the token that completes it. */
export async function registrationChallenge(
  ctx: Context,
  o: { readonly organisation: OrganisationRow; readonly user: UserRow; readonly appId: string | undefined },
) {
  const { organisation, user, appId } = o;
  const challenge = await makeChallenge(ctx, {
    use: 'Registration',
    organisation,
    userId: user.id,
    tokenId: null,
    request: { method: 'POST', path: '/auth/registration', query: null, payload: '' },
  });
  const claims = { id: challenge.id, orgId: organisation.id, userId: user.id, kind: 'Temp' } as const;
  const credentials = await listCredentials(ctx.db.kysely, organisation.id, user.id);
  return {
    ...(await creationMembers(ctx, user, { organisation, appId })),
    temporaryAuthenticationToken: await issueToken(ctx, 'bearer', claims, challenge.expiresAtMs),
    challenge: challenge.text,
    supportedCredentialKinds: { firstFactor: ['Fido2', 'Key'] as const, secondFactor: [] },
    excludeCredentials: credentials
      .filter((row) => row.kind === 'Fido2')
      .map((row) => ({ type: 'public-key' as const, id: row.credentialId })),
    otpUrl: '',
  };
}

/** POST /auth/registration, with the temporary token of the challenge. */
export async function register(ctx: Context, principal: Principal, body: RegistrationBody) {
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
  body: RegistrationBody & { readonly wallets: readonly unknown[] },
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

interface RegistrationBody {
  readonly firstFactorCredential: CredentialWish;
  readonly secondFactorCredential?: CredentialWish | undefined;
  readonly recoveryCredential?: CredentialWish | undefined;
}

/** Spends the challenge of a registration and keeps what was attested for it, with `also` in the same transaction. */
async function enrolFirst<T>(
  ctx: Context,
  principal: Principal,
  body: RegistrationBody,
  also: (tx: Executor, user: UserRow) => Promise<T>,
) {
  if (body.secondFactorCredential !== undefined)
    refuse('E_UNSUPPORTED', 'secondFactorCredential is not available in this release; leave it out');
  const { orgId, userId, tokenId: challengeId } = principal;
  const [organisation, user, row] = [
    await findOrganisation(ctx.db.kysely, orgId),
    await findUser(ctx.db.kysely, orgId, userId),
    await findChallenge(ctx.db.kysely, challengeId),
  ];
  if (organisation === undefined || user?.isActive !== true || row?.kind !== 'Registration')
    refuse('E_UNAUTHENTICATED');
  const { challenge } = row;
  const verified = await verifyNewCredential(ctx, body.firstFactorCredential, { organisation, challenge });
  const name = body.firstFactorCredential.credentialName ?? `${verified.kind} of ${user.username}`.slice(0, 100);
  const recovery = body.recoveryCredential;
  const recoveryKey =
    recovery === undefined
      ? undefined
      : await verifyNewCredential(ctx, recovery, { organisation, challenge, purpose: 'recovery' });
  const state = await stateOf(ctx, orgId);
  const { uuid, result } = await inTransaction(ctx.db, async (tx) => {
    if (!(await useChallenge(tx, challengeId))) refuse('E_CHALLENGE_USED');
    const uuid = await enrolUnconfirmed(ctx, tx, {
      orgId,
      userId,
      verified,
      name,
      place: placeOfNew(state, verified),
    });
    if (recoveryKey !== undefined) {
      const named = recovery?.credentialName ?? `Recovery key of ${user.username}`.slice(0, 100);
      const encryptedPrivateKey = recovery?.encryptedPrivateKey;
      await enrolUnconfirmed(ctx, tx, {
        orgId,
        userId,
        verified: recoveryKey,
        name: named,
        place: placeOfNew(state, recoveryKey),
        encryptedPrivateKey,
      });
    }
    await updateUser(tx, orgId, userId, { isRegistered: true });
    await deleteRegistrationCode(tx, userId);
    return { uuid, result: await also(tx, user) };
  }).catch(translateConflict);
  return { credential: { uuid, kind: verified.kind, name }, user, result };
}

/** PUT /auth/registration/code: the same answer whether or not there is such a user. */
export async function resendRegistrationCode(
  ctx: Context,
  body: { readonly orgId: string; readonly username: string },
): Promise<{ message: string }> {
  const user = await findUserByUsername(ctx.db.kysely, body.orgId, body.username);
  if (user?.isActive === true && !user.isRegistered && !user.isServiceAccount) await sendRegistrationCode(ctx, user);
  return { message: 'success' };
}

/** Stores a credential that signers do not know; returns its uuid. */
export async function enrolUnconfirmed(
  ctx: Context,
  tx: Executor,
  o: {
    orgId: string;
    userId: string;
    verified: VerifiedAttestation;
    name: string;
    place: ReturnType<typeof placeOfNew>;
    encryptedPrivateKey?: string | undefined;
  },
): Promise<string> {
  const uuid = randomId(ctx, 'cr');
  await insertCredential(tx, {
    uuid,
    credentialId: o.verified.credentialId,
    orgId: o.orgId,
    userId: o.userId,
    kind: o.verified.kind,
    algorithm: o.verified.algorithm,
    publicKey: o.verified.publicKey,
    name: o.name,
    isActive: true,
    isConfirmed: false,
    counter: 0,
    ...o.place,
    encryptedPrivateKey: o.encryptedPrivateKey ?? null,
    dateCreated: isoDate(ctx.env.now()),
  });
  return uuid;
}

/** Where a new credential is used: a key has no place of its own, and is shown with that of the organisation. */
export function placeOfNew(state: State, { origin }: Pick<VerifiedAttestation, 'origin'>) {
  const there = [...state.apps.values()].find((each) => each.active && each.origin === origin);
  const place = origin === state.app.origin ? state.app : (there ?? state.app);
  return { relyingPartyId: place.rpId, origin: place.origin };
}

export function translateConflict(error: unknown): never {
  if (conflictOf(error) === 'credentials_credential_id') refuse('E_CREDENTIAL_EXISTS');
  throw error;
}
