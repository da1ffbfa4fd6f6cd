/**
 * Users who are not there. Whoever asks for the login of one gets what a member would get: a challenge, and the id of a
 * passkey that is the same every time and that nobody has (WebAuthn §14.6.2). Only the holder of the api's secret can tell.
 */
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { deriveId } from '@holdfast/authority/ids';
import { toBase64Url } from '@holdfast/contract/wire';
import type { CredentialRow } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { deriveSecret } from './tokens.ts';

type DecoyContext = Pick<Context, 'secrets'>;

const CREDENTIAL_ID_BYTES = 16;
/** Nobody keeps the other half. */
let publicKey: string | undefined;

export const decoyUserId = (ctx: DecoyContext, orgId: string, username: string): string =>
  deriveId('us', mac(ctx, `user\n${orgId}\n${username}`));

/** The one credential of somebody who is not there; as that of a user who is, it stands for nothing. */
export function decoyCredential(ctx: DecoyContext, orgId: string, userId: string): CredentialRow {
  publicKey ??= generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString();
  return {
    uuid: '',
    seq: 0,
    credentialId: toBase64Url(mac(ctx, `credential\n${orgId}\n${userId}`).subarray(0, CREDENTIAL_ID_BYTES)),
    orgId,
    userId,
    kind: 'Fido2',
    algorithm: 'P-256',
    publicKey,
    name: '',
    isActive: true,
    isConfirmed: false,
    counter: 0,
    relyingPartyId: '',
    origin: '',
    encryptedPrivateKey: null,
    secret: null,
    tokenId: null,
    dateCreated: '',
  };
}

function mac(ctx: DecoyContext, text: string): Uint8Array {
  return new Uint8Array(createHmac('sha256', deriveSecret(ctx, 'decoy')).update(text).digest());
}
