/**
 * The texts the api hands out and later believes: bearer tokens, challenge identifiers and user action tokens. All
 * are JWTs under HS256, each use with a key and an audience of its own, so that none passes for another.
 */
import { createHash, hkdfSync, timingSafeEqual } from 'node:crypto';
import { fromBase64Url, WireError } from '@holdfast/contract/wire';
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { Context } from '../context.ts';

export type TokenKind = 'Token' | 'Pat' | 'ServiceAccount' | 'Temp' | 'Application';
export type TokenUse = 'bearer' | 'challenge' | 'user-action' | 'application';

export interface TokenClaims {
  /** Id of the token, or of the challenge it stands for. */
  readonly id: string;
  readonly orgId: string;
  /** Empty for a challenge that is to find out who the user is. */
  readonly userId: string;
  readonly kind: TokenKind;
}

type TokenContext = Pick<Context, 'env' | 'secrets'>;

const ISSUER = 'holdfast';
/** conventions.md §3: the public client reads it and compares `orgId`. */
const METADATA_CLAIM = 'https://custom/app_metadata';
/** Clocks of two api processes may differ by this much. */
const AHEAD_S_MAX = 30;
/** A token of ours has about 500 characters. */
const TOKEN_CHARS_MAX = 2048;

export async function issueToken(
  ctx: TokenContext,
  use: TokenUse,
  claims: TokenClaims,
  expiresAtMs: number,
  /** Stored nowhere: a text that holds the token cannot be guessed from all that is. */
  salt?: string,
): Promise<string> {
  const { id, orgId, userId, kind } = claims;
  const metadata = { [METADATA_CLAIM]: { orgId, userId, tokenId: id, tokenKind: kind } };
  return new SignJWT({ ...metadata, ...(salt === undefined ? {} : { salt }) })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(audience(use))
    .setSubject(userId)
    .setJti(id)
    .setIssuedAt(Math.floor(ctx.env.now() / 1000))
    .setExpirationTime(Math.floor(expiresAtMs / 1000))
    .sign(keyOf(ctx, use));
}

/** The claims of a token this api issued for this use and that has not expired; undefined for every other text. */
export async function readToken(ctx: TokenContext, use: TokenUse, token: string): Promise<TokenClaims | undefined> {
  const now = ctx.env.now();
  const payload = await verifiedPayload(ctx, use, token);
  const metadata = payload?.[METADATA_CLAIM] as Partial<Record<string, string>> | undefined;
  if (payload === undefined || metadata === undefined) return undefined;
  // Verification has looked at the time as well, but perhaps a while ago.
  if ((payload.exp ?? 0) <= Math.floor(now / 1000)) return undefined;
  if ((payload.iat ?? Number.POSITIVE_INFINITY) > now / 1000 + AHEAD_S_MAX) return undefined;
  const { orgId, userId, tokenId, tokenKind } = metadata;
  if (orgId === undefined || userId === undefined || tokenId === undefined) return undefined;
  if (userId !== payload.sub || tokenId !== payload.jti) return undefined;
  return { id: tokenId, orgId, userId, kind: tokenKind as TokenKind };
}

/** Texts whose signature was found right: half a thousand bytes each. */
const VERIFIED_MAX = 2000;
const verified = new WeakMap<Uint8Array, Map<string, JWTPayload>>();

/**
 * What a genuine token says. That a text carries our signature stays true, so a bearer token, which comes with every
 * request, is verified once and then known by its hash; whether it is expired or revoked is asked every time.
 */
async function verifiedPayload(ctx: TokenContext, use: TokenUse, token: string): Promise<JWTPayload | undefined> {
  const key = keyOf(ctx, use);
  const known = verified.get(key) ?? new Map<string, JWTPayload>();
  verified.set(key, known);
  const name = hashToken(token);
  const remembered = known.get(name);
  if (remembered !== undefined) return remembered;
  if (!isCanonical(token)) return undefined;
  const payload = await jwtVerify(token, key, {
    algorithms: ['HS256'],
    typ: 'JWT',
    issuer: ISSUER,
    audience: audience(use),
    requiredClaims: ['iss', 'aud', 'sub', 'jti', 'iat', 'exp'],
    currentDate: new Date(ctx.env.now()),
  }).then(
    (result) => result.payload,
    // Every fault of a token has the same answer: it is not one.
    () => undefined,
  );
  if (payload === undefined || use !== 'bearer') return payload;
  const oldest = known.keys().next();
  if (known.size >= VERIFIED_MAX && !oldest.done) known.delete(oldest.value);
  known.set(name, payload);
  return payload;
}

/** What is stored of a token. It has 256 bits of secret behind it, so a plain hash tells nothing. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Compares two texts without telling how far they agree. */
export function equalSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}

/** A key for one purpose out of the api's secret. */
export function deriveSecret(ctx: Pick<Context, 'secrets'>, purpose: string): Uint8Array {
  if (ctx.secrets.api.length < 32) throw new RangeError('the api secret has fewer than 32 bytes');
  return new Uint8Array(hkdfSync('sha256', ctx.secrets.api, new Uint8Array(0), `holdfast/api/${purpose}/v1`, 32));
}

const keys = new WeakMap<Uint8Array, Map<TokenUse, Uint8Array>>();

function keyOf(ctx: Pick<Context, 'secrets'>, use: TokenUse): Uint8Array {
  const known = keys.get(ctx.secrets.api) ?? new Map<TokenUse, Uint8Array>();
  keys.set(ctx.secrets.api, known);
  const key = known.get(use) ?? deriveSecret(ctx, `token/${use}`);
  known.set(use, key);
  return key;
}

const audience = (use: TokenUse): string => `${ISSUER}/${use}`;

/** Three parts in base64url that re-encode to themselves: Node's own decoder takes padding and junk. */
function isCanonical(token: string): boolean {
  if (token.length > TOKEN_CHARS_MAX) return false;
  const parts = token.split('.');
  return parts.length === 3 && parts.every(isCanonicalBase64Url);
}

function isCanonicalBase64Url(text: string): boolean {
  try {
    return fromBase64Url(text).length > 0;
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}
