/**
 * Π^dec for the alert round (mpc-protocols §3.8): x⊙K ⊕ D encrypts y under the prover's N, X = x·G and Sy = y·h, with x
 * and y in range. The paper repeats a one-bit proof 128 times so that nobody needs ring-Pedersen parameters. We prove it
 * once per verifier under the verifier's own, as all proofs before it (docs/decisions/0010-alert-proofs-per-verifier.md).
 */
import { fromBytes, toBytes } from '@holdfast/crypto/bigmod';
import type { Curve, Point } from '@holdfast/crypto/curves';
import { f, i } from '@holdfast/crypto/transcript';
import { check, type Format, format } from '../../runtime/index.ts';
import type { CommitmentRing } from '../commitment-ring.ts';
import { areMembers, balanced, type DecryptionKey, type EncryptionKey, encrypt } from '../paillier.ts';
import { ellPrime, epsilon, modulusBytes } from '../parameters.ts';
import {
  challenge,
  type Draw,
  hideBound,
  holds,
  isWithin,
  maskBound,
  ofN,
  ofN2,
  ofRing,
  type ProofContext,
  pointsOf,
  powerOfTwo,
  z1Bound,
  zMaskBound,
  zMaskWire,
} from './challenge.ts';

/**
 * W = ℓ′+ε+1+⌈log2 |S|⌉: y is a sum over the peers, each of whom may have used a β of up to ℓ′+ε bits unnoticed. The
 * paper's own range is too small for that. At most 8 parties.
 */
export const yBits = ellPrime + epsilon + 1 + 3;
export const decBound = powerOfTwo(yBits + epsilon);

export interface DecStatement {
  readonly key: EncryptionKey;
  readonly ring: CommitmentRing;
  readonly K: bigint;
  readonly D: bigint;
  readonly X: Point;
  readonly Sy: Point;
  readonly h: Point;
}

export interface DecWitness {
  readonly x: bigint;
  readonly y: bigint;
  readonly rho: bigint;
}

export interface Dec {
  readonly A: bigint;
  readonly Bx: Point;
  readonly By: Point;
  readonly E: bigint;
  readonly S: bigint;
  readonly F: bigint;
  readonly T: bigint;
  readonly z1: bigint;
  readonly z2: bigint;
  readonly z3: bigint;
  readonly z4: bigint;
  readonly w: bigint;
}

export function proveDec(
  ctx: ProofContext,
  o: DecStatement & { readonly key: DecryptionKey },
  { x, y, rho }: DecWitness,
  draw: Draw,
): Dec {
  const { curve } = ctx;
  const { key, ring } = o;
  const alpha = draw.signed(z1Bound);
  const beta = draw.signed(decBound);
  const r = draw.unit(key.N);
  const [gamma, delta] = [draw.signed(maskBound(ring)), draw.signed(maskBound(ring))];
  const [m, mu] = [draw.signed(hideBound(ring)), draw.signed(hideBound(ring))];
  const first = {
    A: key.byN2.mul(key.byN2.pow(o.K, -alpha), encrypt(key, beta, r)),
    Bx: curve.mulBase(curve.scalar.fromBigInt(alpha)),
    By: curve.mulSecret(o.h, curve.scalar.fromBigInt(beta)),
    E: ring.commit(alpha, gamma),
    S: ring.commit(x, m),
    F: ring.commit(beta, delta),
    T: ring.commit(y, mu),
  };
  const e = challengeOf(ctx, o, first);
  return {
    ...first,
    z1: alpha + e * x,
    z2: beta + e * y,
    z3: gamma + e * m,
    z4: delta + e * mu,
    w: key.byN.mul(r, key.byN.pow(rho, e)),
  };
}

export function verifyDec(ctx: ProofContext, o: DecStatement, proof: Dec): boolean {
  const { curve } = ctx;
  const { key, ring } = o;
  const { A, Bx, By, E, S, F, T, z1, z2, z3, z4, w } = proof;
  return holds(() => {
    check(isWithin(z1, z1Bound), 'E_PROOF');
    check(isWithin(z2, decBound), 'E_PROOF');
    check(isWithin(z3, zMaskBound(ring)), 'E_PROOF');
    check(isWithin(z4, zMaskBound(ring)), 'E_PROOF');
    check(ring.by.areUnits([E, S, F, T]), 'E_PROOF');
    check(areMembers(key, { ciphertexts: [o.K, o.D, A], units: [w] }), 'E_PROOF');
    const e = challengeOf(ctx, o, proof);
    const eq = curve.scalar.fromBigInt(e);
    // z1·G = B_x + e·X and z2·h = B_y + e·Sy.
    const z1G = curve.mulBase(curve.scalar.fromBigInt(z1));
    check(curve.equals(z1G, curve.add(Bx, curve.mulPublic(o.X, eq))), 'E_PROOF');
    const z2h = curve.mulPublic(o.h, curve.scalar.fromBigInt(z2));
    check(curve.equals(z2h, curve.add(By, curve.mulPublic(o.Sy, eq))), 'E_PROOF');
    // s^z1·t^z3 = E·S^e and s^z2·t^z4 = F·T^e mod N̂.
    check(balanced(ring.by, { left: ring.commit(z1, z3), right: E, base: S, e }), 'E_PROOF');
    check(balanced(ring.by, { left: ring.commit(z2, z4), right: F, base: T, e }), 'E_PROOF');
    // K^−z1·Enc(z2; w) = A·D^e mod N²; K stands on the side where its exponent is positive.
    const power = key.byN2.pow(o.K, z1 < 0n ? -z1 : z1);
    const own = encrypt(key, z2, w);
    const sides = z1 < 0n ? { left: key.byN2.mul(own, power), right: A } : { left: own, right: key.byN2.mul(A, power) };
    check(balanced(key.byN2, { ...sides, base: o.D, e }), 'E_PROOF');
  });
}

function challengeOf(
  ctx: ProofContext,
  o: DecStatement,
  { A, Bx, By, E, S, F, T }: Pick<Dec, 'A' | 'Bx' | 'By' | 'E' | 'S' | 'F' | 'T'>,
): bigint {
  return challenge(
    ctx,
    [ofN(o.key.N), ofN2(o.K), ofN2(o.D), ...pointsOf(ctx.curve, [o.X, o.Sy, o.h]), ...ofRing(o.ring)],
    [ofN2(A), ...pointsOf(ctx.curve, [Bx, By]), ofN(E), ofN(S), ofN(F), ofN(T)],
  );
}

export function decFormat(curve: Curve): Format<Dec> {
  const point = f.point(curve.pointBytes);
  const inN = f.bytes(modulusBytes);
  const mask = f.sint(zMaskWire);
  return format({
    tag: 'mpc/cggmp24/dec/v1',
    fields: [
      f.bytes(2 * modulusBytes),
      point,
      point,
      inN,
      inN,
      inN,
      inN,
      f.sint(2n * z1Bound),
      f.sint(2n * decBound),
      mask,
      mask,
      inN,
    ],
    write: (p: Dec) => [
      i.bytes(toBytes(p.A, 2 * modulusBytes)),
      ...pointsOf(curve, [p.Bx, p.By]),
      ...[p.E, p.S, p.F, p.T].map((v) => i.bytes(toBytes(v, modulusBytes))),
      ...[p.z1, p.z2, p.z3, p.z4].map((v) => i.sint(v)),
      i.bytes(toBytes(p.w, modulusBytes)),
    ],
    read: ([A, Bx, By, E, S, F, T, z1, z2, z3, z4, w]) => ({
      A: fromBytes(A),
      Bx: curve.decodePoint(Bx),
      By: curve.decodePoint(By),
      E: fromBytes(E),
      S: fromBytes(S),
      F: fromBytes(F),
      T: fromBytes(T),
      z1,
      z2,
      z3,
      z4,
      w: fromBytes(w),
    }),
  });
}
