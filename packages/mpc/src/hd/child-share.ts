/**
 * The share of a child key, from the share of its master. A constant added to every share of a Shamir sharing adds it
 * to the secret: f(z) + τ is a polynomial of the same degree. So every engine signs with it as with any other share.
 */
import type { Curve } from '@holdfast/crypto/curves';
import { epochOf } from '../dkg/certificate.ts';
import { type KeyShare, refuse } from '../runtime/index.ts';
import { descend } from './derivation.ts';

/**
 * x_i + τ, X_j + τ·G, PK + τ·G for the tweak τ of the path; without a chain code, so it has no children of its own. The
 * master's share is left as it is. The tweak comes from the master's record and the path alone, never from a message
 * (attack row 49).
 */
export function childShare(curve: Curve, master: KeyShare, path: readonly number[]): KeyShare {
  const { chainCode, publicKey } = master;
  if (chainCode === undefined) refuse('E_HD_MASTER', 'The key is not a master key.');
  if (master.protocol === 'GLOW20_DH') refuse('E_KEY_PROTOCOL', 'A key for derivation has no children.');
  const { tweak, publicKey: child } = descend(curve, { publicKey, chainCode }, path);
  const T = curve.mulBase(tweak);
  const publicShares = master.publicShares.map((X_j) => curve.add(X_j, T));
  const x = curve.scalar.add(master.x, tweak);
  tweak.fill(0);
  // Nobody can aim at this: it would take a preimage of −x_j or −x under HMAC-SHA-512.
  if (curve.scalar.isZero(x) || [child, ...publicShares].some((point) => curve.isIdentity(point)))
    refuse('E_HD_DEGENERATE', 'This path gives no usable key.');
  const { protocol, curve: curveName, index, t, n } = master;
  return {
    protocol,
    curve: curveName,
    index,
    t,
    n,
    x,
    publicShares,
    publicKey: child,
    epoch: epochOf(curve, publicShares),
  };
}
