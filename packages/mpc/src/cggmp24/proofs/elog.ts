/**
 * Π^elog (CGGMP24 Fig. 23; mpc-protocols §3.7): (L, M) = (λ·G, y·G + λ·X) is an ElGamal commitment to y, and Yp = y·h.
 * The one response u serves both halves; as two proofs they could speak of two values.
 */
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { f, i } from '@holdfast/crypto/transcript';
import { check, type Format, format } from '../../runtime/index.ts';
import { challenge, type Draw, holds, type ProofContext, pointsOf } from './challenge.ts';

export interface ElogStatement {
  readonly L: Point;
  readonly M: Point;
  /** The ElGamal key. */
  readonly X: Point;
  readonly Yp: Point;
  readonly h: Point;
}

export interface ElogWitness {
  readonly y: Scalar;
  readonly lambda: Scalar;
}

export interface Elog {
  readonly A: Point;
  readonly N: Point;
  readonly B: Point;
  readonly z: Scalar;
  readonly u: Scalar;
}

export function proveElog(ctx: ProofContext, o: ElogStatement, { y, lambda }: ElogWitness, draw: Draw): Elog {
  const { curve } = ctx;
  const { scalar } = curve;
  const [alpha, m] = [draw.scalar(curve), draw.scalar(curve)];
  const first = {
    A: curve.mulBase(alpha),
    N: curve.add(curve.mulBase(m), curve.mulSecret(o.X, alpha)),
    B: curve.mulSecret(o.h, m),
  };
  const e = challengeOf(ctx, o, first);
  const proof = {
    ...first,
    z: scalar.add(alpha, scalar.mul(e, lambda)),
    u: scalar.add(m, scalar.mul(e, y)),
  };
  alpha.fill(0);
  m.fill(0);
  return proof;
}

export function verifyElog(ctx: ProofContext, o: ElogStatement, proof: Elog): boolean {
  const { curve } = ctx;
  const { A, N, B, z, u } = proof;
  return holds(() => {
    const e = challengeOf(ctx, o, proof);
    // z·G = A + e·L; u·G + z·X = N + e·M; u·h = B + e·Yp.
    check(curve.equals(curve.mulBase(z), curve.add(A, curve.mulPublic(o.L, e))), 'E_PROOF');
    const left = curve.linear([
      { k: u, p: curve.base },
      { k: z, p: o.X },
    ]);
    check(curve.equals(left, curve.add(N, curve.mulPublic(o.M, e))), 'E_PROOF');
    check(curve.equals(curve.mulPublic(o.h, u), curve.add(B, curve.mulPublic(o.Yp, e))), 'E_PROOF');
  });
}

function challengeOf(ctx: ProofContext, o: ElogStatement, { A, N, B }: Pick<Elog, 'A' | 'N' | 'B'>): Scalar {
  const e = challenge(ctx, pointsOf(ctx.curve, [o.L, o.M, o.X, o.Yp, o.h]), pointsOf(ctx.curve, [A, N, B]));
  return ctx.curve.scalar.fromBigInt(e);
}

export function elogFormat(curve: Curve): Format<Elog> {
  const point = f.point(curve.pointBytes);
  return format({
    tag: 'mpc/cggmp24/elog/v1',
    fields: [point, point, point, f.scalar(), f.scalar()],
    write: (p: Elog) => [...pointsOf(curve, [p.A, p.N, p.B]), i.scalar(p.z), i.scalar(p.u)],
    read: ([A, N, B, z, u]) => ({
      A: curve.decodePoint(A),
      N: curve.decodePoint(N),
      B: curve.decodePoint(B),
      z: curve.scalar.decode(z),
      u: curve.scalar.decode(u),
    }),
  });
}
