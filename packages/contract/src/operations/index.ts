/** All operations of this release, and the one matcher that the api and every signer use on a path. */
import * as auth from './auth/index.ts';
import * as cluster from './cluster/index.ts';
import * as health from './health/index.ts';
import * as keys from './keys/index.ts';
import * as networks from './networks/index.ts';
import type { Effect, Method, Operation } from './operation.ts';
import * as orgs from './orgs/index.ts';
import * as permissions from './permissions/index.ts';
import * as signers from './signers/index.ts';
import * as wallets from './wallets/index.ts';

export {
  type Auth,
  type BodyOf,
  type Effect,
  type Method,
  type Operation,
  operation,
  type ParamKind,
  paramKinds,
  permissionsOf,
  problemOfParam,
  type QueryOf,
  type ReplyOf,
  type Requirement,
} from './operation.ts';
export { auth, cluster, health, keys, networks, orgs, permissions, signers, wallets };

export const operations: readonly Operation[] = [
  ...Object.values<Operation>(auth),
  ...Object.values<Operation>(permissions),
  ...Object.values<Operation>(orgs),
  ...Object.values<Operation>(keys),
  ...Object.values<Operation>(wallets),
  ...Object.values<Operation>(networks),
  ...Object.values<Operation>(signers),
  ...Object.values<Operation>(cluster),
  ...Object.values<Operation>(health),
];

/** What a signer must itself check before anything happens. */
export const signedOperations: readonly Operation[] = operations.filter((of) => of.effect !== 'none');

/** Unique name of an operation: `wallets.importWallet`. */
export const fullName = (of: Operation): string => `${of.domain}.${of.name}`;

/** Signs a transaction that is completed by the platform and broadcast: a transfer, a transaction, or what replaces one. */
export const isOrder = (of: Operation): boolean =>
  of.effect === 'sign' && of !== wallets.generateSignature && of !== keys.generateSignature;

/** The effect of one request: a wallet on a key that is there makes a record, not a key; a password is no key at all. */
export function effectOf(of: Operation, body: unknown): Effect {
  if (of === auth.createCredential && isOwnSecret(body)) return 'none';
  return of === wallets.createWallet && reusesKey(body) ? 'wallet' : of.effect;
}

export interface Match {
  readonly operation: Operation;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * The operation behind a method and a raw path without query. The path is matched as it came, never decoded or
 * normalised; static segments win over parameters. Parameters are not yet checked to be ids.
 *
 *     matchOperation('POST', '/wallets/import')?.operation.name  // 'importWallet'
 */
export function matchOperation(method: string, path: string): Match | undefined {
  for (const route of routesOf(path)) {
    if (answers(route.operation, method)) return { operation: route.operation, params: paramsOf(route, path) };
  }
  return undefined;
}

/** The methods that a path answers, for 405 replies; empty when there is no such path. */
export function methodsOf(path: string): readonly Method[] {
  const methods = routesOf(path).flatMap(({ operation: of }) => [of.method, ...(of.alsoMethods ?? [])]);
  return [...new Set(methods)].sort();
}

interface Route {
  readonly operation: Operation;
  readonly segments: readonly string[];
}

const answers = (of: Operation, method: string): boolean =>
  of.method === method || of.alsoMethods?.some((other) => other === method) === true;

const segmentsOf = (path: string): readonly string[] => path.split('/').slice(1);
const isParam = (segment: string): boolean => segment.startsWith(':');

/** Routes with fewer parameters first, so that `/wallets/import` is tried before `/wallets/:walletId`. */
const routes: readonly Route[] = operations
  .map((of) => ({ operation: of, segments: segmentsOf(of.path) }))
  .sort((a, b) => a.segments.filter(isParam).length - b.segments.filter(isParam).length);

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

/** Only the routes with the fewest parameters: `GET /keys/import` is a wrong method, not a key called import. */
function routesOf(path: string): readonly Route[] {
  const given = segmentsOf(path);
  if (!path.startsWith('/') || !given.every((segment) => SEGMENT.test(segment))) return [];
  const fitting = routes.filter(
    ({ segments }) =>
      segments.length === given.length && segments.every((segment, k) => isParam(segment) || segment === given[k]),
  );
  const least = fitting[0]?.segments.filter(isParam).length;
  return fitting.filter(({ segments }) => segments.filter(isParam).length === least);
}

function paramsOf(route: Route, path: string): Readonly<Record<string, string>> {
  const given = segmentsOf(path);
  return Object.fromEntries(
    route.segments.flatMap((segment, k) => (isParam(segment) ? [[segment.slice(1), given[k] ?? '']] : [])),
  );
}

/** Kinds that the api alone verifies. */
function isOwnSecret(body: unknown): boolean {
  const kind = typeof body === 'object' && body !== null && 'credentialKind' in body ? body.credentialKind : undefined;
  return kind === 'Password' || kind === 'Totp';
}

function reusesKey(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || !('signingKey' in body)) return false;
  const { signingKey } = body;
  return typeof signingKey === 'object' && signingKey !== null && 'id' in signingKey && signingKey.id !== undefined;
}
