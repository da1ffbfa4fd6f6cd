/** What the user's signer says it signed (auth.md §2.1, §2.2). The bytes are verified as they came, never rewritten. */
import {
  asJsonObject,
  fromBase64Url,
  type JsonObject,
  parseStrictJsonBytes,
  utf8Decode,
  WireError,
} from '@holdfast/contract/wire';
import { refuse } from '../errors/index.ts';
import type { CredentialKind } from '../types/index.ts';

export const CLIENT_DATA_BYTES_MAX = 4096;

export type ClientDataPurpose = 'get' | 'create';

/** Unknown members are let through, browsers add some (rulings 37); a duplicate one is not. */
export function readClientData(bytes: Uint8Array, bytesMax = CLIENT_DATA_BYTES_MAX): JsonObject {
  try {
    return asJsonObject(parseStrictJsonBytes(bytes, { bytesMax, name: 'clientData' }), 'clientData');
  } catch (error) {
    if (error instanceof WireError) refuse('E_CLIENT_DATA', 'clientData is not valid', { reason: error.message });
    throw error;
  }
}

/** Type, origin and frame of client data, then the challenge text inside it. */
export function checkClientData(
  data: JsonObject,
  o: { readonly kind: CredentialKind; readonly purpose: ClientDataPurpose; readonly origins: readonly string[] },
): { readonly challenge: string } {
  const type = `${o.kind === 'Fido2' ? 'webauthn' : 'key'}.${o.purpose}`;
  if (data['type'] !== type) refuse('E_CLIENT_DATA_TYPE', `clientData.type must be ${type}`);
  // Absent counts as false: authenticators of WebAuthn level 1 leave it out, and so does the stock key signer.
  if ((data['crossOrigin'] ?? false) !== false || data['topOrigin'] !== undefined) {
    refuse('E_CROSS_ORIGIN', 'cross-origin assertions are not accepted');
  }
  const origin = data['origin'];
  // A key signer is no browser: nobody but the key's holder vouches for its origin, so it proves nothing.
  if (o.kind === 'Fido2' && !(typeof origin === 'string' && o.origins.includes(origin))) {
    refuse('E_CLIENT_DATA_ORIGIN', 'the origin is not allowed', { origin: String(origin).slice(0, 64) });
  }
  const challenge = data['challenge'];
  if (typeof challenge !== 'string' || challenge === '')
    refuse('E_CLIENT_DATA', 'clientData is not valid', { reason: 'clientData.challenge is required' });
  return { challenge: o.kind === 'Fido2' ? unwrapChallenge(challenge) : challenge };
}

/** The challenge text inside client data, nothing else looked at. */
export function claimedChallengeText(bytes: Uint8Array, kind: CredentialKind): string {
  const { challenge } = readClientData(bytes);
  if (typeof challenge !== 'string')
    return refuse('E_CLIENT_DATA', 'clientData is not valid', { reason: 'clientData.challenge is required' });
  return kind === 'Fido2' ? unwrapChallenge(challenge) : challenge;
}

/**
 * Browsers get the challenge text as bytes and so encode it a second time; React Native signers hand it through.
 * Challenge texts are base64url of JSON or of a hash, so a decoded one is base64url text exactly when it was
 * encoded twice (for a hash: but for a chance of 2^-64).
 */
function unwrapChallenge(received: string): string {
  let inner: string;
  try {
    inner = utf8Decode(fromBase64Url(received));
  } catch (error) {
    if (error instanceof WireError) return received;
    throw error;
  }
  return /^[A-Za-z0-9_-]+$/.test(inner) ? inner : received;
}
