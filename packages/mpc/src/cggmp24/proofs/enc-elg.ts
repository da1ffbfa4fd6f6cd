/**
 * Π^enc-elg (CGGMP24 Fig. 24; mpc-protocols §3.7): K encrypts a k in range under the prover's N, and (A1, A2) is an
 * ElGamal commitment to the same k: K = Enc(k; ρ), A1 = a·G, A2 = a·Y + k·G.
 */
import { fromBytes, toBytes } from '@holdfast/crypto/bigmod';
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { f, i } from '@holdfast/crypto/transcript';
import { check, type Format, format } from '../../runtime/index.ts';
import type { CommitmentRing } from '../commitment-ring.ts';
import { areMembers, balanced, type DecryptionKey, type EncryptionKey, encrypt } from '../paillier.ts';
import { modulusBytes } from '../parameters.ts';
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
  z1Bound,
  zMaskBound,
  zMaskWire,
} from './challenge.ts';

export interface EncElgStatement {
  /** The prover's; its owner passes the one with the factors. */
  readonly key: EncryptionKey;
  readonly ring: CommitmentRing;
  readonly K: bigint;
  readonly Y: Point;
  readonly A1: Point;
  readonly A2: Point;
}

export interface EncElgWitness {
  /** In ±2^ℓ. */
  readonly k: bigint;
  readonly rho: bigint;
  readonly a: Scalar;
}

export interface EncElg {
  readonly S: bigint;
  readonly T: bigint;
  readonly D: bigint;
  readonly V: Point;
  readonly Z: Point;
  readonly z1: bigint;
  readonly z2: bigint;
  readonly z3: bigint;
  readonly w: Scalar;
}

export function proveEncElg(
  ctx: ProofContext,
  o: EncElgStatement & { readonly key: DecryptionKey },
  { k, rho, a }: EncElgWitness,
  draw: Draw,
): EncElg {
  const { curve } = ctx;
  const { scalar } = curve;
  const { key, ring } = o;
  const alpha = draw.signed(z1Bound);
  const mu = draw.signed(hideBound(ring));
  const r = draw.unit(key.N);
  const eta = draw.scalar(curve);
  const gamma = draw.signed(maskBound(ring));
  const alphaG = curve.mulBase(scalar.fromBigInt(alpha));
  const first = {
    S: ring.commit(k, mu),
    T: ring.commit(alpha, gamma),
    D: encrypt(key, alpha, r),
    V: curve.add(curve.mulSecret(o.Y, eta), alphaG),
    Z: curve.mulBase(eta),
  };
  const e = challengeOf(ctx, o, first);
  return {
    ...first,
    z1: alpha + e * k,
    z2: key.byN.mul(r, key.byN.pow(rho, e)),
    z3: gamma + e * mu,
    w: scalar.add(eta, scalar.mul(scalar.fromBigInt(e), a)),
  };
}

export function verifyEncElg(ctx: ProofContext, o: EncElgStatement, proof: EncElg): boolean {
  const { curve } = ctx;
  const { scalar } = curve;
  const { key, ring, K } = o;
  const { S, T, D, V, Z, z1, z2, z3, w } = proof;
  return holds(() => {
    check(isWithin(z1, z1Bound), 'E_PROOF');
    check(isWithin(z3, zMaskBound(ring)), 'E_PROOF');
    check(ring.by.areUnits([S, T]), 'E_PROOF');
    check(areMembers(key, { ciphertexts: [K, D], units: [z2] }), 'E_PROOF');
    const e = challengeOf(ctx, o, proof);
    const [eq, z1q] = [scalar.fromBigInt(e), scalar.fromBigInt(z1)];
    // w·Y + z1·G = V + e·A2 and w·G = Z + e·A1.
    const left = curve.linear([
      { k: w, p: o.Y },
      { k: z1q, p: curve.base },
    ]);
    check(curve.equals(left, curve.add(V, curve.mulPublic(o.A2, eq))), 'E_PROOF');
    check(curve.equals(curve.mulBase(w), curve.add(Z, curve.mulPublic(o.A1, eq))), 'E_PROOF');
    // s^z1·t^z3 = T·S^e mod N̂, then Enc(z1; z2) = D·K^e mod N².
    check(balanced(ring.by, { left: ring.commit(z1, z3), right: T, base: S, e }), 'E_PROOF');
    check(balanced(key.byN2, { left: encrypt(key, z1, z2), right: D, base: K, e }), 'E_PROOF');
  });
}

function challengeOf(
  ctx: ProofContext,
  o: EncElgStatement,
  { S, T, D, V, Z }: Pick<EncElg, 'S' | 'T' | 'D' | 'V' | 'Z'>,
): bigint {
  return challenge(
    ctx,
    [ofN(o.key.N), ofN2(o.K), ...pointsOf(ctx.curve, [o.Y, o.A1, o.A2]), ...ofRing(o.ring)],
    [ofN(S), ofN(T), ofN2(D), ...pointsOf(ctx.curve, [V, Z])],
  );
}

export function encElgFormat(curve: Curve): Format<EncElg> {
  const point = f.point(curve.pointBytes);
  const inN = f.bytes(modulusBytes);
  return format({
    tag: 'mpc/cggmp24/enc-elg/v1',
    fields: [
      inN,
      inN,
      f.bytes(2 * modulusBytes),
      point,
      point,
      f.sint(2n * z1Bound),
      inN,
      f.sint(zMaskWire),
      f.scalar(),
    ],
    write: (p: EncElg) => [
      i.bytes(toBytes(p.S, modulusBytes)),
      i.bytes(toBytes(p.T, modulusBytes)),
      i.bytes(toBytes(p.D, 2 * modulusBytes)),
      i.point(curve.encodePoint(p.V)),
      i.point(curve.encodePoint(p.Z)),
      i.sint(p.z1),
      i.bytes(toBytes(p.z2, modulusBytes)),
      i.sint(p.z3),
      i.scalar(p.w),
    ],
    read: ([S, T, D, V, Z, z1, z2, z3, w]) => ({
      S: fromBytes(S),
      T: fromBytes(T),
      D: fromBytes(D),
      V: curve.decodePoint(V),
      Z: curve.decodePoint(Z),
      z1,
      z2: fromBytes(z2),
      z3,
      w: curve.scalar.decode(w),
    }),
  });
}
