/** A permission for a user or a service account, at most what the grantor holds. */
import { refuse } from '../../errors/index.ts';
import { deriveId } from '../../ids/index.ts';
import { withEntry } from '../state.ts';
import { checkGrant } from './cap.ts';
import { readParam, readText } from './fields.ts';
import type { Reducer } from './reducer.ts';

export const createAssignment: Reducer = (state, { operation, body, user: actor, nullifier }) => {
  const permission =
    state.permissions.get(readParam(operation.params, 'permissionId')) ?? refuse('E_NOT_FOUND', 'permission not found');
  const identityId = readText(body, 'identityId', 64);
  if (!state.users.has(identityId)) refuse('E_NOT_FOUND', 'identity not found');
  checkGrant(state, actor.userId, permission.operations);
  const assigned = [...state.assignments.values()].some(
    (one) => one.permissionId === permission.id && one.identityId === identityId,
  );
  if (assigned) refuse('E_CONFLICT', 'the permission is already assigned to this identity');
  const id = deriveId('as', nullifier);
  return { ...state, assignments: withEntry(state.assignments, id, { id, permissionId: permission.id, identityId }) };
};
