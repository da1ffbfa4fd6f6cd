/** Whether a share is one of the key it names (mpc-protocols §0.1), for runs that have a code of their own for it. */
import type { Curve } from '@holdfast/crypto/curves';
import { checkKeyShare, checkSharedKey, type KeyShareParts } from '@holdfast/crypto/sharing';
import { equalBytes } from '@holdfast/crypto/transcript';
import type { KeyShare } from '../runtime/index.ts';
import { epochOf } from './certificate.ts';

/** x·G = X_i, degree exactly t − 1, interpolation to X; that X is still the base's included. */
export function isKeyShare(curve: Curve, share: KeyShareParts): boolean {
  return holds(() => checkKeyShare(curve, share));
}

/** The same for a stored share, whose epoch must be the name of its public shares. */
export function isNamedShare(curve: Curve, share: KeyShare): boolean {
  return isKeyShare(curve, share) && equalBytes(share.epoch, epochOf(curve, share.publicShares));
}

/** The public part of it. */
export function isSharedKey(curve: Curve, key: Omit<KeyShareParts, 'x' | 'index'>): boolean {
  return holds(() => checkSharedKey(curve, key));
}

function holds(checks: () => void): boolean {
  try {
    checks();
    return true;
  } catch {
    return false; // The caller gives it the code of its run.
  }
}
