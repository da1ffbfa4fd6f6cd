/** Permissions that an organisation defines itself: made, changed and archived (permissions.md §1). */
import type { JsonObject } from '@holdfast/contract/wire';
import { refuse } from '../../errors/index.ts';
import { deriveId } from '../../ids/index.ts';
import { type AuthorityDeps, type PermissionRecord, type State, withEntry } from '../state.ts';
import { actorOf, checkGrant } from './cap.ts';
import { readOptionalBoolean, readOptionalText, readParam, readText } from './fields.ts';
import type { Reducer } from './reducer.ts';

const NAMES_MAX = 256;

/** Nobody writes down more than they have: whoever may assign it next could hand it to the author. */
export const createPermission: Reducer = (state, act, deps) => {
  const { body, nullifier } = act;
  const name = readText(body, 'name', 100);
  checkNameFree(state, name);
  const names = readNames(body, deps);
  const operations = deps.grantsOf(names);
  checkGrant(state, actorOf(act), operations);
  const id = deriveId('pm', nullifier);
  return { ...state, permissions: withEntry(state.permissions, id, { id, name, operations, names }) };
};

/** What is added is granted to everybody who holds the permission. */
export const updatePermission: Reducer = (state, act, deps) => {
  const { operation, body } = act;
  const permission = changeable(state, operation.params);
  const name = readOptionalText(body, 'name', 100) ?? permission.name;
  if (name !== permission.name) checkNameFree(state, name);
  const names = body['operations'] === undefined ? permission.names : readNames(body, deps);
  const operations = deps.grantsOf(names);
  const added = [...operations].filter((each) => !permission.operations.has(each));
  checkGrant(state, actorOf(act), added);
  const changed = { ...permission, name, operations, names };
  return { ...state, permissions: withEntry(state.permissions, permission.id, changed) };
};

/** Both ways; to bring one back is to grant it anew. The name stays taken. */
export const archivePermission: Reducer = (state, act) => {
  const { operation, body } = act;
  const permission = changeable(state, operation.params);
  const archived =
    readOptionalBoolean(body, 'isArchived') ??
    refuse('E_BODY', 'body.isArchived is required', { path: 'body.isArchived' });
  if (!archived && permission.archived === true) checkGrant(state, actorOf(act), permission.operations);
  return { ...state, permissions: withEntry(state.permissions, permission.id, { ...permission, archived }) };
};

type Defined = PermissionRecord & { readonly names: readonly string[] };

function changeable(state: State, params: Readonly<Record<string, string>>): Defined {
  const permission =
    state.permissions.get(readParam(params, 'permissionId')) ?? refuse('E_NOT_FOUND', 'permission not found');
  const { names } = permission;
  if (names === undefined)
    return refuse('E_IMMUTABLE', `${permission.name} comes with the platform and cannot be changed`);
  return { ...permission, names };
}

/** Archived ones included, and those of the platform. */
function checkNameFree(state: State, name: string): void {
  const taken = [...state.permissions.values()].some((each) => each.name.toLowerCase() === name.toLowerCase());
  if (taken) refuse('E_CONFLICT', 'a permission of this name exists already');
}

function readNames(body: JsonObject, deps: AuthorityDeps): readonly string[] {
  const value = body['operations'];
  if (!Array.isArray(value) || value.length < 1 || value.length > NAMES_MAX)
    return refuse('E_BODY', `body.operations must be 1 to ${NAMES_MAX} names of operations`, {
      path: 'body.operations',
    });
  for (const [k, name] of value.entries()) {
    if (typeof name !== 'string' || !deps.isGrantable(name))
      refuse('E_BODY', `body.operations.${k} is not the name of an operation`, { path: `body.operations.${k}` });
  }
  return [...new Set(value as string[])];
}
