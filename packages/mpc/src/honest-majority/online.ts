/** What comes before and after the nonce of engine H, however that is made. */
import type { Curve, Scalar, ScalarField } from '@holdfast/crypto/curves';
import { requireUsableShare } from '../frost/usable-share.ts';
import { check, type KeyShare, type RunContext, refuse } from '../runtime/index.ts';
import type { PrssSession } from './prss.ts';
import { type EcdsaSignature, encodeSignature, verifyEcdsa } from './signature.ts';

/** What one signature is to be of, found fit to be signed. */
export interface Signing {
  readonly share: KeyShare;
  readonly digest: Uint8Array;
  /** The digest as an integer. */
  readonly h: Scalar;
  /** What all five must have the same before a nonce is opened for it. */
  readonly context: Uint8Array;
}

/** Refuses a share that must not sign ECDSA with these parties, and a session that is not of them. */
export function requireSigning(ctx: RunContext, { share, prss }: { share: KeyShare; prss: PrssSession }): void {
  if (share.protocol !== 'CGGMP21') refuse('E_KEY_PROTOCOL', 'The key was not made for ECDSA.');
  if (share.curve === 'ed25519') refuse('E_KEY_PROTOCOL', 'ECDSA has no such curve.');
  requireUsableShare(ctx, share);
  // Exactly 2t'+1, never at least: with more, shares opened to different subsets stop being unique (§5.7).
  const needed = 2 * share.t - 1;
  if (share.n !== needed || ctx.parties.length !== needed)
    refuse('E_PARTIES', "This protocol runs with exactly 2t'+1 parties.");
  requireSession(ctx, prss);
}

export function requireSession(ctx: RunContext, prss: PrssSession): void {
  if (`${prss.parties}` !== `${ctx.parties}` || prss.self !== ctx.self)
    refuse('E_H_PRSS', 'The PRSS session is of other parties.');
}

/** s_j = k'_j·(h + r·x_j) + o_j with k'_j = a_j/w. Overwrites what it computes on the way, not what it is given. */
export function signatureShare(
  scalar: ScalarField,
  o: { a: Scalar; inverse_w: Scalar; h: Scalar; r: Scalar; x: Scalar; o: Scalar },
): Scalar {
  const inverse_k = scalar.mul(o.a, o.inverse_w);
  const masked = scalar.mul(o.r, o.x);
  const hashed = scalar.add(o.h, masked);
  const product = scalar.mul(inverse_k, hashed);
  const s_j = scalar.add(product, o.o);
  for (const secret of [inverse_k, masked, hashed, product]) secret.fill(0);
  return s_j;
}

/** One inversion and three products for each (Montgomery). All are public, and none is zero. */
export function invertTogether(scalar: ScalarField, ws: readonly Scalar[]): Scalar[] {
  const before: Scalar[] = [];
  let product = scalar.one;
  for (const w of ws) {
    before.push(product);
    product = scalar.mul(product, w);
  }
  let rest = scalar.invert(product);
  const inverses = new Array<Scalar>(ws.length);
  for (let at = ws.length - 1; at >= 0; at -= 1) {
    inverses[at] = scalar.mul(rest, before[at] as Scalar);
    rest = scalar.mul(rest, ws[at] as Scalar);
  }
  return inverses;
}

/** The bytes of a signature, which leave only when they verify. */
export function combined(curve: Curve, o: { signing: Signing; r: Scalar; recid: number; s: Scalar }): EcdsaSignature {
  const signed = encodeSignature(curve, o);
  const { digest, share } = o.signing;
  check(verifyEcdsa(curve, { publicKey: share.publicKey, digest, signature: signed.signature }), 'E_H_SIG');
  return signed;
}
