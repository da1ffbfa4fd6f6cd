/** What an organisation's chain says so far. Immutable: every entry makes a new one. */
import type { VerifyPort } from '../assertion/index.ts';
import type { Base64Url, CredentialRecord } from '../types/index.ts';

export interface UserRecord {
  readonly userId: string;
  /** E-mail address, or the name of a service account. */
  readonly username: string;
  readonly kind: 'CustomerEmployee';
  readonly active: boolean;
  readonly isServiceAccount: boolean;
}

export interface ServiceAccountRecord {
  readonly userId: string;
  readonly tokenId: string;
  readonly credentialId: string;
  readonly daysValid?: number;
}

export interface PermissionRecord {
  readonly id: string;
  readonly name: string;
  readonly operations: ReadonlySet<string>;
}

export interface AssignmentRecord {
  readonly id: string;
  readonly permissionId: string;
  /** A user, service accounts included. */
  readonly identityId: string;
}

export interface State {
  readonly org: string;
  readonly name: string;
  readonly genesisHash: Base64Url;
  readonly app: { readonly appId: string; readonly origin: string; readonly rpId: string };
  readonly settings: { readonly keyImport: boolean; readonly keyExport: boolean };
  readonly users: ReadonlyMap<string, UserRecord>;
  /** By credential id. Only credentials that count at signers: code-enrolled ones appear when confirmed (rulings 3). */
  readonly credentials: ReadonlyMap<string, CredentialRecord>;
  readonly serviceAccounts: ReadonlyMap<string, ServiceAccountRecord>;
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
}

export const FULL_ADMIN = 'ManagedFullAdminAccess';

/** True if the user is active and its assignments together allow every named operation. */
export function permitted(state: State, userId: string, operationNames: readonly string[]): boolean {
  return missingPermission(state, userId, operationNames) === undefined;
}

/** The first of the named operations that the user may not do. */
export function missingPermission(state: State, userId: string, operationNames: readonly string[]): string | undefined {
  if (state.users.get(userId)?.active !== true) return operationNames[0] ?? 'any';
  const allowed = operationsOf(state, userId);
  return operationNames.find((name) => !allowed.has(name));
}

/** The union of what is assigned to an identity, active or not. */
export function operationsOf(state: State, identityId: string): ReadonlySet<string> {
  const operations = new Set<string>();
  for (const assignment of state.assignments.values()) {
    if (assignment.identityId !== identityId) continue;
    for (const name of state.permissions.get(assignment.permissionId)?.operations ?? []) operations.add(name);
  }
  return operations;
}

/** People who can still change everything: an active user with full access and an active credential. */
export function effectiveAdmins(state: State): readonly string[] {
  const full = new Set([...state.permissions.values()].filter(({ name }) => name === FULL_ADMIN).map(({ id }) => id));
  const holders = new Set(
    [...state.assignments.values()].filter((one) => full.has(one.permissionId)).map((one) => one.identityId),
  );
  const able = new Set([...state.credentials.values()].filter(({ active }) => active).map(({ userId }) => userId));
  return [...state.users.values()]
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
