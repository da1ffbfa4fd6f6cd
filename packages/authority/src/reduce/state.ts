/** What an organisation's chain says so far. Immutable: every entry makes a new one. */
import type { VerifyPort } from '../assertion/index.ts';
import type { Base64Url, CredentialRecord, KeyAlgorithm } from '../types/index.ts';

export interface UserRecord {
  readonly userId: string;
  /** E-mail address, or the name of a service account. */
  readonly username: string;
  readonly kind: 'CustomerEmployee' | 'EndUser';
  readonly active: boolean;
  readonly isServiceAccount: boolean;
  /** Deactivated for good; the name stays taken. */
  readonly archived?: true;
}

export interface ServiceAccountRecord {
  readonly userId: string;
  readonly tokenId: string;
  readonly credentialId: string;
  readonly daysValid?: number;
}

/** A key of a user's own that may do at most what the user may (permissions.md §3). Its credential carries its id. */
export interface PersonalTokenRecord {
  readonly tokenId: string;
  readonly userId: string;
  readonly credentialId: string;
  readonly active: boolean;
  /** It has been assigned a permission once: from then on it has what is assigned to it and nothing else. */
  readonly restricted: boolean;
  readonly archived?: true;
}

/** Where passkeys are used, beside the place that the genesis names. */
export interface ApplicationRecord {
  readonly appId: string;
  readonly kind: 'ClientSideApplication' | 'ServerSideApplication';
  readonly name: string;
  readonly origin: string;
  readonly rpId: string;
  readonly active: boolean;
  /** It has been assigned a permission once: from then on it has what is assigned to it and nothing else. */
  readonly restricted: boolean;
  readonly archived?: true;
  /** Of a server-signed one: PEM SubjectPublicKeyInfo. */
  readonly publicKey?: string;
  readonly algorithm?: KeyAlgorithm;
}

export interface PermissionRecord {
  readonly id: string;
  readonly name: string;
  /** What it opens, older names resolved. */
  readonly operations: ReadonlySet<string>;
  /** Of one that the organisation made itself: the names as given. Absent on those that come with the platform. */
  readonly names?: readonly string[];
  /** Grants nothing. */
  readonly archived?: boolean;
}

export interface AssignmentRecord {
  readonly id: string;
  readonly permissionId: string;
  /** A user, service accounts included, a personal access token or an application. */
  readonly identityId: string;
}

export interface State {
  readonly org: string;
  readonly name: string;
  readonly genesisHash: Base64Url;
  readonly app: { readonly appId: string; readonly origin: string; readonly rpId: string };
  readonly apps: ReadonlyMap<string, ApplicationRecord>;
  readonly settings: { readonly keyImport: boolean; readonly keyExport: boolean };
  readonly users: ReadonlyMap<string, UserRecord>;
  /** By credential id. Only credentials that count at signers: code-enrolled ones appear when confirmed (rulings 3). */
  readonly credentials: ReadonlyMap<string, CredentialRecord>;
  readonly serviceAccounts: ReadonlyMap<string, ServiceAccountRecord>;
  readonly personalTokens: ReadonlyMap<string, PersonalTokenRecord>;
  readonly permissions: ReadonlyMap<string, PermissionRecord>;
  readonly assignments: ReadonlyMap<string, AssignmentRecord>;
  readonly height: number;
  readonly head: Base64Url;
}

/** What the contract says about a request, as far as this room needs it. */
export interface KnownOperation {
  /** With its domain, `auth.createUser`. */
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
  /** What a signer does on it; depends on the body for a few. */
  effect(body: unknown): string;
  /** Permission names; total over any JSON object, since it is asked before the schema. */
  permissions(body: unknown): readonly string[];
  /** The first thing wrong with parameters and body; unknown fields are wrong. */
  problem(body: unknown): Problem | undefined;
}

export interface Problem {
  readonly code: 'E_BODY' | 'E_PARAM';
  readonly path: string;
  readonly message: string;
}

export interface ManagedPermissionSource {
  readonly name: string;
  readonly operations: readonly string[];
}

/** What is not in the chain: the cluster's own name, the signature check, and the contract of this release. */
export interface AuthorityDeps {
  readonly clusterFingerprint: Base64Url;
  readonly verify: VerifyPort;
  /** Operations that users sign for the signers; undefined for everything else. */
  operation(method: string, path: string): KnownOperation | undefined;
  readonly managedPermissions: readonly ManagedPermissionSource[];
  /** Whether a permission definition may hold this name, current or older. */
  isGrantable(name: string): boolean;
  /** What names grant together, in current names. */
  grantsOf(names: readonly string[]): ReadonlySet<string>;
}

export const FULL_ADMIN = 'ManagedFullAdminAccess';
export const END_USER_ACCESS = 'ManagedDefaultEndUserAccess';

/** Who acts: a user, by a credential of their own or by one of their personal access tokens. */
export interface Actor {
  readonly userId: string;
  readonly tokenId?: string | undefined;
}

/** True if the actor is active and its assignments together allow every named operation. */
export function permitted(state: State, actor: Actor, operationNames: readonly string[]): boolean {
  return missingPermission(state, actor, operationNames) === undefined;
}

/** The first of the named operations that the actor may not do. */
export function missingPermission(state: State, actor: Actor, operationNames: readonly string[]): string | undefined {
  if (state.users.get(actor.userId)?.active !== true) return operationNames[0] ?? 'any';
  const token = actor.tokenId === undefined ? undefined : state.personalTokens.get(actor.tokenId);
  if (actor.tokenId !== undefined && token?.active !== true) return operationNames[0] ?? 'any';
  const allowed = operationsHeld(state, actor);
  return operationNames.find((name) => !allowed.has(name));
}

/** What an actor may do: of a token, at most what its user may and, once restricted, at most what is assigned to it. */
export function operationsHeld(state: State, { userId, tokenId }: Actor): ReadonlySet<string> {
  const ofUser = forKind(state, userId, operationsOf(state, userId));
  if (tokenId === undefined) return ofUser;
  const token = state.personalTokens.get(tokenId);
  if (token === undefined || token.userId !== userId) return new Set();
  if (!token.restricted) return ofUser;
  return new Set([...operationsOf(state, tokenId)].filter((name) => ofUser.has(name)));
}

/** An end user has no business but with the keys and wallets that are its own, whatever is assigned (permissions.md §1). */
function forKind(state: State, userId: string, operations: ReadonlySet<string>): ReadonlySet<string> {
  if (state.users.get(userId)?.kind !== 'EndUser') return operations;
  return new Set([...operations].filter((name) => ofOwnThings.test(name) && !ofOrganisation.has(name)));
}
const ofOwnThings = /^(Keys|Wallets):/;
const ofOrganisation: ReadonlySet<string> = new Set(['Keys:Delete', 'Keys:Delegate', 'Keys:Import']);

/** Whether this user ever had a credential that counts at signers. */
export function hasEnrolled(state: State, userId: string): boolean {
  for (const credential of state.credentials.values()) if (credential.userId === userId) return true;
  return false;
}

/** Whether this user can sign now. */
export function canSign(state: State, userId: string): boolean {
  for (const { userId: owner, active, kind } of state.credentials.values())
    if (owner === userId && active && kind !== 'RecoveryKey') return true;
  return false;
}

/** Where assertions of this organisation may come from: its first application and every other that is active. */
export function placesOf({ app, apps }: Pick<State, 'app' | 'apps'>): {
  readonly origins: readonly string[];
  readonly rpIds: readonly string[];
} {
  const active = [...apps.values()].filter((each) => each.active);
  return {
    origins: [app.origin, ...active.map(({ origin }) => origin)],
    rpIds: [app.rpId, ...active.map(({ rpId }) => rpId)],
  };
}

/** The union of what is assigned to an identity, active or not. */
export function operationsOf(state: State, identityId: string): ReadonlySet<string> {
  const operations = new Set<string>();
  for (const assignment of state.assignments.values()) {
    if (assignment.identityId !== identityId) continue;
    const permission = state.permissions.get(assignment.permissionId);
    if (permission === undefined || permission.archived === true) continue;
    for (const name of permission.operations) operations.add(name);
  }
  return operations;
}

/** The platform's own permission to everything; one that an organisation gave the same name is not it. */
export const isFullAdmin = (permission: PermissionRecord): boolean => isPlatformPermission(permission, FULL_ADMIN);

/** The platform's own permission of this name. */
export const isPlatformPermission = ({ name, names }: PermissionRecord, wanted: string): boolean =>
  name === wanted && names === undefined;

/** People who can still change everything: an active user with full access and an active credential. */
export function effectiveAdmins(state: State): readonly string[] {
  const full = new Set([...state.permissions.values()].filter(isFullAdmin).map(({ id }) => id));
  const holders = new Set(
    [...state.assignments.values()].filter((one) => full.has(one.permissionId)).map((one) => one.identityId),
  );
  const able = new Set(
    [...state.credentials.values()]
      .filter(({ active, tokenId, kind }) => active && tokenId === undefined && kind !== 'RecoveryKey')
      .map(({ userId }) => userId),
  );
  return [...state.users.values()]
    .filter(({ kind }) => kind !== 'EndUser')
    .filter((user) => user.active && !user.isServiceAccount && holders.has(user.userId) && able.has(user.userId))
    .map(({ userId }) => userId);
}

/** A copy of a map with one entry set. */
export function withEntry<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return new Map(map).set(key, value);
}

export function withoutEntry<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}
