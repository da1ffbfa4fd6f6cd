/** A new credential's proof of itself, verified against the challenge it should answer. */
import { isCredentialKind, type VerifiedAttestation, verifyAttestation } from '@holdfast/authority/assertion';
import { nodeVerify } from '@holdfast/authority/verify-node';
import { refuse } from '@holdfast/contract/errors';
import type { OrganisationRow } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { placesOfOrg } from './challenges.ts';

/** `RegistrationCredential` and `NewCredential` as the contract's schema lets them through. */
export interface CredentialWish {
  readonly credentialKind: string;
  readonly credentialInfo: object;
  readonly credentialName?: string | undefined;
  readonly encryptedPrivateKey?: string | undefined;
}

export async function verifyNewCredential(
  ctx: Context,
  wish: CredentialWish,
  expected: {
    organisation: Pick<OrganisationRow, 'id' | 'head'>;
    challenge: string;
    /** A recovery key stands where only a recovery key may. */
    purpose?: 'recovery';
  },
): Promise<VerifiedAttestation> {
  const { credentialKind: kind, encryptedPrivateKey } = wish;
  if (!isCredentialKind(kind) || (expected.purpose === 'recovery') !== (kind === 'RecoveryKey'))
    return refuse('E_CREDENTIAL_KIND', `a credential of kind ${kind.slice(0, 32)} cannot stand here`);
  if (encryptedPrivateKey !== undefined && (kind === 'Key' || kind === 'Fido2'))
    refuse('E_UNSUPPORTED', 'encryptedPrivateKey is for PasswordProtectedKey and RecoveryKey');
  const { credId, clientData, attestationData } = wish.credentialInfo as Record<string, string>;
  const verified = verifyAttestation({
    kind,
    info: { credId: credId ?? '', clientData: clientData ?? '', attestationData: attestationData ?? '' },
    ...(await placesOfOrg(ctx, expected.organisation)),
    verify: nodeVerify,
  });
  if (verified.challenge !== expected.challenge) {
    refuse('E_ATTESTATION', 'attestation is not valid: it answers another challenge');
  }
  return verified;
}
