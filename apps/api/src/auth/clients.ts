/** Optional headers of older clients: the application they say they are, and a nonce against replay. */
import { refuse } from '@holdfast/contract/errors';
import { asJsonObject, fromBase64Url, type JsonObject, parseStrictJsonBytes, WireError } from '@holdfast/contract/wire';
import type { Context } from '../context.ts';
import { stateOf } from '../governance/state.ts';
import type { Principal } from '../pipeline/types.ts';

const NONCE_AGE_MS_MAX = 300_000;
const NONCES_MAX = 50_000;
/** Per process, oldest first: one that fell out is too old by its date, or the process is being flooded. */
const nonces = new Map<string, number>();

/** conventions.md §2: both headers are optional; when present they must be right. */
export async function checkClient(
  ctx: Context,
  principal: Principal | undefined,
  client: { readonly appId: string | undefined; readonly nonce: string | undefined },
): Promise<void> {
  if (client.appId !== undefined && principal !== undefined) {
    const { app } = await stateOf(ctx, principal.orgId);
    if (app.appId !== client.appId) refuse('E_APPLICATION');
  }
  if (client.nonce !== undefined) checkNonce(ctx, client.nonce, principal?.orgId ?? '');
}

function checkNonce(ctx: Context, text: string, orgId: string): void {
  const { uuid, date } = readNonce(text);
  const at = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  const now = ctx.env.now();
  const isFresh = Math.abs(now - at) <= NONCE_AGE_MS_MAX;
  if (typeof uuid !== 'string' || uuid.length < 13 || uuid.length > 100 || !isFresh) refuse('E_NONCE');
  const key = `${orgId}/${uuid}`;
  if (nonces.has(key)) refuse('E_NONCE_USED');
  nonces.set(key, now);
  for (const [known, since] of nonces) {
    if (now - since <= 2 * NONCE_AGE_MS_MAX && nonces.size <= NONCES_MAX) break;
    nonces.delete(known);
  }
}

function readNonce(text: string): JsonObject {
  try {
    return asJsonObject(parseStrictJsonBytes(fromBase64Url(text.replace(/={1,2}$/, '')), { bytesMax: 1000 }));
  } catch (error) {
    if (error instanceof WireError) refuse('E_NONCE');
    throw error;
  }
}
