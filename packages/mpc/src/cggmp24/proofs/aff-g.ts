/**
 * Π^aff-g (CGGMP24 Fig. 25; mpc-protocols §3.7): D = x⊙C ⊕ Enc_j(y), Y = Enc_i(y) and X = x·G, with x and y in range.
 * j owns C, i proves. Both ranges are indispensable: without the one on y the key falls in a single session.
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

/** ±2^(ℓ′+ε): β of the first move, and z2. */
export const z2Bound = powerOfTwo(ellPrime + epsilon);

export interface AffGStatement {
  /** N_j, of the owner of C. */
  readonly owner: EncryptionKey;
  /** N_i, of the prover. */
  readonly prover: EncryptionKey;
  readonly ring: CommitmentRing;
  readonly C: bigint;
  readonly D: bigint;
  /** Y of the paper: the prover's own encryption of y. */
  readonly Y: bigint;
  readonly X: Point;
}

export interface AffGWitness {
  /** In ±2^ℓ. */
  readonly x: bigint;
  /** In ±2^ℓ′. */
  readonly y: bigint;
  /** Randomizer of Enc_j(y): in Z*_{N_j}. */
  readonly rho: bigint;
  /** Randomizer of Enc_i(y): in Z*_{N_i}. */
  readonly rhoY: bigint;
}

export interface AffG {
  readonly A: bigint;
  readonly Bx: Point;
  readonly By: bigint;
  readonly E: bigint;
  readonly S: bigint;
  readonly F: bigint;
  readonly T: bigint;
  readonly z1: bigint;
  readonly z2: bigint;
  readonly z3: bigint;
  readonly z4: bigint;
  readonly w: bigint;
  readonly wY: bigint;
}

export function proveAffG(
  ctx: ProofContext,
  o: AffGStatement & {
    readonly prover: DecryptionKey;
    /** Powers of C mod N_j²: both products with one C share its inverse. */
    readonly powersOfC?: (exponent: bigint) => bigint;
  },
  { x, y, rho, rhoY }: AffGWitness,
  draw: Draw,
): AffG {
  const { curve } = ctx;
  const { owner, prover, ring, powersOfC = owner.byN2.powers(o.C) } = o;
  const alpha = draw.signed(z1Bound);
  const beta = draw.signed(z2Bound);
  const r = draw.unit(owner.N);
  const rY = draw.unit(prover.N);
  const [gamma, delta] = [draw.signed(maskBound(ring)), draw.signed(maskBound(ring))];
  const [m, mu] = [draw.signed(hideBound(ring)), draw.signed(hideBound(ring))];
  const first = {
    A: owner.byN2.mul(powersOfC(alpha), encrypt(owner, beta, r)),
    Bx: curve.mulBase(curve.scalar.fromBigInt(alpha)),
    By: encrypt(prover, beta, rY),
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
    w: owner.byN.mul(r, owner.byN.pow(rho, e)),
    wY: prover.byN.mul(rY, prover.byN.pow(rhoY, e)),
  };
}

export function verifyAffG(ctx: ProofContext, o: AffGStatement, proof: AffG): boolean {
  const { curve } = ctx;
  const { owner, prover, ring } = o;
  const { A, Bx, By, E, S, F, T, z1, z2, z3, z4, w, wY } = proof;
  return holds(() => {
    check(isWithin(z1, z1Bound), 'E_PROOF');
    check(isWithin(z2, z2Bound), 'E_PROOF');
    check(isWithin(z3, zMaskBound(ring)), 'E_PROOF');
    check(isWithin(z4, zMaskBound(ring)), 'E_PROOF');
    check(ring.by.areUnits([E, S, F, T]), 'E_PROOF');
    check(areMembers(owner, { ciphertexts: [o.C, o.D, A], units: [w] }), 'E_PROOF');
    check(areMembers(prover, { ciphertexts: [o.Y, By], units: [wY] }), 'E_PROOF');
    const e = challengeOf(ctx, o, proof);
    // z1·G = B_x + e·X.
    const right = curve.add(Bx, curve.mulPublic(o.X, curve.scalar.fromBigInt(e)));
    check(curve.equals(curve.mulBase(curve.scalar.fromBigInt(z1)), right), 'E_PROOF');
    // s^z1·t^z3 = E·S^e and s^z2·t^z4 = F·T^e mod N̂.
    check(balanced(ring.by, { left: ring.commit(z1, z3), right: E, base: S, e }), 'E_PROOF');
    check(balanced(ring.by, { left: ring.commit(z2, z4), right: F, base: T, e }), 'E_PROOF');
    // C^z1·Enc_j(z2; w) = A·D^e mod N_j²; a negative z1 moves C to the other side.
    const power = owner.byN2.pow(o.C, z1 < 0n ? -z1 : z1);
    const own = encrypt(owner, z2, w);
    const sides =
      z1 < 0n ? { left: own, right: owner.byN2.mul(A, power) } : { left: owner.byN2.mul(own, power), right: A };
    check(balanced(owner.byN2, { ...sides, base: o.D, e }), 'E_PROOF');
    // Enc_i(z2; w_y) = B_y·Y^e mod N_i².
    check(balanced(prover.byN2, { left: encrypt(prover, z2, wY), right: By, base: o.Y, e }), 'E_PROOF');
  });
}

function challengeOf(
  ctx: ProofContext,
  o: AffGStatement,
  { A, Bx, By, E, S, F, T }: Pick<AffG, 'A' | 'Bx' | 'By' | 'E' | 'S' | 'F' | 'T'>,
): bigint {
  return challenge(
    ctx,
    [
      ofN(o.owner.N),
      ofN(o.prover.N),
      ofN2(o.C),
      ofN2(o.D),
      ofN2(o.Y),
      ...pointsOf(ctx.curve, [o.X]),
      ...ofRing(o.ring),
    ],
    [ofN2(A), ...pointsOf(ctx.curve, [Bx]), ofN2(By), ofN(E), ofN(S), ofN(F), ofN(T)],
  );
}

export function affGFormat(curve: Curve): Format<AffG> {
  const inN = f.bytes(modulusBytes);
  const inN2 = f.bytes(2 * modulusBytes);
  const mask = f.sint(zMaskWire);
  return format({
    tag: 'mpc/cggmp24/aff-g/v1',
    fields: [
      inN2,
      f.point(curve.pointBytes),
      inN2,
      inN,
      inN,
      inN,
      inN,
      f.sint(2n * z1Bound),
      f.sint(2n * z2Bound),
      mask,
      mask,
      inN,
      inN,
    ],
    write: (p: AffG) => [
      i.bytes(toBytes(p.A, 2 * modulusBytes)),
      i.point(curve.encodePoint(p.Bx)),
      i.bytes(toBytes(p.By, 2 * modulusBytes)),
      ...[p.E, p.S, p.F, p.T].map((v) => i.bytes(toBytes(v, modulusBytes))),
      ...[p.z1, p.z2, p.z3, p.z4].map((v) => i.sint(v)),
      ...[p.w, p.wY].map((v) => i.bytes(toBytes(v, modulusBytes))),
    ],
    read: ([A, Bx, By, E, S, F, T, z1, z2, z3, z4, w, wY]) => ({
      A: fromBytes(A),
      Bx: curve.decodePoint(Bx),
      By: fromBytes(By),
      E: fromBytes(E),
      S: fromBytes(S),
      F: fromBytes(F),
      T: fromBytes(T),
      z1,
      z2,
      z3,
      z4,
      w: fromBytes(w),
      wY: fromBytes(wY),
    }),
  });
}
