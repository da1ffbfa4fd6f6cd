/**
 * Chaum–Pedersen proof that one scalar stands behind two points, made non-interactive: log_G(X_i) = log_{P_H}(D_i).
 * mpc-protocols §9.2, step 3; docs/specs/glow20.md §4.
 */
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { challengeScalar, i } from '@holdfast/crypto/transcript';
import type { Index } from '../runtime/index.ts';

/** What the proof is about; all of it enters the challenge. */
export interface DleqStatement {
  readonly execId: Uint8Array;
  readonly index: Index;
  readonly P_H: Point;
  /** x_i·G. */
  readonly X_i: Point;
  /** x_i·P_H. */
  readonly D_i: Point;
}

export interface DleqProof {
  readonly c: Scalar;
  readonly z: Scalar;
}

/** r is a nonce: used once, drawn hedged, wiped by the caller. Two proofs under one r reveal x_i. */
export function prove(curve: Curve, statement: DleqStatement, { x, r }: { x: Scalar; r: Scalar }): DleqProof {
  const A = curve.mulBase(r);
  const B = curve.mulSecret(statement.P_H, r);
  const c = challenge(curve, statement, { A, B });
  const cx = curve.scalar.mul(c, x);
  const z = curve.scalar.add(r, cx); // z = r + c·x_i
  cx.fill(0);
  return { c, z };
}

/** A = z·G − c·X_i and B = z·P_H − c·D_i give the challenge again. */
export function verify(curve: Curve, statement: DleqStatement, { c, z }: DleqProof): boolean {
  const minusC = curve.scalar.neg(c);
  const A = curve.linear([
    { k: z, p: curve.base },
    { k: minusC, p: statement.X_i },
  ]);
  const B = curve.linear([
    { k: z, p: statement.P_H },
    { k: minusC, p: statement.D_i },
  ]);
  // No honest first move is the identity, and the identity has no encoding.
  if (curve.isIdentity(A) || curve.isIdentity(B)) return false;
  return curve.scalar.equals(c, challenge(curve, statement, { A, B }));
}

function challenge(curve: Curve, s: DleqStatement, { A, B }: { A: Point; B: Point }): Scalar {
  const [G, P_H, X_i, D_i, encodedA, encodedB] = curve
    .encodePoints([curve.base, s.P_H, s.X_i, s.D_i, A, B])
    .map((point) => i.point(point));
  return challengeScalar(
    curve,
    'mpc/dvrf/dleq/v1',
    i.bytes(s.execId),
    ...[G, P_H, X_i, D_i, encodedA, encodedB].filter((item) => item !== undefined),
    i.uint(s.index),
  );
}
