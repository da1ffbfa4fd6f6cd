/** A further credential of the user who signs, attested by its own key for a registration challenge of the same user. */
import { credentialKinds, isCredentialId, isCredentialKind, verifyAttestation } from '../../assertion/index.ts';
import { decodeChallenge } from '../../challenge/index.ts';
import { refuse } from '../../errors/index.ts';
import { deriveId } from '../../ids/index.ts';
import type { CredentialRecord } from '../../types/index.ts';
import { placesOf, withEntry } from '../state.ts';
import { readObject, readText } from './fields.ts';
import type { Reducer } from './reducer.ts';

export const createCredential: Reducer = (state, { body, user, nullifier }, deps) => {
  const kind = body['credentialKind'];
  if (!isCredentialKind(kind))
    return refuse('E_UNSUPPORTED', `body.credentialKind must be one of ${credentialKinds.join(', ')}`);
  if (user.isServiceAccount) refuse('E_FORBIDDEN', 'a service account has the one credential it was created with');
  const info = readObject(body, 'credentialInfo');
  const attested = verifyAttestation({
    kind,
    info: {
      credId: readText(info, 'credId', 1364),
      clientData: readText(info, 'clientData', 8192),
      attestationData: readText(info, 'attestationData', 32_768),
    },
    ...placesOf(state),
    verify: deps.verify,
  });
  const challenge = decodeChallenge(attested.challenge);
  if (challenge.k !== 'Registration')
    refuse('E_CHALLENGE_KIND', `challenge kind ${challenge.k} cannot enrol a credential`);
  if (challenge.c !== deps.clusterFingerprint)
    refuse('E_CHALLENGE_CLUSTER', 'challenge was issued for another cluster');
  if (challenge.o !== state.org) refuse('E_CHALLENGE_ORG', 'challenge was issued for another organisation');
  if (challenge.u !== user.userId) refuse('E_CHALLENGE_USER', 'credential belongs to another user');
  const { credentialId, algorithm, publicKey } = attested;
  if (!isCredentialId(credentialId) || state.credentials.has(credentialId))
    refuse('E_CREDENTIAL_EXISTS', 'credential is already registered');
  const credential: CredentialRecord = {
    credentialId,
    uuid: deriveId('cr', nullifier),
    userId: user.userId,
    kind,
    algorithm,
    publicKey,
    name: readText(body, 'credentialName', 100),
    active: true,
  };
  return { ...state, credentials: withEntry(state.credentials, credentialId, credential) };
};
