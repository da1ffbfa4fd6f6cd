/** Authenticator data, WebAuthn level 2 §6.1. */
import { refuse } from '../errors/index.ts';

const FLAG = {
  userPresent: 0x01,
  userVerified: 0x04,
  backupEligible: 0x08,
  backedUp: 0x10,
  attested: 0x40,
  extensions: 0x80,
} as const;
const HEAD_BYTES = 37;

export interface AuthenticatorData {
  readonly rpIdHash: Uint8Array;
  readonly signCount: number;
  /** Only in registrations. */
  readonly attested: AttestedCredential | undefined;
}

export interface AttestedCredential {
  readonly credentialId: Uint8Array;
  /** The COSE key and, if flagged, a map of extensions (credProtect sets one). */
  readonly rest: Uint8Array;
  readonly hasExtensions: boolean;
}

/** `get`: exactly the fixed part. `create`: attested credential data must follow. */
export function readAuthenticatorData(bytes: Uint8Array, purpose: 'get' | 'create'): AuthenticatorData {
  if (bytes.length < HEAD_BYTES) malformed('length');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(32);
  const attested = (flags & FLAG.attested) !== 0;
  if (attested !== (purpose === 'create')) malformed('flag AT');
  const hasExtensions = (flags & FLAG.extensions) !== 0;
  if (hasExtensions && purpose === 'get') malformed('flag ED');
  // §6.1: a credential that cannot be backed up is not backed up.
  if ((flags & FLAG.backedUp) !== 0 && (flags & FLAG.backupEligible) === 0) malformed('flag BS');
  const present = FLAG.userPresent | FLAG.userVerified;
  if ((flags & present) !== present) refuse('E_USER_VERIFICATION', 'user verification is required');
  const common = { rpIdHash: bytes.slice(0, 32), signCount: view.getUint32(33) };
  if (!attested) {
    if (bytes.length !== HEAD_BYTES) malformed('trailing bytes');
    return { ...common, attested: undefined };
  }
  // AAGUID (16 bytes, which make it is: no trust rests on it), then a length and the credential id.
  if (bytes.length < HEAD_BYTES + 18) malformed('length');
  const idBytes = view.getUint16(HEAD_BYTES + 16);
  const idAt = HEAD_BYTES + 18;
  if (idBytes < 1 || idBytes > 1023 || bytes.length < idAt + idBytes) malformed('credential id');
  return {
    ...common,
    attested: { credentialId: bytes.slice(idAt, idAt + idBytes), rest: bytes.slice(idAt + idBytes), hasExtensions },
  };
}

function malformed(what: string): never {
  return refuse('E_AUTHENTICATOR_DATA', 'authenticatorData is malformed', { what });
}
