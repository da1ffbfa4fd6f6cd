/**
 * The application that a request says it comes from, in headers that most clients leave out: a known one, and if it is
 * server-signed, with its token, its signature over this very request, and a nonce that was never used
 * (docs/specs/api-signature.md).
 */
import { apiSignatureBytes } from '@holdfast/authority/api-signature';
import { canonicalSignature } from '@holdfast/authority/assertion';
import type { ApplicationRecord, State } from '@holdfast/authority/reduce';
import { nodeVerify } from '@holdfast/authority/verify-node';
import { refuse } from '@holdfast/contract/errors';
import { asJsonObject, fromBase64Url, type JsonObject, parseStrictJsonBytes, WireError } from '@holdfast/contract/wire';
import { deleteExpiredNonces, findApplication, spendNonce } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { stateOf } from '../governance/state.ts';
import type { ClientHeaders, Principal, SignedTarget } from '../pipeline/types.ts';
import { isoDate } from './ids.ts';
import { equalSecret, hashToken } from './tokens.ts';

const NONCE_AGE_MS_MAX = 300_000;
const NONCES_MAX = 50_000;
/** Of clients that sign nothing. Per process, oldest first: one that fell out is too old by its date. */
const nonces = new Map<string, number>();
/** How many signed requests are taken between two sweeps of nonces that are too old. */
const SWEEP_EVERY = 256;
let spent = 0;

/**
 * conventions.md §2: the headers are optional; when present they must be right. A login that was opened through a
 * server-signed application serves with that application's signature only. Answers the id of the application.
 */
export async function checkClient(
  ctx: Context,
  principal: Principal | undefined,
  client: ClientHeaders,
  target: SignedTarget,
): Promise<string | undefined> {
  const { appId } = client;
  if (principal?.boundTo !== undefined && principal.boundTo !== appId) refuse('E_API_SIGNATURE');
  const application = appId === undefined ? undefined : await applicationOf(ctx, principal, appId);
  if (application?.kind === 'ServerSideApplication') {
    await checkSigned(ctx, application, client, target);
    return appId;
  }
  if (client.nonce !== undefined) {
    const uuid = readNonce(ctx, client.nonce);
    checkUnsignedNonce(ctx, `${principal?.orgId ?? ''}/${uuid}`);
  }
  return appId;
}

/**
 * The place of an application of this organisation, for challenges: the first one where none is named. Refuses
 * E_APPLICATION for what is not this organisation's.
 */
export function placeOf(state: State, appId: string | undefined): { readonly id: string; readonly name: string } {
  const rp = { id: state.app.rpId, name: state.name };
  if (appId === undefined || appId === state.app.appId) return rp;
  const application = state.apps.get(appId) ?? refuse('E_APPLICATION');
  if (!application.active) refuse('E_APPLICATION_INACTIVE');
  return { id: application.rpId, name: application.name };
}

/**
 * A passkey that answers at the page of a server-signed application counts only where that application signed the
 * request that brings the answer: otherwise whoever leaves the headers out would do without the signature.
 */
export function checkOrigin(state: State, origin: string | undefined, appId: string | undefined): void {
  if (origin === undefined || origin === state.app.origin) return;
  const there = [...state.apps.values()].filter((each) => each.active && each.origin === origin);
  const isFree = there.some(({ kind }) => kind === 'ClientSideApplication');
  if (!isFree && !there.some((each) => each.appId === appId)) refuse('E_API_SIGNATURE');
}

/** Undefined: the first application of somebody who has not said of which organisation; nothing depends on it. */
async function applicationOf(
  ctx: Context,
  principal: Principal | undefined,
  appId: string,
): Promise<ApplicationRecord | undefined> {
  const orgId = principal?.orgId ?? (await findApplication(ctx.db.kysely, appId))?.orgId;
  if (orgId === undefined) return undefined;
  const state = await stateOf(ctx, orgId, principal?.orgHead);
  if (appId === state.app.appId) return undefined;
  const application = state.apps.get(appId) ?? refuse('E_APPLICATION');
  if (!application.active) refuse('E_APPLICATION_INACTIVE');
  return application;
}

/** Token, signature, nonce, in this order: only a request that is right in all else spends the nonce. */
async function checkSigned(
  ctx: Context,
  { appId, publicKey, algorithm }: ApplicationRecord,
  client: ClientHeaders,
  target: SignedTarget,
): Promise<void> {
  const { appSecret, apiSignature, nonce } = client;
  const row = await findApplication(ctx.db.kysely, appId);
  const hasToken =
    appSecret !== undefined &&
    row?.tokenHash != null &&
    row.tokenExpires !== null &&
    Date.parse(row.tokenExpires) > ctx.env.now() &&
    equalSecret(row.tokenHash, hashToken(appSecret));
  if (!hasToken || publicKey === undefined || algorithm === undefined) refuse('E_API_SIGNATURE');
  if (nonce === undefined) refuse('E_NONCE');
  const uuid = readNonce(ctx, nonce);
  const message = apiSignatureBytes({ ...target, appId, nonce });
  const signature = canonicalSignature(algorithm, readSignature(apiSignature), { raw: true });
  if (signature === undefined || !nodeVerify.verifySignature({ publicKey, algorithm, message, signature }))
    refuse('E_API_SIGNATURE');
  const now = ctx.env.now();
  spent += 1;
  if (spent % SWEEP_EVERY === 0) await deleteExpiredNonces(ctx.db.kysely, isoDate(now));
  // In the database, so that another process of this api knows it too.
  const dateExpires = isoDate(now + 2 * NONCE_AGE_MS_MAX);
  if (!(await spendNonce(ctx.db.kysely, { owner: appId, nonce: uuid, dateExpires }))) refuse('E_NONCE_USED');
}

function readSignature(text: string | undefined): Uint8Array {
  try {
    return fromBase64Url((text ?? '').replace(/={1,2}$/, ''));
  } catch (error) {
    if (error instanceof WireError) refuse('E_API_SIGNATURE');
    throw error;
  }
}

function checkUnsignedNonce(ctx: Context, key: string): void {
  const now = ctx.env.now();
  if (nonces.has(key)) refuse('E_NONCE_USED');
  nonces.set(key, now);
  for (const [known, since] of nonces) {
    if (now - since <= 2 * NONCE_AGE_MS_MAX && nonces.size <= NONCES_MAX) break;
    nonces.delete(known);
  }
}

/** The nonce's own name; refuses one that is malformed or too far from now. */
function readNonce(ctx: Context, text: string): string {
  const { uuid, date } = readNonceJson(text);
  const at = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  const isFresh = Math.abs(ctx.env.now() - at) <= NONCE_AGE_MS_MAX;
  if (typeof uuid !== 'string' || uuid.length < 13 || uuid.length > 100 || uuid.includes('\0') || !isFresh)
    refuse('E_NONCE');
  return uuid;
}

function readNonceJson(text: string): JsonObject {
  try {
    return asJsonObject(parseStrictJsonBytes(fromBase64Url(text.replace(/={1,2}$/, '')), { bytesMax: 1000 }));
  } catch (error) {
    if (error instanceof WireError) refuse('E_NONCE');
    throw error;
  }
}
