/**
 * Π^prm: s ∈ ⟨t⟩ modulo N̂, mpc-protocols §2.4 (CGGMP24 Fig. 17). 128 repetitions with one-bit challenges: a prover
 * whose s lies outside ⟨t⟩ answers each of them with probability ½.
 */
import { crtModulus, modulus, type RandomBytes, randomBelow } from '@holdfast/crypto/bigmod';
import { chalBits, type Field, f, type Item, i } from '@holdfast/crypto/transcript';
import { check } from '../runtime/index.ts';
import { type RingPedersen, repetitions } from './parameters.ts';
import { type Place, placeItem } from './place.ts';
import { residueField, ringPedersenItem } from './ring-pedersen.ts';

export interface PrmProof {
  /** A_k = t^{a_k}. */
  readonly A: readonly bigint[];
  /** z_k = a_k + e_k·λ mod φ(N̂). */
  readonly z: readonly bigint[];
}

export interface PrmWitness {
  readonly pHat: bigint;
  readonly qHat: bigint;
  readonly lambda: bigint;
}

export function provePrm(
  random: RandomBytes,
  { place, parameters, witness }: { place: Place; parameters: RingPedersen; witness: PrmWitness },
): PrmProof {
  const { pHat, qHat, lambda } = witness;
  const phi = (pHat - 1n) * (qHat - 1n);
  const powT = crtModulus(pHat, qHat, 1).powers(parameters.t);
  const a = Array.from({ length: repetitions }, () => randomBelow(random, phi));
  const A = a.map((a_k) => powT(a_k));
  const e = prmChallenge({ place, parameters, A });
  // Both answers are computed, so that neither time nor a branch tells λ from 0.
  const z = a.map((a_k, k) => (a_k + BigInt(e[k] as number) * lambda) % phi);
  return { A, z };
}

/** Throws AbortError E_AUX_PRM. The bases have passed `checkBases`. */
export function verifyPrm({
  place,
  parameters,
  proof,
}: {
  place: Place;
  parameters: RingPedersen;
  proof: PrmProof;
}): void {
  const code = 'E_AUX_PRM';
  const { N, s, t } = parameters;
  const { A, z } = proof;
  check(A.length === repetitions, code);
  check(z.length === repetitions, code);
  check(
    z.every((z_k) => z_k >= 0n && z_k < N),
    code,
  );
  const { areUnits, mul, powers } = modulus(N);
  check(areUnits(A), code);
  const e = prmChallenge({ place, parameters, A });
  const powT = powers(t);
  for (let k = 0; k < repetitions; k += 1) {
    const A_k = A[k] as bigint;
    // t^z = A·s^e
    check(powT(z[k] as bigint) === (e[k] === 1 ? mul(A_k, s) : A_k), code);
  }
}

/** 128 bits of 16 fresh bytes, each used once: a bit that never changes is a repetition less. */
export function prmChallenge({
  place,
  parameters,
  A,
}: {
  place: Place;
  parameters: RingPedersen;
  A: readonly bigint[];
}) {
  return chalBits(
    repetitions,
    'mpc/aux/prm/challenge/v1',
    placeItem(place),
    ringPedersenItem(parameters),
    i.list(A.map((A_k) => i.uint(A_k))),
  );
}

/** Fewer entries than there must be are the verifier's business; more are malformed. */
const residues = f.list(residueField, { max: repetitions });

export const prmField: Field<[bigint[], bigint[]]> = f.tuple(residues, residues);

export function prmItem({ A, z }: PrmProof): Item {
  return i.list([i.list(A.map((v) => i.uint(v))), i.list(z.map((v) => i.uint(v)))]);
}

export function prmOf([A, z]: readonly [bigint[], bigint[]]): PrmProof {
  return { A, z };
}
