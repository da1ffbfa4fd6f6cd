/**
 * End users, whom a service account registers for the organisation's own application (security-model.md 2.6 (d), E5).
 * The service account signs twice: that the user exists, and which key it saw the user register.
 */
import { credentialKinds, isCredentialId, isCredentialKind } from '../../assertion/index.ts';
import { refuse } from '../../errors/index.ts';
import { deriveId } from '../../ids/index.ts';
import type { CredentialRecord } from '../../types/index.ts';
import {
  END_USER_ACCESS,
  hasEnrolled,
  isPlatformPermission,
  type State,
  type UserRecord,
  withEntry,
} from '../state.ts';
import { readText } from './fields.ts';
import type { Reducer } from './reducer.ts';

const CREDENTIALS_MAX = 3;

/** With the permission that every end user has, which opens nothing but what is delegated to that user. */
export const createDelegatedUser: Reducer = (state, { body, nullifier, user }) => {
  if (!user.isServiceAccount) refuse('E_FORBIDDEN', 'only a service account registers end users');
  if (body['kind'] !== 'EndUser') refuse('E_UNSUPPORTED', 'body.kind must be EndUser');
  const username = readText(body, 'email', 256);
  const taken = [...state.users.values()].some(
    (each) => !each.isServiceAccount && each.username.toLowerCase() === username.toLowerCase(),
  );
  if (taken) refuse('E_USER_EXISTS', 'User already exists.');
  const permission = [...state.permissions.values()].find((each) => isPlatformPermission(each, END_USER_ACCESS));
  if (permission === undefined) throw new TypeError(`the managed permissions lack ${END_USER_ACCESS}`);
  const [userId, id] = [deriveId('us', nullifier), deriveId('as', nullifier)];
  const created: UserRecord = { userId, username, kind: 'EndUser', active: true, isServiceAccount: false };
  return {
    ...state,
    users: withEntry(state.users, userId, created),
    assignments: withEntry(state.assignments, id, { id, permissionId: permission.id, identityId: userId }),
  };
};

/** The first credentials of an end user, all at once: after them nobody but the user adds another. */
export const confirmRegistration: Reducer = (state, { body, nullifier, user: account }, deps) => {
  if (!account.isServiceAccount) refuse('E_FORBIDDEN', 'only a service account confirms what it saw registered');
  const user = state.users.get(readText(body, 'userId', 64));
  if (user?.kind !== 'EndUser') return refuse('E_NOT_FOUND', 'user not found');
  if (!user.active) refuse('E_FORBIDDEN', 'User account has been deactivated.');
  checkFirst(state, user);
  const wishes = body['credentials'];
  if (!Array.isArray(wishes) || wishes.length < 1 || wishes.length > CREDENTIALS_MAX)
    return refuse('E_BODY', `body.credentials must be 1 to ${CREDENTIALS_MAX} credentials`, {
      path: 'body.credentials',
    });
  const credentials = new Map(state.credentials);
  for (const [k, wish] of wishes.entries()) {
    const credential = credentialOf(wish, { user, uuid: deriveId('cr', nullifier, k), verify: deps.verify });
    if (credentials.has(credential.credentialId)) refuse('E_CREDENTIAL_EXISTS', 'credential is already registered');
    credentials.set(credential.credentialId, credential);
  }
  return { ...state, credentials };
};

/** What the organisation could add later it could sign with: the keys of an end user obey nobody else (P18). */
export function checkFirst(state: State, user: UserRecord): void {
  if (hasEnrolled(state, user.userId))
    refuse('E_FORBIDDEN', 'an end user who has enrolled a credential confirms further ones alone');
}

function credentialOf(
  wish: unknown,
  o: {
    readonly user: UserRecord;
    readonly uuid: string;
    readonly verify: Parameters<Reducer>[2]['verify'];
  },
): CredentialRecord {
  if (typeof wish !== 'object' || wish === null || Array.isArray(wish))
    return refuse('E_BODY', 'body.credentials must be JSON objects', { path: 'body.credentials' });
  const body = wish as Parameters<typeof readText>[0];
  const { kind } = body;
  if (!isCredentialKind(kind))
    return refuse('E_UNSUPPORTED', `body.credentials.kind must be one of ${credentialKinds.join(', ')}`);
  const credentialId = readText(body, 'credentialId', 1364);
  if (!isCredentialId(credentialId))
    refuse('E_BODY', 'body.credentials.credentialId is not a credential id', { path: 'body.credentials' });
  const publicKey = readText(body, 'publicKey', 4096);
  const { algorithm } = o.verify.parsePublicKey(publicKey);
  const name = readText(body, 'name', 100);
  const { userId } = o.user;
  return { credentialId, uuid: o.uuid, userId, kind, algorithm, publicKey, name, active: true };
}
