/**
 * First credentials by code (auth.md §5). What is enrolled here may log in and read: the code passed through the api,
 * so signers wait until somebody already enrolled has confirmed the key (rulings 3).
 */

import type { VerifiedAttestation } from '@holdfast/authority/assertion';
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
  updateUser,
  useChallenge,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import type { Principal } from '../pipeline/types.ts';
import { type CredentialWish, verifyNewCredential } from './attestations.ts';
import { creationMembers, makeChallenge, relyingPartyOf } from './challenges.ts';
import { checkRegistrationCode, sendRegistrationCode } from './codes.ts';
import { isoDate, randomId } from './ids.ts';
import { issueToken } from './tokens.ts';

/** POST /auth/registration/init. */
export async function createRegistrationChallenge(
  ctx: Context,
  body: { readonly orgId: string; readonly username: string; readonly registrationCode: string },
) {
  const organisation = await findOrganisation(ctx.db.kysely, body.orgId);
  const user = organisation && (await findUserByUsername(ctx.db.kysely, organisation.id, body.username));
  // Unknown, registered and deactivated users answer like a wrong code: nobody learns who is a member.
  if (organisation === undefined || user?.isActive !== true || user.isRegistered) refuse('E_REGISTRATION_CODE');
  await checkRegistrationCode(ctx, user.id, body.registrationCode);
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
    ...creationMembers(user, organisation),
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
export async function register(
  ctx: Context,
  principal: Principal,
  body: {
    readonly firstFactorCredential: CredentialWish;
    readonly secondFactorCredential?: CredentialWish | undefined;
    readonly recoveryCredential?: CredentialWish | undefined;
  },
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
  const verified = verifyNewCredential(body.firstFactorCredential, { organisation, challenge: row.challenge });
  const name = body.firstFactorCredential.credentialName ?? `${verified.kind} of ${user.username}`.slice(0, 100);
  const recovery = body.recoveryCredential;
  const recoveryKey =
    recovery === undefined
      ? undefined
      : verifyNewCredential(recovery, { organisation, challenge: row.challenge, purpose: 'recovery' });
  const credential = await inTransaction(ctx.db, async (tx) => {
    if (!(await useChallenge(tx, challengeId))) refuse('E_CHALLENGE_USED');
    const uuid = await enrolUnconfirmed(ctx, tx, { orgId, userId, verified, name, organisation });
    if (recoveryKey !== undefined) {
      const named = recovery?.credentialName ?? `Recovery key of ${user.username}`.slice(0, 100);
      const encryptedPrivateKey = recovery?.encryptedPrivateKey;
      await enrolUnconfirmed(ctx, tx, {
        orgId,
        userId,
        verified: recoveryKey,
        name: named,
        organisation,
        encryptedPrivateKey,
      });
    }
    await updateUser(tx, orgId, userId, { isRegistered: true });
    await deleteRegistrationCode(tx, userId);
    return { uuid, kind: verified.kind, name };
  }).catch(translateConflict);
  return { credential, user: { id: userId, username: user.username, orgId } };
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
    organisation: { readonly genesis: string };
    encryptedPrivateKey?: string | undefined;
  },
): Promise<string> {
  const uuid = randomId(ctx, 'cr');
  const { origins, rpIds } = relyingPartyOf(o.organisation);
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
    relyingPartyId: rpIds[0] ?? '',
    origin: origins[0] ?? '',
    encryptedPrivateKey: o.encryptedPrivateKey ?? null,
    dateCreated: isoDate(ctx.env.now()),
  });
  return uuid;
}

export function translateConflict(error: unknown): never {
  if (conflictOf(error) === 'credentials_credential_id') refuse('E_CREDENTIAL_EXISTS');
  throw error;
}
