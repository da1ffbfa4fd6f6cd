/**
 * Where a proof belongs: the run, who proves to whom, and which of a run's statements it is about. All of it enters
 * the challenge, so a proof is worth nothing anywhere else (attack rows 11 and 40).
 */
import { type Item, i } from '@holdfast/crypto/transcript';
import type { Index } from '../runtime/index.ts';

export interface Place {
  readonly execId: Uint8Array;
  readonly prover: Index;
  /** Absent where one proof convinces everybody. */
  readonly verifier?: Index;
  /** Names the statement within the run, e.g. `enc.k`; no two statements of a run share one. */
  readonly label: string;
  /** Joint randomness of the run so far, where the proof must not be made before it existed. */
  readonly rho?: Uint8Array;
}

export function placeItem({ execId, prover, verifier, label, rho }: Place): Item {
  return i.list([
    i.bytes(execId),
    i.uint(prover),
    verifier === undefined ? i.absent : i.uint(verifier),
    i.text(label),
    rho === undefined ? i.absent : i.bytes(rho),
  ]);
}
