/** The api as the pages use it: our own client, so that every signature is checked against what is about to be sent. */
import { HoldfastApi } from '@holdfast/client/api';
import { type PasskeyOptions, PasskeySigner } from '@holdfast/client/passkey-signer';
import type { Session } from './accounts.ts';
import { patience } from './patience.ts';

/** Pages and api have one origin: what the browser shows in its address bar. */
export const origin = location.origin;
export const rpId = location.hostname;

export const passkeyOptions: PasskeyOptions = { rpId, signal: patience };

export const passkeys = (): PasskeySigner => new PasskeySigner(navigator.credentials, passkeyOptions);

export const publicApi = (authToken?: string): HoldfastApi =>
  new HoldfastApi({ baseUrl: origin, ...(authToken === undefined ? {} : { authToken }) });

export function apiOf({ account, token }: Session): HoldfastApi {
  const { clusterFingerprint, orgId, userId } = account;
  return new HoldfastApi({
    baseUrl: origin,
    authToken: token,
    signer: passkeys(),
    pins: { clusterFingerprint, orgId, userId },
  });
}

export interface ClusterReply {
  readonly epoch: number;
  readonly fingerprint: string;
  readonly origin: string;
  readonly successions: string;
  readonly signers: readonly { readonly index: number; readonly identityKey: string; readonly online: boolean }[];
}

export interface CredentialItem {
  readonly kind: string;
  readonly credentialId: string;
  readonly credentialUuid: string;
  readonly dateCreated: string;
  readonly isActive: boolean;
  readonly isConfirmed?: boolean;
  readonly name: string;
  readonly publicKey: string;
  readonly origin: string;
}
