/** What every signing protocol asks of a key share before it uses it. */
import type { Point } from '@holdfast/crypto/curves';
import { checkOwnShare, checkSharedKey } from '@holdfast/crypto/sharing';
import { type KeyShare, type RunContext, refuse } from '../runtime/index.ts';

/** Public parts found valid. Points are immutable, so what was true of these very objects stays true. */
interface SharedKey {
  readonly t: number;
  readonly n: number;
  readonly publicKey: Point;
  readonly publicShares: readonly Point[];
}
const valid = new WeakMap<readonly Point[], SharedKey>();

/**
 * Refuses a share of another party, another curve or other participants, and one that is not valid in itself
 * (mpc-protocols §0.1: swapped public shares, a wrong degree, x_i that does not match X_i).
 */
export function requireUsableShare(ctx: RunContext, share: KeyShare): void {
  if (share.curve !== ctx.curve.name) refuse('E_KEY_PROTOCOL', 'The run is on another curve than the key.');
  if (share.index !== ctx.self) refuse('E_PARTIES', 'The share belongs to another party.');
  if (!ctx.parties.every((party) => party <= share.n)) refuse('E_PARTIES', 'A participant has no share of this key.');
  if (!isKnown(share)) {
    checkSharedKey(ctx.curve, share);
    const { t, n, publicKey, publicShares } = share;
    valid.set(publicShares, { t, n, publicKey, publicShares: [...publicShares] });
  }
  // Cheap, and anew each time: the secret part comes out of its seal for every signature.
  checkOwnShare(ctx.curve, share);
}

/** By identity, point by point: whoever opens shares keeps the decoded public part, and the list could be altered. */
function isKnown(share: KeyShare): boolean {
  const known = valid.get(share.publicShares);
  return (
    known !== undefined &&
    known.t === share.t &&
    known.n === share.n &&
    known.publicKey === share.publicKey &&
    known.publicShares.length === share.publicShares.length &&
    known.publicShares.every((X_j, at) => X_j === share.publicShares[at])
  );
}
