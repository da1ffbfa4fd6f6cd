/** A new credential of any kind: it proves itself first, and is written in the transaction that spends its challenge. */
import type { VerifiedAttestation } from '@holdfast/authority/assertion';
import type { State } from '@holdfast/authority/reduce';
import { refuse } from '@holdfast/contract/errors';
import { toBase64Url } from '@holdfast/contract/wire';
import { conflictOf, type Executor } from '@holdfast/storage/database';
import {
  type ChallengeRow,
  type CredentialRow,
  insertCredential,
  type OrganisationRow,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { stateOf } from '../governance/state.ts';
import { type CredentialWish, verifyNewCredential } from './attestations.ts';
import { challengePlace } from './challenges.ts';
import { isSecretKind, totpPlace } from './factors.ts';
import { isoDate, randomId } from './ids.ts';
import { checkPassword, hashPassword } from './password.ts';
import { openSecret, sealSecret } from './seal.ts';
import { otpUrl, stepOf, TOTP_SECRET_BYTES } from './totp.ts';

export interface Enrolment {
  readonly kind: string;
  readonly name: string;
  /** Of a key: where it is used. */
  readonly place?: Place;
  /** Answers the uuid. */
  write(tx: Executor): Promise<string>;
}

interface Place {
  readonly relyingPartyId: string;
  readonly origin: string;
}

interface Owner {
  readonly organisation: Pick<OrganisationRow, 'id' | 'head'>;
  readonly userId: string;
  /** The challenge that it answers. */
  readonly row: Pick<ChallengeRow, 'id' | 'challenge' | 'secret'>;
}

const CREDENTIAL_ID_BYTES = 16;

/** Refuses what does not prove itself; signers wait for a confirmation of what does (rulings 3). */
export async function prepareEnrolment(
  ctx: Context,
  wish: CredentialWish,
  name: string,
  of: Owner,
): Promise<Enrolment> {
  const { credentialKind: kind } = wish;
  if (kind === 'Password') return preparePassword(ctx, wish, name, of);
  if (kind === 'Totp') return prepareTotp(ctx, wish, name, of);
  const { organisation, userId, row } = of;
  const verified = await verifyNewCredential(ctx, wish, {
    organisation,
    challenge: row.challenge,
    ...(kind === 'RecoveryKey' ? { purpose: 'recovery' as const } : {}),
  });
  const place = placeOfNew(await stateOf(ctx, organisation.id), verified);
  const { encryptedPrivateKey } = wish;
  const enrolled = { orgId: organisation.id, userId, verified, name, place, encryptedPrivateKey };
  return { kind, name, place, write: (tx) => enrolUnconfirmed(ctx, tx, enrolled) };
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
    place: Place;
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
function placeOfNew(state: State, { origin }: Pick<VerifiedAttestation, 'origin'>): Place {
  const there = [...state.apps.values()].find((each) => each.active && each.origin === origin);
  const place = origin === state.app.origin ? state.app : (there ?? state.app);
  return { relyingPartyId: place.rpId, origin: place.origin };
}

export function translateConflict(error: unknown): never {
  if (conflictOf(error) === 'credentials_credential_id') refuse('E_CREDENTIAL_EXISTS');
  throw error;
}

/** A new secret of one-time codes, and how it is shown to its user. */
export function newTotp(
  ctx: Context,
  o: { readonly organisation: string; readonly username: string },
): { readonly secret: Uint8Array; readonly url: string } {
  const secret = ctx.env.random(TOTP_SECRET_BYTES);
  return { secret, url: otpUrl({ issuer: o.organisation, account: o.username, secret }) };
}

/** One of each: a second password would only be a second one to guess. */
export function refuseSecond(kind: string, own: readonly CredentialRow[]): void {
  if (isSecretKind(kind) && own.some((row) => row.isActive && row.kind === kind))
    refuse('E_CONFLICT', `there is an active credential of kind ${kind}; deactivate it first`);
}

async function preparePassword(ctx: Context, wish: CredentialWish, name: string, of: Owner): Promise<Enrolment> {
  const { password } = wish.credentialInfo as { readonly password: string };
  checkPassword(password);
  const secret = await hashPassword(ctx, password);
  return {
    kind: 'Password',
    name,
    write: (tx) =>
      insertSecret(ctx, tx, of, { uuid: randomId(ctx, 'cr'), kind: 'Password', algorithm: 'scrypt', name, secret }),
  };
}

/** The code shows that the secret has arrived; having been shown, it is used. */
function prepareTotp(ctx: Context, wish: CredentialWish, name: string, of: Owner): Enrolment {
  const { otpCode } = wish.credentialInfo as { readonly otpCode: string };
  const secret = of.row.secret === null ? undefined : openSecret(ctx, challengePlace(of.row.id), of.row.secret);
  if (secret === undefined) return refuse('E_CHALLENGE_TOKEN');
  const counter = stepOf(secret, otpCode, ctx.env.now());
  if (counter === undefined) return refuse('E_FACTOR');
  const uuid = randomId(ctx, 'cr');
  const sealed = sealSecret(ctx, totpPlace(uuid), secret);
  return {
    kind: 'Totp',
    name,
    write: (tx) =>
      insertSecret(ctx, tx, of, { uuid, kind: 'Totp', algorithm: 'HMAC-SHA1', name, secret: sealed, counter }),
  };
}

async function insertSecret(
  ctx: Context,
  tx: Executor,
  { organisation, userId }: Owner,
  o: { uuid: string; kind: 'Password' | 'Totp'; algorithm: string; name: string; secret: string; counter?: number },
): Promise<string> {
  await insertCredential(tx, {
    ...o,
    credentialId: toBase64Url(ctx.env.random(CREDENTIAL_ID_BYTES)),
    orgId: organisation.id,
    userId,
    publicKey: '',
    isActive: true,
    isConfirmed: false,
    counter: o.counter ?? 0,
    relyingPartyId: '',
    origin: '',
    dateCreated: isoDate(ctx.env.now()),
  });
  return o.uuid;
}
