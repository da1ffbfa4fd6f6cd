/**
 * Personal access tokens: a key in the signed body of its user (security-model.md 2.6 (d), E1) that acts for that user
 * within what the user may, or within what is assigned to the token.
 */
import { refuse } from '../../errors/index.ts';
import { accountCredentialIdOf, deriveId } from '../../ids/index.ts';
import type { CredentialRecord } from '../../types/index.ts';
import { type PersonalTokenRecord, type State, withEntry } from '../state.ts';
import { actorOf, checkGrant } from './cap.ts';
import { readOptionalInteger, readOptionalText, readParam, readText } from './fields.ts';
import type { Reducer } from './reducer.ts';

const DAY_S = 86_400;
export const TOKEN_DAYS_MAX = 730;

export const createPersonalAccessToken: Reducer = (state, act, deps) => {
  const { body, nullifier, user, challenge } = act;
  if (user.isServiceAccount) refuse('E_FORBIDDEN', 'a service account has the one token it was created with');
  const name = readText(body, 'name', 100);
  const publicKey = readText(body, 'publicKey', 4096);
  const { algorithm } = deps.verify.parsePublicKey(publicKey);
  const daysValid = readOptionalInteger(body, 'daysValid', { min: 1, max: TOKEN_DAYS_MAX });
  const secondsValid = readOptionalInteger(body, 'secondsValid', { min: 1, max: TOKEN_DAYS_MAX * DAY_S });
  const lasts = secondsValid ?? (daysValid === undefined ? undefined : daysValid * DAY_S);
  const tokenId = deriveId('to', nullifier);
  const credential: CredentialRecord = {
    credentialId: accountCredentialIdOf(nullifier),
    uuid: deriveId('cr', nullifier),
    userId: user.userId,
    kind: 'Key',
    algorithm,
    publicKey,
    name,
    active: true,
    tokenId,
    ...(lasts === undefined ? {} : { expires: challenge.e + lasts }),
  };
  const permissionId = readOptionalText(body, 'permissionId', 64);
  const token: PersonalTokenRecord = {
    tokenId,
    userId: user.userId,
    credentialId: credential.credentialId,
    active: true,
    restricted: permissionId !== undefined,
  };
  const created: State = {
    ...state,
    credentials: withEntry(state.credentials, credential.credentialId, credential),
    personalTokens: withEntry(state.personalTokens, tokenId, token),
  };
  if (permissionId === undefined) return created;
  const permission = state.permissions.get(permissionId) ?? refuse('E_NOT_FOUND', 'permission not found');
  checkGrant(state, actorOf(act), permission.operations);
  const id = deriveId('as', nullifier);
  return { ...created, assignments: withEntry(state.assignments, id, { id, permissionId, identityId: tokenId }) };
};

/** Only the name; `externalId` is the api's own affair. */
export const updatePersonalAccessToken: Reducer = (state, act) => {
  const token = ownToken(state, act);
  const credential = state.credentials.get(token.credentialId);
  if (credential === undefined) throw new Error('bug: a token without its key');
  const name = readOptionalText(act.body, 'name', 100) ?? credential.name;
  return { ...state, credentials: withEntry(state.credentials, token.credentialId, { ...credential, name }) };
};

export function setPersonalAccessTokenActive(active: boolean): Reducer {
  return (state, act) => withToken(state, { ...ownToken(state, act), active });
}

export const archivePersonalAccessToken: Reducer = (state, act) =>
  withToken(state, { ...ownToken(state, act), active: false, archived: true });

/** The tokens of a user who is deactivated; activating the user does not bring them back. */
export function endTokensOf(state: State, userId: string): State {
  const own = [...state.personalTokens.values()].filter((token) => token.userId === userId && token.active);
  return own.reduce((next, token) => withToken(next, { ...token, active: false }), state);
}

/** Another user's is as unknown as one that never was. */
function ownToken(state: State, { operation, user }: Parameters<Reducer>[1]): PersonalTokenRecord {
  const token = state.personalTokens.get(readParam(operation.params, 'tokenId'));
  if (token === undefined || token.userId !== user.userId) return refuse('E_NOT_FOUND', 'token not found');
  if (token.archived === true) refuse('E_CONFLICT', 'token is archived');
  return token;
}

/** A token and its key are active together. */
function withToken(state: State, token: PersonalTokenRecord): State {
  const credential = state.credentials.get(token.credentialId);
  if (credential === undefined) throw new Error('bug: a token without its key');
  return {
    ...state,
    personalTokens: withEntry(state.personalTokens, token.tokenId, token),
    credentials: withEntry(state.credentials, token.credentialId, { ...credential, active: token.active }),
  };
}
