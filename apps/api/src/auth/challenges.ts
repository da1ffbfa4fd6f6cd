/** Challenges: the record a user signs, the row that remembers it, and the identifier the client brings back. */
import { createHmac } from 'node:crypto';
import { encodeChallenge, nullifier as nullifierOf, payloadHash } from '@holdfast/authority/challenge';
import { placesOf } from '@holdfast/authority/reduce';
import type { ChallengeKind, FreshToken } from '@holdfast/authority/types';
import { refuse } from '@holdfast/contract/errors';
import { type JsonValue, parseStrictJson, toBase64Url } from '@holdfast/contract/wire';
import {
  type ChallengeRow,
  type ChallengeUse,
  type CredentialRow,
  deleteExpiredChallenges,
  deleteExpiredLogins,
  findChallenge,
  insertChallenge,
  type NewChallenge,
  type OrganisationRow,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { stateOf } from '../governance/state.ts';
import { placeOf } from './clients.ts';
import { isoDate, randomId } from './ids.ts';
import { sealSecret } from './seal.ts';
import { deriveSecret, issueToken, readToken } from './tokens.ts';

/** Signers refuse a challenge that expires later than this. */
export const CHALLENGE_MS = 300_000;
/** How many challenges are made between two sweeps of what has expired. */
const SWEEP_EVERY = 256;

export interface ChallengeWish {
  use: ChallengeUse;
  organisation: Pick<OrganisationRow, 'id' | 'head'>;
  /** Empty for a login that is to find out who the user is. */
  userId: string;
  tokenId: string | null;
  request: { method: 'POST' | 'PUT' | 'DELETE' | 'GET'; path: string; query: string | null; payload: string };
  /** Freshness tokens and their digest: user actions and recoveries. */
  fresh?: { tokens: readonly FreshToken[]; digest: string };
  credentialKind?: string;
  /** Of one-time codes that are to be enrolled: their secret, in the clear; it is sealed for the challenge. */
  secret?: Uint8Array;
  /** The payload holds a secret: a keyed hash is stored in its place. */
  hidesPayload?: boolean;
  /** Of a recovery: which recovery key. */
  context?: string;
}

export interface MadeChallenge {
  readonly id: string;
  readonly text: string;
  readonly identifier: string;
  readonly expiresAtMs: number;
}

const recordKinds: Readonly<Record<ChallengeUse, ChallengeKind>> = {
  UserAction: 'UserAction',
  Login: 'Login',
  Registration: 'Registration',
  // A further credential is a registration too; the row tells the two apart.
  Credential: 'Registration',
  Recovery: 'Recovery',
};

let made = 0;

/** Makes a challenge, remembers it, and returns its text and identifier. */
export async function makeChallenge(ctx: Context, wish: ChallengeWish): Promise<MadeChallenge> {
  const { organisation, request, fresh } = wish;
  const now = ctx.env.now();
  const expiry = Math.floor((now + CHALLENGE_MS) / 1000);
  const text = encodeChallenge({
    v: 1,
    k: recordKinds[wish.use],
    c: ctx.signers.fingerprint,
    o: organisation.id,
    u: wish.userId,
    m: request.method,
    p: request.path,
    h: payloadHash(request.payload),
    a: organisation.head,
    x: wish.context ?? '',
    b: fresh?.digest ?? '',
    e: expiry,
    n: toBase64Url(ctx.env.random(16)),
  });
  const id = randomId(ctx, 'ch');
  const row: NewChallenge = {
    id,
    kind: wish.use,
    orgId: organisation.id,
    userId: wish.userId === '' ? null : wish.userId,
    tokenId: wish.tokenId,
    challenge: text,
    nullifier: toBase64Url(nullifierOf(text)),
    dateExpires: isoDate(expiry * 1000),
    dateCreated: isoDate(now),
    request: wish.hidesPayload === true ? { ...request, payload: '' } : request,
  };
  if (wish.hidesPayload === true) row.payloadMac = payloadMac(ctx, request.payload);
  if (wish.secret !== undefined) row.secret = sealSecret(ctx, challengePlace(id), wish.secret);
  if (fresh !== undefined) row.tokens = fresh.tokens;
  if (wish.credentialKind !== undefined) row.credentialKind = wish.credentialKind;
  await insertChallenge(ctx.db.kysely, row);
  await sweep(ctx, now);
  const claims = { id, orgId: organisation.id, userId: wish.userId, kind: 'Temp' } as const;
  const expiresAtMs = expiry * 1000;
  // The hash of a body that holds a new password stays in the audit log; with it, what the password is hashed together with.
  const salt = wish.credentialKind === 'Password' ? toBase64Url(ctx.env.random(16)) : undefined;
  return { id, text, identifier: await issueToken(ctx, 'challenge', claims, expiresAtMs, salt), expiresAtMs };
}

/** The place a secret is sealed for while its challenge is open. */
export const challengePlace = (id: string): string => `challenge/${id}`;

/** The same for two spellings of one JSON text; keyed, because what is in it can be short. */
export function payloadMac(ctx: Pick<Context, 'secrets'>, payload: string): string {
  const text = JSON.stringify(parseStrictJson(payload), (_, value: JsonValue) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHmac('sha256', deriveSecret(ctx, 'payload')).update(text).digest('base64url');
}

/** Refuses identifiers of another use, owner or time with the same words, and a spent challenge with its own. */
export async function openChallenge(
  ctx: Context,
  identifier: string,
  expected: { use: ChallengeUse; orgId?: string; userId?: string; tokenId?: string | null },
): Promise<ChallengeRow> {
  const claims = await readToken(ctx, 'challenge', identifier);
  const row = claims === undefined ? undefined : await findChallenge(ctx.db.kysely, claims.id);
  const isExpected =
    row?.kind === expected.use &&
    row.orgId === claims?.orgId &&
    (expected.orgId === undefined || row.orgId === expected.orgId) &&
    (expected.userId === undefined || row.userId === expected.userId) &&
    (expected.tokenId === undefined || row.tokenId === expected.tokenId) &&
    Date.parse(row.dateExpires) > ctx.env.now();
  if (!isExpected) refuse('E_CHALLENGE_TOKEN');
  if (row.status !== 'Open') refuse('E_CHALLENGE_USED');
  return row;
}

/** Where passkeys of an organisation are used: as its genesis and its chain say, nothing else may set it. */
export async function placesOfOrg(
  ctx: Context,
  { id, head }: Pick<OrganisationRow, 'id' | 'head'>,
): Promise<ReturnType<typeof placesOf>> {
  return placesOf(await stateOf(ctx, id, head));
}

/** The relying party of the application that a request names, or of the first one. */
async function relyingPartyOf(
  ctx: Context,
  { id, head }: Pick<OrganisationRow, 'id' | 'head'>,
  appId: string | undefined,
): Promise<{ id: string; name: string }> {
  return placeOf(await stateOf(ctx, id, head), appId);
}

/**
 * The reply that a login and a user action have in common (auth.md §3). It names every kind, whatever the user has: who
 * asks for a login has proven nothing yet.
 */
export async function authenticationChallenge(
  ctx: Context,
  challenge: MadeChallenge,
  o: {
    readonly organisation: Pick<OrganisationRow, 'id' | 'head'>;
    readonly credentials: readonly Pick<CredentialRow, 'kind' | 'credentialId' | 'encryptedPrivateKey'>[];
    readonly appId: string | undefined;
    readonly hasCodes: boolean;
    readonly forLogin?: boolean;
  },
) {
  const { organisation, credentials, appId } = o;
  const idsOf = (kind: string) =>
    credentials
      .filter((row) => row.kind === kind)
      .map((row) => ({ type: 'public-key' as const, id: row.credentialId }));
  const protectedKeys = credentials
    .filter((row) => row.kind === 'PasswordProtectedKey')
    .map((row) => ({
      type: 'public-key' as const,
      id: row.credentialId,
      encryptedPrivateKey: row.encryptedPrivateKey ?? '',
    }));
  return {
    challenge: challenge.text,
    challengeIdentifier: challenge.identifier,
    rp: await relyingPartyOf(ctx, organisation, appId),
    supportedCredentialKinds: [
      { kind: 'Fido2' as const, factor: 'either' as const, requiresSecondFactor: false },
      { kind: 'Key' as const, factor: 'either' as const, requiresSecondFactor: false },
      { kind: 'PasswordProtectedKey' as const, factor: 'either' as const, requiresSecondFactor: o.hasCodes },
      ...(o.forLogin === true
        ? [{ kind: 'Password' as const, factor: 'first' as const, requiresSecondFactor: true }]
        : []),
      { kind: 'Totp' as const, factor: 'second' as const, requiresSecondFactor: false },
    ],
    userVerification: 'required' as const,
    attestation: 'direct' as const,
    allowCredentials: {
      key: idsOf('Key'),
      webauthn: idsOf('Fido2'),
      ...(protectedKeys.length === 0 ? {} : { passwordProtectedKey: protectedKeys }),
    },
    externalAuthenticationUrl: '',
  };
}

/** The part of a registration challenge that a further credential's challenge shares. */
export async function creationMembers(
  ctx: Context,
  user: { id: string; username: string },
  o: { readonly organisation: Pick<OrganisationRow, 'id' | 'head'>; readonly appId: string | undefined },
) {
  return {
    user: { id: user.id, displayName: user.username, name: user.username },
    rp: await relyingPartyOf(ctx, o.organisation, o.appId),
    authenticatorSelection: {
      residentKey: 'required' as const,
      requireResidentKey: true,
      userVerification: 'required' as const,
    },
    attestation: 'direct' as const,
    // COSE algorithms ES256 and RS256 (RFC 9053 §2.1, RFC 8812 §2).
    pubKeyCredParams: [-7, -257].map((alg) => ({ type: 'public-key' as const, alg })),
  };
}

async function sweep(ctx: Context, now: number): Promise<void> {
  made += 1;
  if (made % SWEEP_EVERY !== 0) return;
  await deleteExpiredChallenges(ctx.db.kysely, isoDate(now - CHALLENGE_MS));
  await deleteExpiredLogins(ctx.db.kysely, isoDate(now - CHALLENGE_MS));
}
