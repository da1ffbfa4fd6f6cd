/**
 * Π^fac: no factor of N is small, mpc-protocols §2.5 (CGGMP24 Fig. 28, with σ folded away). Proved to each verifier
 * under its own ring-Pedersen parameters; a proof accepted shows that every factor has more than 768 bits
 * (BitForge, CVE-2023-33241).
 */
import { abs, fromBytes, isqrt, type RandomBytes, randomSigned } from '@holdfast/crypto/bigmod';
import { challengeRng, type Field, f, type Item, i } from '@holdfast/crypto/transcript';
import { check } from '../runtime/index.ts';
import { ell, epsilon, modulusBitsMax, type RingPedersen } from './parameters.ts';
import { type Place, placeItem } from './place.ts';
import { type RingPedersenGroup, residueField, ringPedersenItem } from './ring-pedersen.ts';

export interface FacProof {
  readonly P: bigint;
  readonly Q: bigint;
  readonly A: bigint;
  readonly B: bigint;
  readonly T: bigint;
  /** Signed integers, not reduced by anything. */
  readonly z1: bigint;
  readonly z2: bigint;
  readonly w1: bigint;
  readonly w2: bigint;
  readonly v: bigint;
}

export interface FacStatement {
  readonly place: Place;
  /** The prover's Paillier modulus. */
  readonly N: bigint;
  /** The verifier's parameters. */
  readonly group: RingPedersenGroup;
}

export function proveFac(
  random: RandomBytes,
  { place, N, group, witness: { p, q } }: FacStatement & { witness: { readonly p: bigint; readonly q: bigint } },
): FacProof {
  const NHat = group.public.N;
  const { mul, powers } = group.modulus;
  const wide = 2n ** BigInt(ell + epsilon);
  const rootN = isqrt(N);
  const draw = (bound: bigint): bigint => randomSigned(random, bound);
  const [alpha, beta] = [draw(wide * rootN), draw(wide * rootN)];
  const [mu, nu] = [draw(2n ** BigInt(ell) * NHat), draw(2n ** BigInt(ell) * NHat)];
  const r = draw(wide * N * NHat);
  const [x, y] = [draw(wide * NHat), draw(wide * NHat)];

  const P = group.commit(p, mu);
  const Q = group.commit(q, nu);
  const A = group.commit(alpha, x);
  const B = group.commit(beta, y);
  // T = Q^α·t^r
  const T = mul(powers(Q)(alpha), group.powT(r));
  const e = challenge(place, { N, parameters: group.public, P, Q, A, B, T });
  return {
    P,
    Q,
    A,
    B,
    T,
    z1: alpha + e * p,
    z2: beta + e * q,
    w1: x + e * mu,
    w2: y + e * nu,
    v: r - e * nu * p,
  };
}

/** Throws AbortError E_AUX_FAC. `group` is the verifier's own. */
export function verifyFac({ place, N, group, proof }: FacStatement & { proof: FacProof }): void {
  const code = 'E_AUX_FAC';
  const { P, Q, A, B, T, z1, z2, w1, w2, v } = proof;
  const NHat = group.public.N;
  const { areUnits, mul, pow } = group.modulus;
  const wide = 2n ** BigInt(ell + epsilon);
  check(areUnits([P, Q, A, B, T]), code);
  // The ranges are the statement: a small factor of N has a large cofactor, which does not fit.
  const factorMax = wide * isqrt(N);
  check(abs(z1) <= factorMax, code);
  check(abs(z2) <= factorMax, code);
  // What honest provers answer stays below these with certainty; they bound the work that others can cause.
  check(abs(w1) <= 2n * wide * NHat, code);
  check(abs(w2) <= 2n * wide * NHat, code);
  check(abs(v) <= 2n * wide * N * NHat, code);
  const e = challenge(place, { N, parameters: group.public, P, Q, A, B, T });
  // s^z1·t^w1 = A·P^e, s^z2·t^w2 = B·Q^e, Q^z1·t^v = T·(s^N)^e
  check(group.commit(z1, w1) === mul(A, pow(P, e)), code);
  check(group.commit(z2, w2) === mul(B, pow(Q, e)), code);
  check(mul(pow(Q, z1), group.powT(v)) === mul(T, group.powS(N * e)), code);
}

interface FirstMove {
  readonly N: bigint;
  readonly parameters: RingPedersen;
  readonly P: bigint;
  readonly Q: bigint;
  readonly A: bigint;
  readonly B: bigint;
  readonly T: bigint;
}

/** chal_256: 32 bytes as an integer in [−2^255, 2^255). */
function challenge(place: Place, { N, parameters, P, Q, A, B, T }: FirstMove): bigint {
  const rng = challengeRng(
    'mpc/aux/fac/challenge/v1',
    placeItem(place),
    i.uint(N),
    ringPedersenItem(parameters),
    ...[P, Q, A, B, T].map((value) => i.uint(value)),
  );
  return BigInt.asIntN(256, fromBytes(rng.bytes(32)));
}

/** Twice the bounds of the verifier, so that what is slightly too large is refused by name and not as malformed. */
const z = f.sint(2n ** BigInt(ell + epsilon + modulusBitsMax / 2 + 1));
const w = f.sint(2n ** BigInt(ell + epsilon + modulusBitsMax + 2));
const vField = f.sint(2n ** BigInt(ell + epsilon + 2 * modulusBitsMax + 2));

export const facField = f.tuple(
  residueField,
  residueField,
  residueField,
  residueField,
  residueField,
  z,
  z,
  w,
  w,
  vField,
) satisfies Field<bigint[]>;

type FacValues = readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

export function facItem({ P, Q, A, B, T, z1, z2, w1, w2, v }: FacProof): Item {
  return i.list([...[P, Q, A, B, T].map((u) => i.uint(u)), ...[z1, z2, w1, w2, v].map((u) => i.sint(u))]);
}

export function facOf([P, Q, A, B, T, z1, z2, w1, w2, v]: FacValues): FacProof {
  return { P, Q, A, B, T, z1, z2, w1, w2, v };
}
