/** The reducer's state of an organisation, as the database keeps it, and a copy of it in memory. */
import { authorityDeps } from '@holdfast/authority/contract-rules';
import { permissionIdOf } from '@holdfast/authority/ids';
import {
  type AuthorityDeps,
  type PermissionRecord,
  reviveState,
  type State,
  stateText,
} from '@holdfast/authority/reduce';
import { nodeVerify } from '@holdfast/authority/verify-node';
import { refuse } from '@holdfast/contract/errors';
import { managedPermissions } from '@holdfast/contract/permissions';
import { fromBase64Url } from '@holdfast/contract/wire';
import { findHead, findOrganisation } from '@holdfast/storage/records';
import type { Context } from '../context.ts';

export function depsOf(ctx: Pick<Context, 'signers'>): AuthorityDeps {
  return authorityDeps({ clusterFingerprint: ctx.signers.fingerprint, verify: nodeVerify });
}

/** Organisations whose state stays in memory; the least recently used one goes first. */
const STATES_MAX = 500;
const states = new WeakMap<object, Map<string, State>>();

/** The state at the committed head; `knownHead` is what this very request has just read of it. */
export async function stateOf(ctx: Pick<Context, 'db'>, orgId: string, knownHead?: string): Promise<State> {
  const known = states.get(ctx.db) ?? new Map<string, State>();
  states.set(ctx.db, known);
  const head = knownHead ?? (await findHead(ctx.db.kysely, orgId));
  if (head === undefined) refuse('E_NOT_FOUND', 'organisation not found');
  const remembered = known.get(orgId);
  const state = remembered?.head === head ? remembered : await readState(ctx, orgId);
  known.delete(orgId);
  known.set(orgId, state);
  const oldest = known.keys().next();
  if (known.size > STATES_MAX && !oldest.done) known.delete(oldest.value);
  return state;
}

async function readState(ctx: Pick<Context, 'db'>, orgId: string): Promise<State> {
  const row = await findOrganisation(ctx.db.kysely, orgId);
  return row === undefined ? refuse('E_NOT_FOUND', 'organisation not found') : decodeState(row.state);
}

/** JSON of a state: maps become lists of pairs, sets become lists, both under a name that says so. */
export function encodeState(state: State): unknown {
  return JSON.parse(stateText(state));
}

/** The managed permissions open what this release says, so that a new operation is open to administrators at once. */
export function decodeState(json: unknown): State {
  const state = {
    personalTokens: new Map(),
    apps: new Map(),
    ...(reviveState(json) as Omit<State, 'personalTokens' | 'apps'>),
  } as State;
  const managed = new Map<string, readonly string[]>(
    managedPermissions.map(({ name, operations }) => [name, operations]),
  );
  const permissions = [...state.permissions].map(([id, permission]) => {
    const operations = permission.names === undefined ? managed.get(permission.name) : undefined;
    return [id, operations === undefined ? permission : { ...permission, operations: new Set(operations) }] as const;
  });
  return { ...state, permissions: new Map([...permissions, ...newManaged(state)]) };
}

/** Those that came with a later release than the organisation did. */
function newManaged({ genesisHash, permissions }: State): [string, PermissionRecord][] {
  const hash = fromBase64Url(genesisHash, { bytes: 32 });
  return managedPermissions.flatMap(({ name, operations }): [string, PermissionRecord][] => {
    const id = permissionIdOf(hash, name);
    return permissions.has(id) ? [] : [[id, { id, name, operations: new Set<string>(operations) }]];
  });
}
