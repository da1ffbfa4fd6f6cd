/** The ring-Pedersen parameters of a verifier as the proofs of a signature use them, by others and by their owner. */
import type { Modulus } from '@holdfast/crypto/bigmod';
import type { AuxOwn, RingPedersen } from './parameters.ts';
import { ringPedersenGroup } from './ring-pedersen.ts';

export interface CommitmentRing extends RingPedersen {
  readonly by: Modulus;
  /** s^x·t^m for exponents of either sign. */
  commit(x: bigint, m: bigint): bigint;
}

/** With the factors of N̂ where the verifier is this party and has kept them. */
export function commitmentRing(R: RingPedersen, { pHat, qHat }: Pick<AuxOwn, 'pHat' | 'qHat'> = {}): CommitmentRing {
  const group = ringPedersenGroup(R, pHat === undefined || qHat === undefined ? undefined : { pHat, qHat });
  return { N: R.N, s: R.s, t: R.t, by: group.modulus, commit: group.commit };
}
