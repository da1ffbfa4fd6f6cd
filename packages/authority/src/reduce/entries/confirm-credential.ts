/** Someone already enrolled vouches for a credential that was enrolled by a code (rulings 3). */
import { credentialKinds, isCredentialId, isCredentialKind } from '../../assertion/index.ts';
import { refuse } from '../../errors/index.ts';
import { deriveId } from '../../ids/index.ts';
import type { CredentialRecord } from '../../types/index.ts';
import { missingPermission, operationsOf, withEntry } from '../state.ts';
import { actorOf, checkGrant } from './cap.ts';
import { checkFirst } from './delegated-registration.ts';
import { readText } from './fields.ts';
import type { Reducer } from './reducer.ts';

export const confirmCredential: Reducer = (state, act, deps) => {
  const { body, nullifier } = act;
  const user = state.users.get(readText(body, 'userId', 64)) ?? refuse('E_NOT_FOUND', 'user not found');
  const isOwn = user.userId === act.user.userId;
  const missing = isOwn ? undefined : missingPermission(state, actorOf(act), ['Auth:Users:Update']);
  if (missing !== undefined)
    refuse('E_FORBIDDEN', `${act.user.kind} ${act.user.userId} is not authorized to perform operation (${missing})`, {
      operation: missing,
    });
  if (user.isServiceAccount) refuse('E_FORBIDDEN', 'a service account has the one credential it was created with');
  const credentialId = readText(body, 'credentialId', 1364);
  const kind = body['kind'];
  if (!isCredentialKind(kind)) return refuse('E_UNSUPPORTED', `body.kind must be one of ${credentialKinds.join(', ')}`);
  if (!isCredentialId(credentialId))
    refuse('E_BODY', 'body.credentialId is not a credential id', { path: 'body.credentialId' });
  if (state.credentials.has(credentialId)) refuse('E_CREDENTIAL_EXISTS', 'credential is already registered');
  const publicKey = readText(body, 'publicKey', 4096);
  const { algorithm } = deps.verify.parsePublicKey(publicKey);
  // Whoever holds the key acts as that user: to confirm it is to grant all the user has.
  if (!isOwn) checkGrant(state, actorOf(act), operationsOf(state, user.userId));
  if (!isOwn && user.kind === 'EndUser') checkFirst(state, user);
  const credential: CredentialRecord = {
    credentialId,
    uuid: deriveId('cr', nullifier),
    userId: user.userId,
    kind,
    algorithm,
    publicKey,
    name: readText(body, 'name', 100),
    active: true,
  };
  return { ...state, credentials: withEntry(state.credentials, credentialId, credential) };
};
