/** A machine's identity: a user whose one credential is the key in the signed body (security-model.md 2.6 (d), E1). */

import { refuse } from '../../errors/index.ts';
import { accountCredentialIdOf, deriveId } from '../../ids/index.ts';
import type { CredentialRecord } from '../../types/index.ts';
import { type ServiceAccountRecord, withEntry } from '../state.ts';
import { actorOf, checkGrant } from './cap.ts';
import { readOptionalInteger, readOptionalText, readText } from './fields.ts';
import type { Reducer } from './reducer.ts';

const DAY_S = 86_400;

export const createServiceAccount: Reducer = (state, act, deps) => {
  const { body, nullifier, challenge } = act;
  const name = readText(body, 'name', 100);
  const publicKey = readText(body, 'publicKey', 4096);
  const daysValid = readOptionalInteger(body, 'daysValid', { min: 1, max: 730 });
  const { algorithm } = deps.verify.parsePublicKey(publicKey);
  const userId = deriveId('us', nullifier);
  const credential: CredentialRecord = {
    credentialId: accountCredentialIdOf(nullifier),
    uuid: deriveId('cr', nullifier),
    userId,
    kind: 'Key',
    algorithm,
    publicKey,
    name,
    active: true,
    ...(daysValid === undefined ? {} : { expires: challenge.e + daysValid * DAY_S }),
  };
  const account: ServiceAccountRecord = {
    userId,
    tokenId: deriveId('to', nullifier),
    credentialId: credential.credentialId,
    ...(daysValid === undefined ? {} : { daysValid }),
  };
  const created = {
    ...state,
    users: withEntry(state.users, userId, {
      userId,
      username: name,
      kind: 'CustomerEmployee' as const,
      active: true,
      isServiceAccount: true,
    }),
    credentials: withEntry(state.credentials, credential.credentialId, credential),
    serviceAccounts: withEntry(state.serviceAccounts, userId, account),
  };
  const permissionId = readOptionalText(body, 'permissionId', 64);
  if (permissionId === undefined) return created;
  const permission = state.permissions.get(permissionId) ?? refuse('E_NOT_FOUND', 'permission not found');
  checkGrant(state, actorOf(act), permission.operations);
  const id = deriveId('as', nullifier);
  return { ...created, assignments: withEntry(state.assignments, id, { id, permissionId, identityId: userId }) };
};
