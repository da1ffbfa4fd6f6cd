/** A permission for a user, a service account, a personal access token or an application, at most what the grantor holds. */
import { refuse } from '../../errors/index.ts';
import { deriveId } from '../../ids/index.ts';
import { withEntry } from '../state.ts';
import { actorOf, checkGrant } from './cap.ts';
import { readParam, readText } from './fields.ts';
import type { Reducer } from './reducer.ts';

export const createAssignment: Reducer = (state, act) => {
  const { operation, body, nullifier } = act;
  const permission =
    state.permissions.get(readParam(operation.params, 'permissionId')) ?? refuse('E_NOT_FOUND', 'permission not found');
  const identityId = readText(body, 'identityId', 64);
  const token = state.personalTokens.get(identityId);
  const app = state.apps.get(identityId);
  if (!state.users.has(identityId) && token === undefined && app === undefined)
    refuse('E_NOT_FOUND', 'identity not found');
  checkGrant(state, actorOf(act), permission.operations);
  const assigned = [...state.assignments.values()].some(
    (one) => one.permissionId === permission.id && one.identityId === identityId,
  );
  if (assigned) refuse('E_CONFLICT', 'the permission is already assigned to this identity');
  const id = deriveId('as', nullifier);
  const next = {
    ...state,
    assignments: withEntry(state.assignments, id, { id, permissionId: permission.id, identityId }),
  };
  if (app !== undefined) return { ...next, apps: withEntry(state.apps, identityId, { ...app, restricted: true }) };
  if (token === undefined) return next;
  return {
    ...next,
    personalTokens: withEntry(state.personalTokens, identityId, { ...token, restricted: true }),
  };
};
