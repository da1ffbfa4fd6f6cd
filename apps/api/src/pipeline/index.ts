/** The fixed gate before a handler, driven by the contract: nothing reaches a handler that did not pass it. */
import { refuse, WalletError } from '@holdfast/contract/errors';
import { fullName, type Match, type Operation, permissionsOf } from '@holdfast/contract/operations';
import { pick } from '@holdfast/contract/schema';
import type { Context } from '../context.ts';
import { checkParams, payloadText, readBody, readQuery } from './request.ts';
import { type AuthPorts, type Call, type Handler, type Principal, TextReply, type UserActionGrant } from './types.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: Uint8Array;
  readonly authorization: string | undefined;
  readonly userAction: string | undefined;
  readonly appId: string | undefined;
  readonly nonce: string | undefined;
  readonly appSecret: string | undefined;
  readonly apiSignature: string | undefined;
  readonly origin: string | undefined;
  readonly accept: string | undefined;
  readonly address: string;
  readonly requestId: string;
}

export interface Answer {
  readonly status: 200 | 204;
  readonly body: unknown;
  /** In place of the body, where the caller asked for another type and the handler has it. */
  readonly text?: TextReply;
  /** True when a documented query member was given that no signature covers. */
  readonly unsignedQuery: boolean;
}

export type Registry = ReadonlyMap<string, Handler>;

/** One handler for each operation, no more, no fewer. */
export function createRegistry(handlers: readonly Handler[], operations: readonly Operation[]): Registry {
  const registry = new Map(handlers.map((each) => [fullName(each.operation), each]));
  const missing = operations.filter((of) => !registry.has(fullName(of))).map(fullName);
  if (missing.length > 0) throw new Error(`operations without a handler: ${missing.join(', ')}`);
  if (registry.size !== handlers.length) throw new Error('an operation has two handlers');
  return registry;
}

/** Order: who · path and query · body · permission · user action · handler · reply. */
export async function run(
  ctx: Context,
  ports: { readonly auth: AuthPorts; readonly registry: Registry },
  match: Match,
  received: Received,
): Promise<Answer> {
  const { operation: of, params } = match;
  if (of.auth === 'public' && of.domain === 'auth') limitAddress(ctx, received.address);
  const caller = await authenticate(ctx, ports.auth, of, received);
  const appId = await clientOf(ctx, ports.auth, caller, received);
  const principal = caller === undefined || appId === undefined ? caller : { ...caller, appId };
  checkParams(params);
  const query = readQuery(of, received.query);
  const body = readBody(of, received.body);
  const grant = await admit(ctx, ports.auth, of, principal, received, body);

  const { requestId, path, address, origin, accept } = received;
  const call = {
    operation: of,
    principal,
    grant,
    params,
    query,
    body,
    requestId,
    path,
    appId,
    address,
    origin,
    accept,
  } as Call;
  const result = await handlerOf(ports.registry, of)(ctx, call);
  if (result instanceof TextReply) return { status: 200, body: undefined, text: result, unsignedQuery: false };
  const unsignedQuery = of.userAction && received.query !== '';
  return of.status === 204
    ? { status: 204, body: undefined, unsignedQuery }
    : { status: 200, body: pick(of.response, result), unsignedQuery };
}

/** The application that a request names, if it may. */
async function clientOf(
  ctx: Context,
  auth: AuthPorts,
  caller: Principal | undefined,
  received: Received,
): Promise<string | undefined> {
  const { appId, nonce, appSecret, apiSignature, method, path, query, body, authorization = '' } = received;
  if (appId === undefined && nonce === undefined && caller?.boundTo === undefined) return undefined;
  const target = query === '' ? path : `${path}?${query}`;
  const client = { appId, nonce, appSecret, apiSignature };
  return auth.checkClient?.(ctx, caller, client, { method, target, body, authorization });
}

/** Logins, codes and recoveries ask for no token, so who asks is known by the address alone. */
function limitAddress(ctx: Context, address: string): void {
  const waitMs = ctx.limits.addresses.take(address);
  if (waitMs > 0)
    throw new WalletError('E_RATE_LIMIT', undefined, { details: { retryAfterS: Math.ceil(waitMs / 1000) } });
}

async function authenticate(
  ctx: Context,
  auth: AuthPorts,
  of: Operation,
  { authorization }: Received,
): Promise<Principal | undefined> {
  switch (of.auth) {
    case 'bearer':
    case 'temp':
      return auth.authenticate(ctx, authorization, of.auth);
    case 'operator':
      await auth.authenticateOperator(ctx, authorization, of);
      return undefined;
    case 'public':
      return undefined;
    default:
      return of.auth satisfies never;
  }
}

/** Permission, then the user action, which is spent here whatever happens next. */
async function admit(
  ctx: Context,
  auth: AuthPorts,
  of: Operation,
  principal: Principal | undefined,
  { method, path, query, body: bytes, userAction }: Received,
  body: unknown,
): Promise<UserActionGrant | undefined> {
  if (principal === undefined) return undefined;
  const needs = permissionsOf(of, body);
  if (needs.length > 0) await auth.authorize(ctx, principal, needs);
  if (!of.userAction) return undefined;
  return auth.consumeUserAction(ctx, { method, path, query, payload: payloadText(bytes), userAction }, principal);
}

function handlerOf(registry: Registry, of: Operation): (ctx: Context, call: Call) => Promise<unknown> {
  const found = registry.get(fullName(of));
  if (!found) return refuse('E_NO_ENDPOINT');
  // `handler()` tied the handle to this very operation, whose schemas the call has just passed.
  return found.handle as (ctx: Context, call: Call) => Promise<unknown>;
}
