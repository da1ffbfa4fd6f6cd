/** Whether a recovery kit that can be read will serve on the day it is needed. */
import type { RecoveryKit } from '@holdfast/client/recovery-kit';
import type { Account } from './accounts.ts';
import type { CredentialItem } from './api.ts';

/** Why it will not, or undefined: what the server lists and what this browser has written down both have to fit. */
export function kitProblem(
  kit: RecoveryKit,
  account: Pick<Account, 'orgId' | 'clusterFingerprint'>,
  items: readonly Pick<CredentialItem, 'credentialId' | 'publicKey' | 'isActive' | 'isConfirmed'>[],
): string | undefined {
  const { orgId, clusterFingerprint } = account;
  if (kit.orgId !== orgId) return 'The keys fit, but this kit is of another organisation.';
  if (kit.clusterFingerprint !== clusterFingerprint) return 'The keys fit, but this kit is for other signers.';
  const known = items.find(({ credentialId }) => credentialId === kit.credentialId);
  if (known?.isActive !== true || known.publicKey !== kit.publicKey)
    return 'The keys fit, but this kit is not among your active credentials.';
  return known.isConfirmed === false ? 'The keys fit, but signers do not know this kit yet.' : undefined;
}
