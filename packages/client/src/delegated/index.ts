/**
 * The second signature of a delegated registration: the service account tells the signers which keys it saw its own user
 * register, from the attestations themselves and not from anything the api says of them.
 */
import { isCredentialKind, verifyAttestation } from '@holdfast/authority/assertion';
import { nodeVerify } from '@holdfast/authority/verify-node';
import type { HoldfastApi } from '../api/index.ts';

/** As it is sent to `registerEndUser`. */
export interface RegisteredCredential {
  readonly credentialKind: string;
  readonly credentialInfo: { readonly credId: string; readonly clientData: string; readonly attestationData: string };
  readonly credentialName?: string;
}

export interface Registration {
  /** `user.id` and `challenge` of the registration challenge that the service account was given. */
  readonly userId: string;
  readonly challenge: string;
  /** What the user's device answered: the first factor, and the recovery key if there is one. */
  readonly credentials: readonly RegisteredCredential[];
  /** Where the user's passkeys are made; without passkeys nothing depends on it. */
  readonly place?: { readonly origin: string; readonly rpId: string };
}

/**
 * Confirms an end user's first credentials; afterwards the end user signs, and confirms further ones alone. Refuses what
 * answers another challenge than the one this service account was given, before anything is signed.
 *
 *     await confirmRegistration(api, { userId: challenge.user.id, challenge: challenge.challenge, credentials: [firstFactorCredential] });
 */
export async function confirmRegistration(api: HoldfastApi, registration: Registration): Promise<void> {
  const { userId, challenge, place } = registration;
  const credentials = registration.credentials.map(({ credentialKind: kind, credentialInfo: info, credentialName }) => {
    if (!isCredentialKind(kind)) throw new Error(`a credential of kind ${kind} signs nothing and is not confirmed`);
    const attested = verifyAttestation({
      kind,
      info,
      origins: place === undefined ? [] : [place.origin],
      rpIds: place === undefined ? [] : [place.rpId],
      verify: nodeVerify,
    });
    if (attested.challenge !== challenge) throw new Error('the credential answers another challenge');
    const { credentialId, publicKey } = attested;
    return { credentialId, kind, publicKey, name: credentialName ?? `${kind} of an end user` };
  });
  await api.signed('POST', '/holdfast/registrations/confirm', { userId, credentials });
}
