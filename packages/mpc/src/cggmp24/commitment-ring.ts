/** The ring-Pedersen parameters of a verifier as the proofs of a signature use them, by others and by their owner. */
import type { Modulus } from '@holdfast/crypto/bigmod';
import type { AuxOwn, RingPedersen } from './parameters.ts';
import { ringPedersenGroup } from './ring-pedersen.ts';

export interface CommitmentRing extends RingPedersen {
  readonly by: Modulus;
  /** s^x·t^m for exponents of either sign. */
  commit(x: bigint, m: bigint): bigint;
}

/** The own ring, made once: with the factors of N̂ powers cost a third, but preparing them costs some signatures. */
const own: CommitmentRing[] = [];
const ownMax = 8;

/** With the factors of N̂ where the verifier is this party and has kept them. */
export function commitmentRing(R: RingPedersen, { pHat, qHat }: Pick<AuxOwn, 'pHat' | 'qHat'> = {}): CommitmentRing {
  if (pHat === undefined || qHat === undefined) return made(R);
  const found = own.find((ring) => ring.N === R.N && ring.s === R.s && ring.t === R.t);
  if (found !== undefined) return found;
  const ring = made(R, { pHat, qHat });
  if (own.length >= ownMax) own.shift();
  own.push(ring);
  return ring;
}

function made(R: RingPedersen, factors?: { readonly pHat: bigint; readonly qHat: bigint }): CommitmentRing {
  const group = ringPedersenGroup(R, factors);
  return { N: R.N, s: R.s, t: R.t, by: group.modulus, commit: group.commit };
}
