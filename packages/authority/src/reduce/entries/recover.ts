/** Everything a user could sign with makes way for the set that the user's recovery key signed (auth.md §8). */
import { attestNewCredentials } from '../../consent/recovery.ts';
import { refuse } from '../../errors/index.ts';
import { deriveId } from '../../ids/index.ts';
import type { CredentialRecord } from '../../types/index.ts';
import { placesOf } from '../state.ts';
import { endTokensOf } from './personal-tokens.ts';
import type { Reducer } from './reducer.ts';

export const recover: Reducer = (state, { body, user, nullifier }, deps) => {
  const { credentials: attested } = attestNewCredentials(body, { places: placesOf(state), verify: deps.verify });
  const ended = endTokensOf(state, user.userId);
  const credentials = new Map<string, CredentialRecord>(
    [...ended.credentials].map(([id, one]) => [id, one.userId === user.userId ? { ...one, active: false } : one]),
  );
  for (const [k, { kind, credentialId, algorithm, publicKey, name }] of attested.entries()) {
    if (state.credentials.has(credentialId)) refuse('E_CREDENTIAL_EXISTS', 'credential is already registered');
    const uuid = deriveId('cr', nullifier, k);
    credentials.set(credentialId, {
      credentialId,
      uuid,
      userId: user.userId,
      kind,
      algorithm,
      publicKey,
      name,
      active: true,
    });
  }
  return { ...ended, credentials };
};
